import type { App, BlockAction, ButtonAction, SlackViewAction, ViewSubmitAction } from "@slack/bolt";
import { messageOf } from "../../base/errors.ts";
import type { CommandRequest } from "../../services/command-requests.ts";
import { OPEN_FORM_ACTION } from "../blocks/answer.ts";
import {
  FORM_CALLBACK,
  type FormReference,
  formErrors,
  formView,
  noticeView,
  submittedValues,
  waitingView,
} from "../blocks/form.ts";
import { COMMAND_ACTION } from "../blocks/parts.ts";
import { questionOf, referenceOf } from "../forms.ts";
import { numbersOfThread } from "../threads.store.ts";
import { openWaiting, type SurfaceParts, type Taken, takeCommand } from "./commands.ts";
import { notSaved, saveInTime } from "./contract.ts";
import { createPressKeys } from "./presses.ts";
import type { Respond } from "./respond.ts";
import { registerShortcuts } from "./shortcuts.ts";

/** Everything that people can do to Nightdesk in Slack, but mentions: those come as events. */
export function registerSurfaces(app: App, parts: SurfaceParts, respond: Respond): void {
  registerSlash(app, parts);
  registerButtons(app, parts, respond);
  registerForm(app, parts);
  registerShortcuts(app, parts, respond);
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
  const once = createPressKeys(parts.db);

  app.action<BlockAction<ButtonAction>>(
    { type: "block_actions", action_id: COMMAND_ACTION },
    async ({ body, action, ack }) => {
      const text = action.value ?? "";
      const pressed = await saveInTime(
        once({ user: body.user.id, place: placeOf(body), value: text, actionTs: action.action_ts }, (key) =>
          press(body, { key, text }),
        ),
      );
      const taken: Taken = pressed.kind === "saved" ? pressed.value : pressed;
      await ack();
      if (taken.kind !== "saved") {
        await respond(body.response_url, notSaved(taken.kind));
        return;
      }
      if (taken.value.opens) await openWaiting(parts, { id: taken.value.id, trigger: body.trigger_id, text });
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

  app.action<BlockAction<ButtonAction>>(
    { type: "block_actions", action_id: OPEN_FORM_ACTION },
    async ({ body, action, ack }) => {
      const read = await saveInTime(parts.ports.readCommand(Number(action.value)));
      await ack();
      if (read.kind !== "saved") {
        await respond(body.response_url, notSaved("failed"));
        return;
      }
      const said = await openForm(parts, read.value, { user: body.user.id, trigger: body.trigger_id });
      if (said !== null) await respond(body.response_url, said);
    },
  );
}

/** Opens the form of an answer; null, or what to say instead. */
async function openForm(
  parts: SurfaceParts,
  request: CommandRequest | null,
  by: { user: string; trigger: string },
): Promise<string | null> {
  const question = questionOf(request?.answer);
  if (request === null || question === null) return "This question is not open any more. Ask again.";
  if (request.actorSlackId !== by.user) return "Only the person who asked can confirm this. Ask for it yourself.";
  const view = formView(question, { request: request.id, question: question.id });
  const called = await parts.api.call("views.open", { trigger_id: by.trigger, view });
  if (called.kind === "ok") return null;
  parts.log.warn({ command: request.id, called }, "the form did not open");
  return "Slack did not open the form. Press Confirm once more.";
}

function registerForm(app: App, parts: SurfaceParts): void {
  app.view<ViewSubmitAction>({ callback_id: FORM_CALLBACK, type: "view_submission" }, async ({ body, view, ack }) => {
    const reference = referenceOf(view.private_metadata);
    const read = await saveInTime(
      reference === null ? Promise.resolve(null) : parts.ports.readCommand(reference.request),
    );
    const request = read.kind === "saved" ? read.value : null;
    const question = questionOf(request?.answer);
    if (read.kind !== "saved") {
      await ack({ response_action: "errors", errors: { [firstInput(body)]: notSaved("failed") } });
      return;
    }
    if (reference === null || request === null || question === null || request.actorSlackId !== body.user.id) {
      await ack({ response_action: "update", view: noticeView("This question is not open any more. Ask again.") });
      return;
    }
    const values = submittedValues(view.state);
    const errors = formErrors(question, values);
    if (Object.keys(errors).length > 0) {
      await ack({ response_action: "errors", errors });
      return;
    }
    const taken = await submit(parts, { body, request, reference, values });
    if (taken.kind !== "saved") {
      await ack({ response_action: "errors", errors: { [firstInput(body)]: notSaved(taken.kind) } });
      return;
    }
    await ack({ response_action: "update", view: waitingView("Doing it …") });
  });
}

function submit(
  parts: SurfaceParts,
  form: {
    body: ViewSubmitAction;
    request: CommandRequest;
    reference: FormReference;
    values: Record<string, string>;
  },
): Promise<Taken> {
  const { body, request, reference, values } = form;
  return takeCommand(
    parts,
    {
      // A form that is sent twice as it stands is one request; one that came back with a new hash is another.
      key: `form:${request.id}:${body.view.id}:${body.view.hash}`,
      surface: "modal",
      actorSlackId: body.user.id,
      text: request.text,
      context: { ...request.context, viewId: body.view.id, confirmation: { id: reference.question, values } },
    },
    { hasTrigger: false },
  );
}

async function requestOfView(parts: SurfaceParts, metadata: string): Promise<CommandRequest | null> {
  const reference = referenceOf(metadata);
  if (reference === null) return null;
  return parts.ports.readCommand(reference.request).catch((error: unknown) => {
    parts.log.warn({ error: messageOf(error) }, "the request of a modal could not be read");
    return null;
  });
}

/** Where an error is shown when it is about no field. */
function firstInput(body: SlackViewAction): string {
  return body.view.blocks.find((block) => block.type === "input")?.block_id ?? "form";
}

function placeOf(body: BlockAction<ButtonAction>): string {
  return body.view?.id ?? `${body.channel?.id ?? ""}:${textOf(body.container["message_ts"]) ?? ""}`;
}

const textOf = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
