import type { Message, Root, Workspace } from "../workspace/contract.ts";
import type { Api } from "./api.ts";

/** Where a thread is: its channel's id and its first message. */
export interface Thread {
  readonly channel: string;
  readonly ts: string;
}

/** The thread of an incident or a run as a person would find it; null while there is none. */
export async function threadOf(
  what: { of: "incident" | "run"; number: number },
  around: { workspace: Workspace; api: Api },
): Promise<Thread | null> {
  if (what.of === "run") {
    // A run that was asked for from an incident lives in the incident's thread.
    const run = await around.api.get(`/api/runs/${what.number}`).catch(() => null);
    const incident = field(run?.json, "incident");
    if (typeof incident === "number") return threadOf({ of: "incident", number: incident }, around);
  }
  const roots = allRoots(around.workspace).filter((root) => root.bot_id === around.workspace.botId);
  const root = roots.find((one) => speaksOf(one, what)) ?? roots.find((one) => names(one, what, around.workspace));
  return root === undefined ? null : { channel: root.channel, ts: root.ts };
}

/** The newest message of the whole workspace that is `text` in full, else the newest that contains it. */
export function findMessage(workspace: Workspace, text: string): Message | null {
  const all = allRoots(workspace)
    .flatMap((root) => [root, ...root.replies])
    .sort((a, b) => Number(b.ts) - Number(a.ts));
  const shown = (message: Message) => [message.text, workspace.plain(message)];
  const inFull = all.find((message) => shown(message).includes(text));
  return inFull ?? all.find((message) => shown(message).some((one) => one.includes(text))) ?? null;
}

export function allRoots(workspace: Workspace): Root[] {
  return Object.values(workspace.channels)
    .flatMap(({ id }) => workspace.messages(id))
    .sort((a, b) => Number(a.ts) - Number(b.ts));
}

/** By the metadata that the app gave the message. */
function speaksOf(root: Root, what: { of: "incident" | "run"; number: number }): boolean {
  const payload = root.metadata?.event_payload;
  if (payload === undefined) return false;
  const key = payload["key"];
  return typeof key === "string" && key.startsWith(`${what.of}:${what.number}:`);
}

/** By what it says. */
function names(root: Root, what: { of: "incident" | "run"; number: number }, workspace: Workspace): boolean {
  const label = what.of === "incident" ? `INC-${what.number}` : `run ${what.number}`;
  return new RegExp(`\\b${label}\\b`, "i").test(`${root.text}\n${workspace.plain(root)}`);
}

/** The labels of all buttons in it, in order. */
export function buttonsOf(message: { blocks?: readonly unknown[] }): string[] {
  const labels: string[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const one of value) visit(one);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    if (field(value, "type") === "button") {
      const label = field(field(value, "text"), "text");
      if (typeof label === "string") labels.push(label);
      return;
    }
    for (const one of Object.values(value)) visit(one);
  };
  visit(message.blocks ?? []);
  return labels;
}

export function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}
