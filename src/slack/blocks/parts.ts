import type { types } from "@slack/bolt";
import { clip, clipMrkdwn } from "../text.ts";
import { LIMITS } from "./limits.ts";

export type Block = types.KnownBlock;
export type Button = types.Button;

/** What is posted: `text` is complete in itself (notifications, screen readers, clients without blocks). */
export interface Message {
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** A button whose press is the typing of `command`. */
export interface CommandButton {
  readonly label: string;
  readonly command: string;
  readonly style?: "primary" | "danger";
}

export function header(text: string): Block {
  const oneLine = text.replace(/\s+/g, " ").trim();
  return {
    type: "header",
    text: { type: "plain_text", text: clip(oneLine === "" ? "(no title)" : oneLine, LIMITS.header), emoji: true },
  };
}

/** A paragraph of mrkdwn. Empty text is not allowed by Slack: it becomes a dash. */
export function section(mrkdwn: string): Block {
  return { type: "section", text: { type: "mrkdwn", text: paragraph(mrkdwn, LIMITS.section) } };
}

/** Small grey print. */
export function context(lines: readonly string[]): Block {
  return {
    type: "context",
    elements: lines
      .slice(0, LIMITS.contextElements)
      .map((text) => ({ type: "mrkdwn", text: paragraph(text, LIMITS.section) })),
  };
}

/** A row of buttons, or nothing: Slack refuses an empty row. A command too long for a button is left out. */
export function buttonRow(buttons: readonly CommandButton[], blockId?: string): Block[] {
  const usable = buttons.filter((button) => button.command.length <= LIMITS.buttonValue).slice(0, LIMITS.actions);
  if (usable.length === 0) return [];
  return [
    {
      type: "actions",
      ...(blockId === undefined ? {} : { block_id: clip(blockId, LIMITS.blockId) }),
      elements: usable.map((button, index) => commandButton(button, index)),
    },
  ];
}

/** `action_id` of every button that types a command: `command:<n>`. */
export const COMMAND_ACTION = /^command:\d+$/;

function commandButton(button: CommandButton, index: number): Button {
  return {
    type: "button",
    action_id: `command:${index}`,
    text: { type: "plain_text", text: clip(button.label, LIMITS.buttonText), emoji: true },
    value: button.command,
    ...(button.style === undefined ? {} : { style: button.style }),
  };
}

/**
 * Lines as paragraphs of at most 3,000 characters each. What does not fit into `maxBlocks` is left out, and the last
 * paragraph says how many lines that is and `where` they are.
 */
export function paragraphs(lines: readonly string[], room: { maxBlocks: number; where: string }): Block[] {
  const texts: string[] = [];
  let current = "";
  let used = 0;
  for (const line of lines) {
    const piece = clipMrkdwn(line, LIMITS.section - 200, "… (cut)");
    const joined = current === "" ? piece : `${current}\n${piece}`;
    if (joined.length > LIMITS.section - 150) {
      if (texts.length + 1 >= room.maxBlocks) break;
      texts.push(current);
      current = piece;
    } else {
      current = joined;
    }
    used += 1;
  }
  const left = lines.length - used;
  if (left > 0) current = `${current}\n_… and ${left} more ${left === 1 ? "line" : "lines"}: ${room.where}_`;
  if (current.trim() !== "") texts.push(current);
  return texts.filter((text) => text.trim() !== "").map(section);
}

function paragraph(mrkdwn: string, max: number): string {
  return mrkdwn.trim() === "" ? "–" : clipMrkdwn(mrkdwn, max);
}
