import type { App, BlockAction, ButtonAction } from "@slack/bolt";
import { messageOf } from "../../base/errors.ts";
import type { CommandRequest } from "../../services/command-requests.ts";
import { COMMAND_ACTION } from "../blocks/parts.ts";
import { referenceOf } from "../forms.ts";
import { numbersOfThread } from "../threads.store.ts";
import { openWaiting, type SurfaceParts, type Taken, takeCommand } from "./commands.ts";
import { notSaved, saveInTime } from "./contract.ts";
import { createPressKeys } from "./presses.ts";
import { registerQuestions } from "./questions.ts";
import type { Respond } from "./respond.ts";
import { registerResync } from "./resync.ts";
import { registerShortcuts } from "./shortcuts.ts";

/** Everything that people can do to Nightdesk in Slack, but mentions: those come as events. */
export function registerSurfaces(app: App, parts: SurfaceParts, respond: Respond): void {
  registerSlash(app, parts);
  registerButtons(app, parts, respond);
  registerQuestions(app, parts, respond);
  registerShortcuts(app, parts, respond);
  registerResync(app, parts, respond);
}

function registerSlash(app: App, parts: SurfaceParts): void {
  app.command(/^\/(?:sync|incident)$/, async ({ command, ack }) => {
    const text = `${command.command.replace(/^\//, "")} ${command.text ?? ""}`.trim();
    const taken = await takeCommand(
      parts,
      {
        key: `slash:${command.trigger_id}`,
        surface: "slash",
        actorSlackId: command.user_id,
        text,
        context: {
          channel: command.channel_id,
          channelName: command.channel_name,
          responseUrl: command.response_url,
        },
      },
      { hasTrigger: true },
    );
    if (taken.kind !== "saved") {
      await ack({ response_type: "ephemeral", text: notSaved(taken.kind) });
      return;
    }
    await ack();
    if (taken.value.opens) await openWaiting(parts, { id: taken.value.id, trigger: command.trigger_id, text });
  });
}

function registerButtons(app: App, parts: SurfaceParts, respond: Respond): void {
  const once = createPressKeys<Taken>(parts.db);

  app.action<BlockAction<ButtonAction>>(
    { type: "block_actions", action_id: COMMAND_ACTION },
    async ({ body, action, ack }) => {
      const text = action.value ?? "";
      const pressed = await saveInTime(
        once({ user: body.user.id, place: placeOf(body), value: text, actionTs: action.action_ts }, (key) =>
          press(body, { key, text }),
        ),
      );
      const taken: Taken = pressed.kind === "saved" ? pressed.value.value : pressed;
      const first = pressed.kind === "saved" && !pressed.value.joined;
      await ack();
      if (taken.kind !== "saved") {
        await respond(body.response_url, notSaved(taken.kind));
        return;
      }
      if (first && taken.value.opens) await openWaiting(parts, { id: taken.value.id, trigger: body.trigger_id, text });
    },
  );

  async function press(body: BlockAction<ButtonAction>, pressed: { key: string; text: string }): Promise<Taken> {
    const origin = body.view === undefined ? null : await requestOfView(parts, body.view.private_metadata);
    const channel = body.channel?.id ?? origin?.context.channel ?? null;
    const messageTs = textOf(body.container["message_ts"]);
    const threadTs = textOf(body.container["thread_ts"]) ?? textOf(body.message?.["thread_ts"]);
    const root = threadTs ?? messageTs;
    const numbers =
      channel === null || root === null
        ? { incident: origin?.context.incident ?? null, run: origin?.context.run ?? null }
        : await numbersOfThread(parts.db, channel, root);
    return takeCommand(
      parts,
      {
        key: pressed.key,
        surface: "button",
        actorSlackId: body.user.id,
        text: pressed.text,
        context: {
          channel,
          channelName: body.channel?.name ?? origin?.context.channelName ?? null,
          threadTs: origin === null ? threadTs : origin.context.threadTs,
          messageTs,
          ...numbers,
          responseUrl: body.response_url ?? origin?.context.responseUrl ?? null,
          ...(body.view === undefined ? {} : { viewId: body.view.id }),
        },
      },
      { hasTrigger: body.view === undefined },
    );
  }
}

async function requestOfView(parts: SurfaceParts, metadata: string): Promise<CommandRequest | null> {
  const reference = referenceOf(metadata);
  if (reference === null) return null;
  return parts.ports.readCommand(reference.request).catch((error: unknown) => {
    parts.log.warn({ error: messageOf(error) }, "the request of a modal could not be read");
    return null;
  });
}

function placeOf(body: BlockAction<ButtonAction>): string {
  return body.view?.id ?? `${body.channel?.id ?? ""}:${textOf(body.container["message_ts"]) ?? ""}`;
}

const textOf = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
