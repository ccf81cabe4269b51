import { messageOf } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { ReceivedCommand } from "../../services/command-requests.ts";
import type { Db } from "../../store/store.ts";
import { recordOf, type SlackApi, stringOf } from "../api.ts";
import { waitingView } from "../blocks/form.ts";
import type { NameOf } from "../people-text.ts";
import { notePendingView } from "../requests.store.ts";
import { OPENING, type Saved, type SlackPorts, saveInTime } from "./contract.ts";

export interface SurfaceParts {
  readonly db: Db;
  readonly api: SlackApi;
  readonly ports: SlackPorts;
  readonly nameOf: NameOf;
  readonly log: Logger;
}

export type Taken = Saved<{ id: number; isNew: boolean; opens: boolean }>;

/** Keeps a command that was typed or pressed. With a trigger at hand, and a form likely, it says that a modal opens. */
export async function takeCommand(
  parts: SurfaceParts,
  received: ReceivedCommand,
  options: { hasTrigger: boolean },
): Promise<Taken> {
  const { ports, log } = parts;
  const { incident = null, run = null } = received.context;
  const opens = options.hasTrigger && ports.mayAsk(received.text, { incident, run });
  const context = opens ? { ...received.context, viewId: OPENING } : received.context;
  const saved = await saveInTime(ports.receiveCommand({ ...received, context }));
  if (saved.kind !== "saved") {
    log.error({ surface: received.surface, error: messageOf(saved.error) }, "a command could not be kept");
    return saved;
  }
  return { kind: "saved", value: { ...saved.value, opens: opens && saved.value.isNew } };
}

/** Opens the modal that the answer will fill. A trigger lives 3 s: this comes right after the acknowledgement. */
export async function openWaiting(
  parts: SurfaceParts,
  taken: { id: number; trigger: string; text: string },
): Promise<void> {
  const { api, db, log } = parts;
  const called = await api.call("views.open", {
    trigger_id: taken.trigger,
    view: waitingView(`Checking \`${taken.text.replaceAll("`", "'")}\` …`),
  });
  const viewId = called.kind === "ok" ? stringOf(recordOf(called.data, "view") ?? {}, "id") : undefined;
  if (viewId === undefined) log.warn({ command: taken.id, called: called.kind }, "the modal did not open");
  // Without a modal the answer goes the other way; without this note it would wait for the modal a little.
  await notePendingView(db, taken.id, viewId ?? null).catch((error: unknown) => {
    log.warn({ command: taken.id, error: messageOf(error) }, "the modal could not be noted");
  });
}
