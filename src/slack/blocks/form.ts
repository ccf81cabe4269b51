import type { types } from "@slack/bolt";
import { safe } from "../../command/format.ts";
import type { Question, QuestionField } from "../../services/contract.ts";
import { clip, clipMrkdwn } from "../text.ts";
import { LIMITS } from "./limits.ts";
import { type Block, header, section } from "./parts.ts";

export const FORM_CALLBACK = "form";

/** What a form carries with it: which request asked the question, and which question. */
export interface FormReference {
  readonly request: number;
  readonly question: string;
}

const CIRCLES = { green: ":large_green_circle:", amber: ":large_orange_circle:", red: ":red_circle:" } as const;

/** The question as a modal. Each field's block and element carry the field's key, so that an answer is read by it. */
export function formView(question: Question, reference: FormReference): types.ModalView {
  return {
    type: "modal",
    callback_id: FORM_CALLBACK,
    private_metadata: JSON.stringify(reference),
    title: modalText(question.title, LIMITS.modalTitle),
    submit: modalText(question.submit, LIMITS.modalButton),
    close: modalText("Cancel", LIMITS.modalButton),
    blocks: [...titleBlocks(question), ...questionBlocks(question), ...question.fields.map(inputBlock)],
  };
}

/** What is seen until the answer is known. It has no submit button: there is nothing to answer yet. */
export function waitingView(what: string): types.ModalView {
  return {
    type: "modal",
    title: modalText("Nightdesk", LIMITS.modalTitle),
    close: modalText("Close", LIMITS.modalButton),
    blocks: [section(`:hourglass_flowing_sand: ${clipMrkdwn(safe(what), 500)}`)],
  };
}

/** A sentence in place of a form. */
export function noticeView(sentence: string): types.ModalView {
  return {
    type: "modal",
    title: modalText("Nightdesk", LIMITS.modalTitle),
    close: modalText("Close", LIMITS.modalButton),
    blocks: [section(sentence)],
  };
}

/** The values of a submitted form by field key; what was left empty is absent. */
export function submittedValues(state: SubmittedState): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [key, elements] of Object.entries(state.values)) {
    const element = elements[key];
    const value = element?.value ?? element?.selected_option?.value;
    if (typeof value === "string" && value !== "") values[key] = value;
  }
  return values;
}

/** The part of Bolt's `view.state` that is read. */
export interface SubmittedState {
  readonly values: Readonly<
    Record<
      string,
      Readonly<
        Record<string, { readonly value?: string | null; readonly selected_option?: { readonly value: string } | null }>
      >
    >
  >;
}

/** What is wrong with what was typed, by field key. Empty: nothing. */
export function formErrors(question: Question, values: Readonly<Record<string, string>>): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const field of question.fields) {
    const value = values[field.key]?.trim() ?? "";
    if (field.expected !== undefined && value !== field.expected) errors[field.key] = `Type exactly: ${field.expected}`;
    else if (value === "" && field.optional !== true) errors[field.key] = "This cannot be empty.";
  }
  return errors;
}

/** Slack cuts a modal's title at 24 characters: what does not fit is said whole below it, with the environment's look. */
function titleBlocks(question: Question): Block[] {
  return question.title.length <= LIMITS.modalTitle ? [] : [header(`${CIRCLES[question.look]} ${question.title}`)];
}

function questionBlocks(question: Question): Block[] {
  if (question.lines.length === 0 && question.fields.length > 0) return [];
  const [first = safe(question.title), ...rest] = question.lines.map(safe);
  const looked = titleBlocks(question).length > 0;
  const lines = [looked ? first : `${CIRCLES[question.look]} ${first}`, ...rest];
  const room = LIMITS.modalBlocks - question.fields.length - 1;
  const whole = lines.join("\n");
  if (whole.length <= LIMITS.section) return [section(whole)];
  return lines.slice(0, room).map((line) => section(line));
}

function inputBlock(field: QuestionField): Block {
  const { expected } = field;
  const told = expected === undefined || field.label.includes(expected);
  const hint = field.hint ?? (told ? undefined : `Type exactly: ${expected}`);
  return {
    type: "input",
    block_id: field.key,
    label: { type: "plain_text", text: clip(field.label, LIMITS.inputLabel) },
    optional: field.optional === true,
    ...(hint === undefined ? {} : { hint: { type: "plain_text", text: clip(hint, LIMITS.inputHint) } }),
    element: field.options === undefined ? textInput(field) : choice(field, field.options),
  };
}

function textInput(field: QuestionField): types.PlainTextInput {
  return {
    type: "plain_text_input",
    action_id: field.key,
    multiline: field.multiline === true,
    max_length: LIMITS.inputText,
    ...(field.initial === undefined ? {} : { initial_value: clip(field.initial, LIMITS.inputText) }),
  };
}

function choice(field: QuestionField, given: NonNullable<QuestionField["options"]>): types.StaticSelect {
  const options = given.slice(0, LIMITS.options).map((option) => ({
    text: { type: "plain_text" as const, text: clip(option.label, LIMITS.optionText) },
    value: option.value.slice(0, LIMITS.optionValue),
  }));
  const initial = options.find((option) => option.value === field.initial);
  return {
    type: "static_select",
    action_id: field.key,
    options,
    ...(initial === undefined ? {} : { initial_option: initial }),
  };
}

const modalText = (text: string, max: number): types.PlainTextElement => ({
  type: "plain_text",
  text: clip(text.trim() === "" ? "Nightdesk" : text, max),
});
