import type { Instant } from "../../base/clock.ts";
import { near } from "../../command/format.ts";
import { clip, clipMrkdwn, codeText, firstLine, nameText, saidText } from "../text.ts";
import { buttonRow, type Message, section } from "./parts.ts";

/** A timeline entry as a reply of its incident's thread. */
export interface Entry {
  readonly incident: number;
  readonly kind: string;
  /** What the signal said that it tells: an end is no alarm. Null for entries that tell of none. */
  readonly signalKind: string | null;
  readonly at: Instant;
  /** When Nightdesk learned of it: what is told as it happens needs no day. */
  readonly learnedAt: Instant;
  /** What the sender says went wrong. */
  readonly error: string | null;
  readonly actorKind: "person" | "other";
  readonly actorName: string;
  readonly text: string;
  /** It was blanked: only that something was said stays. */
  readonly blanked: boolean;
  /** Why it is of this incident, where no key says so, and the command that takes it out. */
  readonly joined?: { readonly why: string; readonly wayOut: string } | null;
  /** Who sent it, where the incident's first alert was another's. */
  readonly sender?: string | null;
  /** The command that makes the incident one with the one that it looks like. */
  readonly merge?: string | null;
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

const SIGNAL_MARKS: ReadonlyMap<string, string> = new Map([
  ["started", ":arrow_forward:"],
  ["finished", ":white_check_mark:"],
  ["resolved", ":white_check_mark:"],
]);

/** One line for what happened, with who and when. Cut long before Slack cuts: the whole is in the timeline. */
export function entryReply(entry: Entry): Message {
  const heard = entry.kind === "signal" || entry.kind === "monitor";
  const ofSignal = heard ? SIGNAL_MARKS.get(entry.signalKind ?? "") : undefined;
  const mark = ofSignal ?? MARKS[entry.kind] ?? ":small_blue_diamond:";
  const said = entry.blanked
    ? "_(removed)_"
    : clipMrkdwn(told(entry), 2_000, `… (whole: \`/incident timeline INC-${entry.incident}\`)`);
  // Who did it is said once: most sentences name their person.
  const named = entry.blanked || !entry.text.includes(entry.actorName);
  const who = entry.actorKind === "person" && named ? `${nameText(entry.actorName)}, ` : "";
  const sender = entry.sender && !entry.blanked ? ` · ${nameText(entry.sender)}` : "";
  const call = entry.mention === null ? "" : `\n${entry.mention}`;
  const line = `${mark} ${said === "" ? entry.kind : said}  _${who}${near(entry.at, entry.learnedAt)}${sender}_${joinedLine(entry)}${call}`;
  const buttons = entry.merge && !entry.blanked ? [{ label: "Merge", command: entry.merge }] : [];
  return { text: line, blocks: [section(line), ...buttonRow(buttons)] };
}

function joinedLine({ joined, blanked }: Entry): string {
  if (!joined || blanked) return "";
  const why = saidText(clip(joined.why, 300));
  return `\nJoined because: ${why}. Not the same? ${codeText(joined.wayOut, 200)}`;
}

const ERROR_SHOWN = 300;

/** The entry's sentence, with the sender's error in code style where it ends with one. */
function told({ text, error }: Entry): string {
  const said = text.trim();
  const line = error === null ? "" : firstLine(error).slice(0, ERROR_SHOWN);
  if (line === "" || !said.endsWith(`: ${line}`)) return saidText(said);
  return `${saidText(said.slice(0, -line.length))}${codeText(line, ERROR_SHOWN)}`;
}
