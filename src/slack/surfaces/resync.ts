import type { App, MessageShortcut, ViewSubmitAction } from "@slack/bolt";
import { stringOf } from "../api.ts";
import { attachedTo } from "../attached.ts";
import { noticeView, submittedValues, waitingView } from "../blocks/form.ts";
import { choosePlaceView, RESYNC_CALLBACK, readChosenFile } from "../blocks/resync.ts";
import { numbersOfThread } from "../threads.store.ts";
import { type SurfaceParts, takeCommand } from "./commands.ts";
import { notSaved } from "./contract.ts";
import type { Respond } from "./respond.ts";

export const RESYNC_FROM_FILE = "resync_from_file";

/** "Resync from this file" on a message with a file: asks which job and where, then shows what it would do. */
export function registerResync(app: App, parts: SurfaceParts, respond: Respond): void {
  app.shortcut<MessageShortcut>(
    { callback_id: RESYNC_FROM_FILE, type: "message_action" },
    async ({ shortcut, ack }) => {
      await ack();
      const file = attachedTo({ ...shortcut.message });
      const places = parts.ports.resyncPlaces();
      const view =
        file === undefined
          ? noticeView("This message has no file. Use the shortcut on a message with a CSV file of ids.")
          : places.length === 0
            ? noticeView("No target of the catalogue takes ids: jobs run as a whole there.")
            : choosePlaceView(places, {
                file,
                channel: shortcut.channel.id,
                channelName: shortcut.channel.name ?? null,
                threadTs: stringOf({ ...shortcut.message }, "thread_ts") ?? null,
                messageTs: shortcut.message_ts,
                responseUrl: shortcut.response_url,
              });
      const called = await parts.api.call("views.open", { trigger_id: shortcut.trigger_id, view });
      if (called.kind === "ok") return;
      await respond(shortcut.response_url, "Slack did not open the form. Try the shortcut once more.");
    },
  );

  app.view<ViewSubmitAction>({ callback_id: RESYNC_CALLBACK, type: "view_submission" }, async ({ body, view, ack }) => {
    const chosen = readChosenFile(view.private_metadata);
    const place = submittedValues(view.state)["place"];
    if (chosen === null || place === undefined) {
      const sentence = "This form is not known any more. Use the shortcut again.";
      await ack({ response_action: "update", view: noticeView(sentence) });
      return;
    }
    const { channel, channelName, threadTs, messageTs, responseUrl, file } = chosen;
    const numbers = await numbersOfThread(parts.db, channel, threadTs ?? messageTs);
    const taken = await takeCommand(
      parts,
      {
        key: `shortcut:${body.user.id}:${body.view.id}`,
        surface: "shortcut",
        actorSlackId: body.user.id,
        text: `sync resync ${place}`,
        context: { channel, channelName, threadTs, messageTs, ...numbers, responseUrl, viewId: body.view.id, file },
      },
      { hasTrigger: false },
    );
    if (taken.kind === "saved") await ack({ response_action: "update", view: waitingView("Reading the file …") });
    else await ack({ response_action: "errors", errors: { place: notSaved(taken.kind) } });
  });
}
