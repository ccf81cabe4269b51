import type { types } from "@slack/bolt";
import type { Answer, AnswerSection } from "../../command/answer.ts";
import { clipMrkdwn } from "../text.ts";
import { LIMITS } from "./limits.ts";
import { type Block, buttonRow, context, type Message, paragraphs, section } from "./parts.ts";

const TONES = {
  done: ":white_check_mark:",
  info: "",
  refused: ":lock:",
  problem: ":warning:",
} as const satisfies Record<Answer["tone"], string>;

/** Where to read what an answer is too long for. */
const REST = "ask for less, or read all of it through the API";

export interface AnswerFrame {
  /** Of the command request: the Confirm button of a form names it. */
  readonly request: number;
  /** This answer may have reached the person before: Slack did not say. */
  readonly repeated?: boolean;
}

/** `action_id` of the button that opens the form of an answer; its value is the command request's id. */
export const OPEN_FORM_ACTION = "open_form";

/** An answer as a message that only the asker sees. A form that could not be opened becomes a button. */
export function answerMessage(answer: Answer, frame: AnswerFrame): Message {
  const ask = answer.ask === undefined ? [] : [formButton(frame.request)];
  return {
    text: answerText(answer),
    blocks: [...answerBlocks(answer, LIMITS.messageBlocks - 4), ...ask, ...repeated(frame)],
  };
}

/** An answer that takes the place of the form that was open. */
export function answerView(answer: Answer, frame: AnswerFrame): types.ModalView {
  return {
    type: "modal",
    private_metadata: JSON.stringify({ request: frame.request, question: "" }),
    title: { type: "plain_text", text: "Nightdesk" },
    close: { type: "plain_text", text: "Close" },
    blocks: answerBlocks(answer, LIMITS.modalBlocks - 4),
  };
}

function answerText(answer: Answer): string {
  const lines = (answer.sections ?? []).flatMap((part) => [
    ...(part.title === undefined ? [] : [part.title]),
    ...part.lines,
  ]);
  return clipMrkdwn([withTone(answer), ...lines].join("\n"), 4_000, `\n… (cut: ${REST})`);
}

function answerBlocks(answer: Answer, room: number): Block[] {
  const sections = answer.sections ?? [];
  const blocks: Block[] = [...paragraphs(withTone(answer).split("\n"), { maxBlocks: 4, where: REST })];
  for (const [index, part] of sections.entries()) {
    const left = room - blocks.length - 1;
    const after = sections.length - index - 1;
    if (left <= 1 && after > 0) {
      blocks.push(section(`_… and ${after + 1} more parts: ${REST}_`));
      break;
    }
    blocks.push(...sectionBlocks(part, Math.max(1, left - after)));
  }
  return [...blocks, ...buttonRow(answer.buttons ?? [])];
}

function sectionBlocks(part: AnswerSection, maxBlocks: number): Block[] {
  const title = part.title === undefined ? [] : [`*${part.title}*`];
  return paragraphs([...title, ...part.lines], { maxBlocks, where: REST });
}

function withTone(answer: Answer): string {
  const mark = TONES[answer.tone];
  const said = answer.text.trim() === "" ? "Nothing to say." : answer.text;
  return mark === "" ? said : `${mark} ${said}`;
}

function formButton(request: number): Block {
  return {
    type: "actions",
    elements: [
      {
        type: "button",
        action_id: OPEN_FORM_ACTION,
        text: { type: "plain_text", text: "Confirm" },
        value: String(request),
      },
    ],
  };
}

function repeated(frame: AnswerFrame): Block[] {
  return frame.repeated === true
    ? [context(["You may have got this answer already: Slack did not say whether it arrived."])]
    : [];
}
