import type { App, BlockAction, ButtonAction, SlackViewAction, ViewSubmitAction } from "@slack/bolt";
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
import { questionOf, referenceOf } from "../forms.ts";
import { carriedOutForm } from "../requests.store.ts";
import { codeText, firstLine } from "../text.ts";
import { type SurfaceParts, type Taken, takeCommand } from "./commands.ts";
import { notSaved, saveInTime } from "./contract.ts";
import type { Respond } from "./respond.ts";

/** Answers that are questions: the button that opens their form, and the form. */
export function registerQuestions(app: App, parts: SurfaceParts, respond: Respond): void {
  app.action<BlockAction<ButtonAction>>(
    { type: "block_actions", action_id: OPEN_FORM_ACTION },
    async ({ body, action, ack }) => {
      const read = await saveInTime(readAsked(parts, Number(action.value)));
      await ack();
      if (read.kind !== "saved") {
        await respond(body.response_url, notSaved("failed"));
        return;
      }
      const said = await openForm(parts, read.value, { user: body.user.id, trigger: body.trigger_id });
      if (said !== null) await respond(body.response_url, said);
    },
  );

  registerForm(app, parts);
}

interface Asked {
  readonly request: CommandRequest | null;
  /** Why its question needs no answer any more, and what to do; null while it is open. */
  readonly over: string | null;
}

async function readAsked(parts: SurfaceParts, id: number): Promise<Asked> {
  const request = await parts.ports.readCommand(id);
  const question = questionOf(request?.answer);
  if (request === null || question === null) return { request, over: null };
  const again = `Nothing was done now. To ask again: ${codeText(request.text, 300)}`;
  const cameOf = await carriedOutForm(parts.db, id);
  if (cameOf !== null) return { request, over: `You answered this already:\n>${firstLine(cameOf)}\n${again}` };
  switch (await parts.ports.questionState(question.id)) {
    case "answered":
      return { request, over: `You answered this already. ${again}` };
    case "expired":
      return { request, over: `This question has expired: nobody answered it in time. ${again}` };
    case "open":
    case "unkept":
      return { request, over: null };
  }
}

/** Opens the form of an answer; null, or what to say instead. */
async function openForm(
  parts: SurfaceParts,
  { request, over }: Asked,
  by: { user: string; trigger: string },
): Promise<string | null> {
  const question = questionOf(request?.answer);
  if (request === null || question === null) return "This question is not open any more. Ask again.";
  if (request.actorSlackId !== by.user) return "Only the person who asked can confirm this. Ask for it yourself.";
  if (over !== null) return over;
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

/** Where an error is shown when it is about no field. */
function firstInput(body: SlackViewAction): string {
  return body.view.blocks.find((block) => block.type === "input")?.block_id ?? "form";
}
