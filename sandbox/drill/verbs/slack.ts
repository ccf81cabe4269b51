import type { Acted, PressedOn, Workspace } from "../../workspace/contract.ts";
import { buttonsOf, findMessage, threadOf } from "../find.ts";
import type { Verbs } from "../language.ts";
import { answersRead, calm } from "../settle.ts";
import type { Stage } from "../stage.ts";

/** What people do in Slack. Each waits for what it acts on to be there, as a person would. */
type SlackVerb = "slack" | "say" | "edit" | "delete" | "react" | "upload" | "press" | "submit" | "shortcut";
export type SlackActs = { [V in SlackVerb]: (body: Verbs[V], stage: Stage) => Promise<string> };

const PATIENCE_MS = 10_000;

export const slackActs: SlackActs = {
  slack: async ({ user, channel, type }, stage) => {
    await answersRead(stage);
    const acted = await stage.workspace.slash({ user, channel, text: type });
    return answered(acted, `${user} in #${channel}: ${type}`, stage);
  },
  say: async ({ user, in: where, text }, stage) => {
    await answersRead(stage);
    const place = await placeOf(where, stage);
    return told(await stage.workspace.say({ user, ...place, text }), `${user} in ${where}: ${text}`);
  },
  edit: async ({ user, message, text }, { workspace }) => {
    const at = await message_(workspace, message);
    return told(await workspace.edit({ user, ...at, text }), `${user} edits: ${text}`);
  },
  delete: async ({ user, message }, { workspace }) => {
    const at = await message_(workspace, message);
    return told(await workspace.delete({ user, ...at }), `${user} deletes: ${message}`);
  },
  react: async ({ user, message, emoji, remove }, { workspace }) => {
    const at = await message_(workspace, message);
    const name = emoji.replaceAll(":", "");
    return told(
      await workspace.react({ user, ...at, emoji: name, remove }),
      `${user} ${remove ? "takes back " : ""}:${name}:`,
    );
  },
  upload: async ({ user, in: where, name, text, ids, comment }, stage) => {
    const file = { name, text: text ?? numbers(ids), ...(comment === undefined ? {} : { comment }) };
    const place = await placeOf(where, stage);
    return told(await stage.workspace.upload({ user, ...place, ...file }), `${user} uploads ${name} in ${where}`);
  },
  press: async ({ user, button, on }, stage) => {
    // An answer that is still on its way would have the newer button.
    await calm(stage);
    const found = await patiently(
      () => buttonOn(stage, { user, button, on }),
      () => `${on === "reply" ? `what ${user} was told` : on} has no button ${button}`,
    );
    const acted = await stage.workspace.press({ user, on: found, button });
    return answered(acted, `${user} presses ${button} on ${on}`, stage);
  },
  submit: async ({ user, values }, stage) => {
    const { workspace } = stage;
    const keys = Object.keys(values);
    await calm(stage);
    await patiently(
      async () => {
        const modal = workspace.modal(user);
        return modal !== null && (modal.submit ?? null) !== null && keys.every((key) => hasField(modal, key))
          ? modal
          : null;
      },
      () => {
        const modal = workspace.modal(user);
        if (modal === null) return `${user} has no modal open`;
        return (modal.submit ?? null) === null
          ? `${user}'s modal asks for nothing: ${workspace.plain(modal)}`
          : `${user}'s modal has no field ${keys.filter((key) => !hasField(modal, key)).join(", ")}: ${workspace.plain(modal)}`;
      },
    );
    const submitted = await workspace.submit({ user, values });
    const errors = Object.entries(submitted.errors ?? {}).map(([key, error]) => `${key}: ${error}`);
    // That a form says no is an outcome to be looked at, not a failure of whoever filled it in.
    if (errors.length > 0) return `${user} submits and is told ${errors.join("; ")}`;
    return answered(submitted, `${user} submits`, stage);
  },
  shortcut: async ({ user, name, message }, stage) => {
    const { workspace } = stage;
    const at = message === undefined ? undefined : await message_(workspace, message);
    const acted = await workspace.shortcut({ user, name, ...(at === undefined ? {} : { message: at }) });
    return answered(acted, `${user} uses ${name}`, stage);
  },
};

function numbers(ids: Verbs["upload"]["ids"]): string {
  const { from, count } = ids ?? { from: 0, count: 0 };
  return Array.from({ length: count }, (_, index) => `${from + index}\n`).join("");
}

function told(acted: Acted, what: string): string {
  if (!acted.ok)
    throw new Error(`${what}: Slack says ${acted.error ?? "no"}${acted.status ? ` (status ${acted.status})` : ""}`);
  return what;
}

/** Where a step has taken Nightdesk's web process away, that Slack gets no answer is what the drill is about. */
function answered(acted: Acted, what: string, stage: Stage): string {
  const expected = stage.processes.down().some((role) => role !== "worker");
  return !acted.ok && expected ? `${what}: Slack says ${acted.error ?? "no"}, Nightdesk is down` : told(acted, what);
}

/** A channel by its name, or the thread of an incident or run. */
async function placeOf(where: string, stage: Stage): Promise<{ channel: string; threadTs?: string }> {
  const thread = threadIn(where);
  if (thread === null) return { channel: where };
  const found = await patiently(
    () => threadOf(thread, stage),
    () => `there is no thread of ${where}`,
  );
  await calm(stage);
  return { channel: found.channel, threadTs: found.ts };
}

function threadIn(where: string): { of: "incident" | "run"; number: number } | null {
  const match = /^(incident|run) (\d+)$/.exec(where);
  return match === null ? null : { of: match[1] === "run" ? "run" : "incident", number: Number(match[2]) };
}

async function message_(workspace: Workspace, text: string): Promise<{ channel: string; ts: string }> {
  const found = await patiently(
    async () => findMessage(workspace, text),
    () => `nobody has written "${text}"`,
  );
  return { channel: found.channel, ts: found.ts };
}

interface Pressing {
  readonly user: string;
  readonly button: string;
  readonly on: string;
}

/** The newest message at that place which has the button. */
async function buttonOn(stage: Stage, { user, button, on }: Pressing): Promise<PressedOn | null> {
  const { workspace } = stage;
  const wanted = (labels: string[]) => labels.some((label) => label.toLowerCase() === button.toLowerCase());
  if (on === "reply") {
    const ephemeral = workspace.ephemerals(user).findLast((one) => wanted(buttonsOf(one)));
    const modal = workspace.modal(user);
    if (ephemeral !== undefined) return { ephemeral: ephemeral.id };
    return modal !== null && wanted(buttonsOf(modal)) ? { modal: modal.id } : null;
  }
  const thread = threadIn(on);
  const at = thread === null ? null : await threadOf(thread, stage);
  const messages =
    thread === null
      ? workspace.messages(on.replace(/^channel #?/, "")).flatMap((root) => [root, ...root.replies])
      : at === null
        ? []
        : workspace.thread(at.channel, at.ts);
  const newest = [...messages].sort((a, b) => Number(b.ts) - Number(a.ts));
  const found = newest.find((one) => wanted(buttonsOf(one)));
  return found === undefined ? null : { channel: found.channel, ts: found.ts };
}

/** Whether the modal has a field of that name: its block, its action or its label. */
function hasField(modal: { blocks: readonly Record<string, unknown>[] }, key: string): boolean {
  return modal.blocks.some((block) => {
    const element: unknown = block["element"];
    const label: unknown = block["label"];
    const names = [block["block_id"], property(element, "action_id"), property(label, "text")];
    return names.some((name) => typeof name === "string" && name.toLowerCase() === key.toLowerCase());
  });
}

function property(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}

/** What `find` finds within ten seconds; else an error with the words of `missing`. */
async function patiently<T>(find: () => Promise<T | null>, missing: () => string): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await find();
    if (found !== null) return found;
    if (Date.now() > deadline) throw new Error(missing());
    await new Promise((done) => setTimeout(done, 50));
  }
}
