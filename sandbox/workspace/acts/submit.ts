import { plainText } from "../blocks/plain.ts";
import { validateView } from "../blocks/view.ts";
import type { Acted, Acts, Json, Submitted, View } from "../contract.ts";
import { isJson, object, parsed, text } from "../json.ts";
import { person, show } from "../state.ts";
import type { Twin } from "../twin.ts";
import { elementsOf, MAX_STACK, newView, setStack } from "../views.ts";
import { clientRefusal, fill } from "./inputs.ts";
import { acknowledged, identity } from "./payload.ts";

/** Submitting and closing modals. */
export function createSubmit(twin: Twin) {
  const { state } = twin;

  async function submit(act: Acts["submit"]): Promise<Submitted> {
    const user = person(state, act.user);
    const view = top(user.id);
    if (view === null) return { ok: false, error: "no_modal", modal: null };
    // A modal without that button, as while an answer is awaited, cannot be submitted.
    if ((view.submit ?? null) === null) return { ok: false, error: "no_submit", modal: view };
    const typed = typeInto(view, act.values);
    if (typed !== null) return { ok: false, error: typed, modal: view };
    const errors = clientErrors(view);
    if (errors !== null) return { ok: false, error: "invalid_input", errors, modal: view };
    const answer = await twin.dispatch.send("interactive", {
      type: "view_submission",
      ...identity(state, user),
      trigger_id: twin.tickets.trigger(user.id),
      view: structuredClone(view),
      response_urls: [],
    });
    const acted = acknowledged(answer);
    if (!acted.ok) {
      show(state, user.id, { kind: "modal", text: "We had some trouble connecting. Try again?" });
      return { ...acted, modal: top(user.id) };
    }
    return react(user.id, view, { acted, body: object(parsed(answer.body)) });
  }

  function react(user: string, view: View, answer: { acted: Acted; body: Json }): Submitted {
    const { acted, body } = answer;
    const stack = state.modals.get(user) ?? [];
    const place = stack.findIndex(({ id }) => id === view.id);
    const below = place < 0 ? stack : stack.slice(0, place);
    switch (body["response_action"]) {
      case undefined:
        setStack(state, user, below);
        return { ...acted, responseAction: null, modal: top(user) };
      case "clear":
        setStack(state, user, []);
        return { ...acted, responseAction: "clear", modal: null };
      case "errors": {
        const errors = Object.fromEntries(
          Object.entries(object(body["errors"])).map(([key, value]) => [key, String(value)]),
        );
        const unknown = Object.keys(errors).filter((key) => !view.blocks.some(({ block_id }) => block_id === key));
        // Slack shows no error for a block that is not there; the person sees that nothing works.
        if (unknown.length > 0 || Object.keys(errors).length === 0) return failed(user, acted);
        show(state, user, { kind: "modal", text: [...Object.values(errors), plainText(state, view)].join("\n") });
        return { ...acted, responseAction: "errors", errors, modal: view };
      }
      case "update":
      case "push": {
        const sent = body["view"];
        const isPush = body["response_action"] === "push";
        if (!isJson(sent) || validateView(sent).length > 0 || (isPush && stack.length >= MAX_STACK)) {
          if (isJson(sent)) state.counters.refusedBlocks += 1;
          return failed(user, acted);
        }
        if (isPush) setStack(state, user, [...below, view, newView(state, sent, { below: view })]);
        else setStack(state, user, [...below, newView(state, sent, { previous: view })]);
        return { ...acted, responseAction: isPush ? "push" : "update", modal: top(user) };
      }
      default:
        return failed(user, acted);
    }
  }

  function failed(user: string, acted: Acted): Submitted {
    show(state, user, { kind: "modal", text: "We had some trouble connecting. Try again?" });
    return { ...acted, ok: false, error: "dispatch_failed", modal: top(user) };
  }

  async function closeModal(act: Acts["closeModal"]): Promise<Acted> {
    const user = person(state, act.user);
    const stack = state.modals.get(user.id) ?? [];
    const view = stack.at(-1);
    if (view === undefined) return { ok: false, error: "no_modal" };
    const all = act.all === true || view["clear_on_close"] === true;
    const closed = all ? [...stack].reverse() : [view];
    setStack(state, user.id, all ? [] : stack.slice(0, -1));
    let acted: Acted = { ok: true };
    for (const one of closed.filter((each) => each["notify_on_close"] === true)) {
      const answer = await twin.dispatch.send("interactive", {
        type: "view_closed",
        ...identity(state, user),
        view: structuredClone(one),
        is_cleared: all,
        response_urls: [],
      });
      acted = acknowledged(answer);
    }
    return acted;
  }

  function top(user: string): View | null {
    return state.modals.get(user)?.at(-1) ?? null;
  }

  /** Types the values into the view's inputs; what is wrong, or null. */
  function typeInto(view: View, values: Record<string, string>): string | null {
    for (const [key, value] of Object.entries(values)) {
      const found = elementsOf(view.blocks).find(({ block, element }) => {
        const label = text(object(block["label"])["text"]);
        return block.block_id === key || element["action_id"] === key || label === key;
      });
      if (found === undefined) return `no_such_input: ${key}`;
      const filled = fill(state, found.element, value);
      if ("error" in filled) return `${String(filled["error"])}: ${key}`;
      const blockId = text(found.block.block_id);
      view.state.values[blockId] = { ...view.state.values[blockId], [text(found.element["action_id"])]: filled };
    }
    return null;
  }

  return { submit, closeModal };
}

/** What Slack's client says under required inputs that are empty, by block; null when all may be sent. */
function clientErrors(view: View): Record<string, string> | null {
  const errors: Record<string, string> = {};
  for (const { block, element } of elementsOf(view.blocks)) {
    if (block.type !== "input") continue;
    const blockId = text(block.block_id);
    const held = view.state.values[blockId]?.[text(element["action_id"])] ?? {};
    const refusal = clientRefusal(block, element, held);
    if (refusal !== null) errors[blockId] = refusal;
  }
  return Object.keys(errors).length === 0 ? null : errors;
}
