import type { App, MessageShortcut, ViewSubmitAction } from "@slack/bolt";
import { stringOf } from "../api.ts";
import { noticeView, submittedValues, waitingView } from "../blocks/form.ts";
import { chooseIncidentView, NOTE_CALLBACK, type NoteToAdd, noteToAdd } from "../blocks/note.ts";
import { entryShownBy } from "../captured.store.ts";
import { saidBy } from "../people-text.ts";
import { instantOfTs } from "../text.ts";
import { numbersOfThread } from "../threads.store.ts";
import { type SurfaceParts, type Taken, takeCommand } from "./commands.ts";
import { notSaved, saveInTime } from "./contract.ts";
import type { Respond } from "./respond.ts";

export const ADD_TO_TIMELINE = "add_to_timeline";

/**
 * "Add to timeline" on any message. In the thread of an incident it is done at once (what is a line already
 * is marked as key); elsewhere a form asks which incident is meant.
 */
export function registerShortcuts(app: App, parts: SurfaceParts, respond: Respond): void {
  app.shortcut<MessageShortcut>({ callback_id: ADD_TO_TIMELINE, type: "message_action" }, async ({ shortcut, ack }) => {
    const { channel, message_ts: messageTs, user, response_url: responseUrl } = shortcut;
    const threadTs = stringOf({ ...shortcut.message }, "thread_ts");
    const found = await saveInTime(
      Promise.all([
        numbersOfThread(parts.db, channel.id, threadTs ?? messageTs),
        parts.ports.openIncidents(),
        entryShownBy(parts.db, { channel: channel.id, ts: messageTs }),
        saidBy(parts.nameOf, {
          text: shortcut.message.text ?? "",
          author: stringOf({ ...shortcut.message }, "user"),
          by: user.id,
        }),
      ]),
    );
    if (found.kind !== "saved") {
      await ack();
      await respond(responseUrl, notSaved("failed"));
      return;
    }
    const [{ incident }, open, entry, text] = found.value;
    const note: NoteToAdd = {
      text,
      at: instantOfTs(messageTs).toString(),
      channel: channel.id,
      threadTs: threadTs ?? null,
      messageTs,
      responseUrl,
    };
    if (incident !== null) {
      const message = { message: messageTs, ...(entry === null ? {} : { entry: String(entry) }) };
      const taken = await add(parts, { user: user.id, incident, note, viewId: null, message });
      await ack();
      const said = taken.kind !== "saved" ? notSaved(taken.kind) : taken.value.isNew ? null : addedBefore(incident);
      if (said !== null) await respond(responseUrl, said);
      return;
    }
    await ack();
    const view =
      open.length === 0
        ? noticeView("No incident is open. `/incident open TITLE` opens one.")
        : chooseIncidentView(open, note);
    const called = await parts.api.call("views.open", { trigger_id: shortcut.trigger_id, view });
    if (called.kind !== "ok") await respond(responseUrl, "Slack did not open the form. Try the shortcut once more.");
  });

  app.view<ViewSubmitAction>({ callback_id: NOTE_CALLBACK, type: "view_submission" }, async ({ body, view, ack }) => {
    const note = noteToAdd(view.private_metadata);
    const values = submittedValues(view.state);
    const incident = Number(values["incident"]);
    if (note === null || !Number.isInteger(incident)) {
      await ack({
        response_action: "update",
        view: noticeView("This form is not known any more. Use the shortcut again."),
      });
      return;
    }
    const text = values["text"] ?? note.text;
    const taken = await add(parts, { user: body.user.id, incident, note: { ...note, text }, viewId: body.view.id });
    if (taken.kind !== "saved") {
      await ack({ response_action: "errors", errors: { text: notSaved(taken.kind) } });
      return;
    }
    const next = taken.value.isNew ? waitingView("Adding it …") : noticeView(addedBefore(incident));
    await ack({ response_action: "update", view: next });
  });
}

const addedBefore = (incident: number): string =>
  `You added this message to INC-${incident} before. Nothing was added again.`;

function add(
  parts: SurfaceParts,
  adding: {
    user: string;
    incident: number;
    note: NoteToAdd;
    viewId: string | null;
    /** In the incident's own thread: which message, and the entry that it shows if it is one of ours. */
    message?: Readonly<Record<"message", string> & Partial<Record<"entry", string>>>;
  },
): Promise<Taken> {
  const { note, incident, user } = adding;
  return takeCommand(
    parts,
    {
      // The same message is added to an incident by a person once.
      key: `shortcut:${user}:${incident}:${note.channel}:${note.messageTs}`,
      surface: "shortcut",
      actorSlackId: user,
      text: `incident note INC-${incident}`,
      context: {
        channel: note.channel,
        threadTs: note.threadTs,
        messageTs: note.messageTs,
        incident,
        responseUrl: note.responseUrl,
        viewId: adding.viewId,
        confirmation: { id: "add-to-timeline", values: { text: note.text, at: note.at, ...adding.message } },
      },
    },
    { hasTrigger: false },
  );
}
