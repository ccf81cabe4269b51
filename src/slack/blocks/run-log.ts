import { escaped } from "../../command/format.ts";
import { clip, counted } from "../text.ts";
import { context, type Message, section } from "./parts.ts";

/** So many of the newest lines are shown. */
export const TAIL_LINES = 12;
const MOST_CHARACTERS = 180;

export interface LogTail {
  readonly run: number;
  readonly lines: readonly string[];
  readonly total: number;
  readonly over: boolean;
  readonly logUrl: string | null;
  /** The whole log is put into the thread as a file. */
  readonly attached: boolean;
}

/** The newest lines of a run's log, and where the whole of it is. */
export function tailMessage(tail: LogTail): Message {
  const what = `Log of run ${tail.run}`;
  const lines = tail.lines.map((line) => escaped(clip(plainLine(line), MOST_CHARACTERS)));
  return {
    text: `${what}: ${lines.at(-1) ?? ""}`,
    blocks: [section(`*${what}*\n\`\`\`${lines.join("\n")}\`\`\``), context([smallPrint(tail)])],
  };
}

function smallPrint({ total, over, logUrl, attached }: LogTail): string {
  const link =
    logUrl === null || !/^https?:\/\/[^\s<>|]+$/.test(logUrl) ? "" : `  ·  <${escaped(logUrl)}|the whole log>`;
  const file = attached ? "  ·  the whole log is attached below" : "";
  return `${counted(total, "line")}  ·  ${over ? "ended" : "grows while it runs"}${link}${file}`;
}

/** One line that cannot leave the code block: no colours, no control characters, no fence. */
const plainLine = (line: string): string =>
  line
    .replace(/\p{Cc}\[[0-9;]+m/gu, "")
    .replace(/\p{Cc}+/gu, " ")
    .replaceAll("`", "'");
