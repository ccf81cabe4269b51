import type { CommandRequestId } from "../../base/ids.ts";
import type { CommandRequest, ReceivedCommand } from "../../services/command-requests.ts";

/** What of Nightdesk the surfaces need; the composition root joins it. */
export interface SlackPorts {
  /** Keeps a command, once. It is acknowledged to Slack only after this. */
  receiveCommand(received: ReceivedCommand): Promise<{ id: CommandRequestId; isNew: boolean }>;
  readCommand(id: number): Promise<CommandRequest | null>;
  /** Saves an event's envelope, once, by its `event_id`. It is acknowledged only after this. */
  receiveSlackEvent(envelope: Readonly<Record<string, unknown>>): Promise<void>;
  /** Whether a form may be asked for before the command is carried out: then a modal is opened at once. */
  mayAsk(text: string, at: { incident: number | null; run: number | null }): boolean;
  /** Whether a question still waits for its answer; `unkept`: it is a form that may be filled in at any time. */
  questionState(id: string): Promise<"open" | "answered" | "expired" | "unkept">;
  /** Jobs in environments whose target takes ids, for the shortcut that asks which one is meant. */
  resyncPlaces(): readonly { readonly job: string; readonly environment: string }[];
  /** Open incidents, newest first, for the shortcut that asks which one is meant. */
  openIncidents(): Promise<readonly { readonly number: number; readonly title: string }[]>;
}

/** `viewId` of a request whose modal is being opened. */
export const OPENING = "opening";

/** Slack shows an error of its own after 3 s; a database that does not answer must be told before. */
const SAVE_WITHIN_MS = 2_000;

export type Saved<T> =
  | { readonly kind: "saved"; readonly value: T }
  | { readonly kind: "failed" | "silent"; readonly error: unknown };

/** Saves within the time that Slack leaves. `silent`: it may still happen. Never throws. */
export async function saveInTime<T>(save: Promise<T>): Promise<Saved<T>> {
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<Saved<T>>((resolve) => {
    timer = setTimeout(() => resolve({ kind: "silent", error: "no answer in time" }), SAVE_WITHIN_MS);
  });
  const saved = save.then(
    (value): Saved<T> => ({ kind: "saved", value }),
    (error: unknown): Saved<T> => ({ kind: "failed", error }),
  );
  const first = await Promise.race([saved, silent]);
  clearTimeout(timer);
  return first;
}

/** What a person reads when his command could not be kept. */
export function notSaved(kind: "failed" | "silent"): string {
  return kind === "failed"
    ? "Nightdesk cannot reach its database, nothing was done. Try again in a minute, or act on the target itself."
    : "Nightdesk's database does not answer. This may still be carried out: look at `/sync status` before you try again.";
}
