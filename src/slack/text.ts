import { Temporal } from "temporal-polyfill";
import type { Instant } from "../base/clock.ts";
import { escaped, safe } from "../command/format.ts";

/** When a message was written, by its `ts` (`1700000000.000100`), to the millisecond. Throws for anything else. */
export function instantOfTs(ts: string): Instant {
  const match = /^(\d+)(?:\.(\d{1,6}))?$/.exec(ts);
  if (match === null) throw new Error(`"${ts}" is not a message's ts`);
  const micros = Number((match[2] ?? "").padEnd(6, "0"));
  return Temporal.Instant.fromEpochMilliseconds(Number(match[1]) * 1_000 + Math.floor(micros / 1_000));
}

/** Cuts at `max` characters, never inside a surrogate pair, and says that it was cut. */
export function clip(text: string, max: number, more = "…"): string {
  if (text.length <= max) return text;
  return withoutHalfCharacter(text.slice(0, Math.max(0, max - more.length))) + more;
}

/**
 * Cuts mrkdwn at `max` characters without leaving half of an entity (`&am`), of a token (`<!date^17…`) or of a
 * surrogate pair behind.
 */
export function clipMrkdwn(text: string, max: number, more = "…"): string {
  if (text.length <= max) return text;
  const cut = text.slice(0, Math.max(0, max - more.length));
  return withoutHalfCharacter(cut.replace(/<[^<>]*$/, "").replace(/&[a-z]{0,3}$/, "")) + more;
}

/** A sentence of the record: dates stay tokens, but nobody is called by it, whoever's words it carries. */
export function saidText(text: string): string {
  return safe(text.replace(/<@[A-Z0-9]+\|([^<>]*)>/g, "@$1").replaceAll("<@", "&lt;@"));
}

/** A name of something, as a sender or the catalogue wrote it: harmless, and short. */
export function nameText(name: string): string {
  return escaped(clip(name.replace(/\s+/g, " ").trim(), 80));
}

/** The first line with anything on it, its blanks made single. */
export const firstLine = (text: string): string => text.trim().split("\n", 1)[0]?.replace(/\s+/g, " ").trim() ?? "";

/** A stranger's words in code style: harmless, at most `max` characters, and without a way out of the style. */
export const codeText = (text: string, max: number): string =>
  `\`${escaped(clip(text.replace(/\s+/g, " ").trim().replaceAll("`", "'"), max))}\``;

/** "1 alert", "2,800 alerts" */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en-GB")} ${noun}${count === 1 ? "" : "s"}`;
}

function withoutHalfCharacter(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}
