import type { Instant } from "../../base/clock.ts";
import { dateTime } from "../../command/format.ts";
import { clipMrkdwn, nameText, saidText } from "../text.ts";
import { type Message, section } from "./parts.ts";

/** A timeline entry as a reply of its incident's thread. */
export interface Entry {
  readonly incident: number;
  readonly kind: string;
  readonly at: Instant;
  readonly actorKind: "person" | "other";
  readonly actorName: string;
  readonly text: string;
  /** It was blanked: only that something was said stays. */
  readonly blanked: boolean;
  /** Slack tokens that call people: a reopening, a rise in severity. */
  readonly mention: string | null;
}

const MARKS: Readonly<Record<string, string>> = {
  signal: ":bell:",
  run: ":gear:",
  command: ":keyboard:",
  deploy: ":package:",
  status: ":vertical_traffic_light:",
  severity: ":arrow_up_down:",
  note: ":memo:",
  monitor: ":stopwatch:",
  merge: ":twisted_rightwards_arrows:",
  notice: ":loudspeaker:",
  export: ":page_facing_up:",
  message: ":speech_balloon:",
  file: ":paperclip:",
  reaction: ":thumbsup:",
};

/** One line for what happened, with who and when. Cut long before Slack cuts: the whole is in the timeline. */
export function entryReply(entry: Entry): Message {
  const mark = MARKS[entry.kind] ?? ":small_blue_diamond:";
  const said = entry.blanked
    ? "_(removed)_"
    : clipMrkdwn(saidText(entry.text.trim()), 2_000, `… (whole: \`/incident timeline INC-${entry.incident}\`)`);
  const who = entry.actorKind === "person" ? `${nameText(entry.actorName)}, ` : "";
  const call = entry.mention === null ? "" : `\n${entry.mention}`;
  const line = `${mark} ${said === "" ? entry.kind : said}  _${who}${dateTime(entry.at)}_${call}`;
  return { text: line, blocks: [section(line)] };
}
