import { problemLine } from "../blocks/validate.ts";
import { validateView } from "../blocks/view.ts";
import type { Json, View } from "../contract.ts";
import { announce } from "../state.ts";
import { findOpen, MAX_STACK, newView, setStack } from "../views.ts";
import { ApiError, type Call, invalidArguments, type Method, objectArg, TIER } from "./call.ts";

export const viewMethods: Record<string, Method> = {
  "views.open": { perMinute: TIER[4], writes: true, run: open },
  "views.push": { perMinute: TIER[4], writes: true, run: push },
  "views.update": { perMinute: TIER[4], writes: true, run: update },
  "views.publish": { perMinute: TIER[4], writes: true, run: publish },
};

function open(call: Call): Json {
  const { state } = call.twin;
  const sent = fitView(call, "modal");
  const user = triggeredBy(call);
  freeExternalId(call, sent);
  const view = newView(state, sent, {});
  setStack(state, user, [view]);
  return { view };
}

function push(call: Call): Json {
  const { state } = call.twin;
  const sent = fitView(call, "modal");
  const user = triggeredBy(call);
  const stack = state.modals.get(user) ?? [];
  const top = stack.at(-1);
  if (top === undefined) throw new ApiError("not_found");
  if (stack.length >= MAX_STACK) throw new ApiError("push_limit_reached");
  freeExternalId(call, sent);
  const view = newView(state, sent, { below: top });
  setStack(state, user, [...stack, view]);
  return { view };
}

function update(call: Call): Json {
  const { args, twin } = call;
  const id = args.text("view_id");
  const externalId = args.text("external_id");
  if (id === undefined && externalId === undefined)
    throw invalidArguments("[ERROR] must provide view_id or external_id");
  const sent = fitView(call, "modal");
  const found = findOpen(twin.state, {
    ...(id !== undefined && { id }),
    ...(externalId !== undefined && { externalId }),
  });
  if (found === undefined) throw new ApiError("not_found");
  checkHash(call, found.view);
  const view = newView(twin.state, sent, { previous: found.view });
  const stack = (twin.state.modals.get(found.user) ?? []).map((one) => (one === found.view ? view : one));
  setStack(twin.state, found.user, stack);
  return { view };
}

function publish(call: Call): Json {
  const { state } = call.twin;
  const userId = call.args.need("user_id");
  const sent = fitView(call, "home");
  if (![...state.people.values()].some(({ id }) => id === userId)) throw invalidArguments("[ERROR] invalid user_id");
  const before = state.homes.get(userId);
  if (before !== undefined) checkHash(call, before);
  const view = newView(state, sent, before === undefined ? {} : { previous: before });
  state.homes.set(userId, view);
  announce(state, { kind: "home", user: userId });
  return { view };
}

function fitView(call: Call, kind: "modal" | "home"): Json {
  const sent = objectArg(call, "view");
  const problems = validateView(sent);
  if (sent["type"] !== kind) problems.push({ pointer: "/view/type", code: "invalid_type", message: `must be ${kind}` });
  if (problems.some(({ code }) => code === "view_too_large")) throw new ApiError("view_too_large");
  if (problems.length > 0) {
    call.twin.state.counters.refusedBlocks += 1;
    throw invalidArguments(...problems.map(problemLine));
  }
  return sent;
}

function triggeredBy(call: Call): string {
  const id = call.args.text("trigger_id") ?? call.args.need("interactivity_pointer");
  const used = call.twin.tickets.spendTrigger(id);
  if ("error" in used) throw new ApiError(used.error);
  return used.user;
}

function freeExternalId(call: Call, sent: Json): void {
  const externalId = sent["external_id"];
  if (typeof externalId !== "string" || externalId === "") return;
  if (findOpen(call.twin.state, { externalId }) !== undefined) throw new ApiError("duplicate_external_id");
}

function checkHash(call: Call, view: View): void {
  const hash = call.args.text("hash");
  if (hash !== undefined && hash !== view.hash) throw new ApiError("hash_conflict");
}
