import type { TimelineView } from "../incidents/timeline.ts";

/** What a line of the timeline says, as plain text, and what people said with a word in front (`Root cause: …`). */

/** Slack's tokens become what they show; what cannot be seen or would turn the reading direction goes. */
export function readable(text: string): string {
  return text
    .replace(/<!date\^\d+\^[^|>]*\|([^>]*)>/g, "$1")
    .replace(/<([@#])[A-Z0-9]+\|([^>]*)>/g, "$1$2")
    .replace(/<(?:mailto:)?((?:https?:\/\/|[^|>\s]+@)[^|>]*)\|([^>]*)>/g, (_, url: string, label: string) =>
      url.endsWith(label) ? url : `${label} (${url})`,
    )
    .replace(/<((?:https?|mailto):[^>\s]+)>/g, "$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replace(/\r\n?/g, "\n")
    .replace(/[\t\v\f]+/g, " ")
    .replace(INVISIBLE, "")
    .replace(/[^\S\n]+/g, " ")
    .replace(/\n\s*\n+/g, "\n")
    .trim();
}

// Control characters but the line feed, zero-width characters that no script needs, direction overrides.
const INVISIBLE = /(?!\n)[\p{Cc}\u200B\u2028\u2029\u202A-\u202E\u2060\u2066-\u2069\uFEFF]/gu;

const LABELS = {
  summary: /^summary$/i,
  impact: /^impact$/i,
  description: /^(?:non[- ]technical(?: description)?|description)$/i,
  trigger: /^trigger$/i,
  detection: /^detection$/i,
  resolution: /^resolution$/i,
  cause: /^root causes?$/i,
  action: /^(?:action|action item|follow[- ]up)$/i,
  lesson: /^lessons?(?: learned)?$/i,
} as const;
export type Label = keyof typeof LABELS;

/** Notes and messages that begin with a label, oldest first: people fill the document from the thread. */
export function labelled(entries: readonly TimelineView[], label: Label): string[] {
  return entries.flatMap((entry) => {
    if (entry.deleted || (entry.kind !== "note" && entry.kind !== "message")) return [];
    const [, word = "", rest = ""] =
      /^[*_]*([A-Za-z -]{3,30}?)[*_]*\s*:[*_]*\s*([\s\S]+)$/.exec(readable(entry.text)) ?? [];
    return LABELS[label].test(word.trim()) && rest.trim() !== "" ? [rest.trim()] : [];
  });
}

/** `Add the missing grant @Asha Rao` -> what and who; nobody named: owner is null. */
export function actionItem(text: string): { item: string; owner: string | null } {
  const [, item = "", owner = ""] = /^([\s\S]+?)[\s(]+@([^@()\n]{1,60}?)\)?\.?$/.exec(text) ?? [];
  return item.trim() === "" ? { item: text, owner: null } : { item: item.trim(), owner: owner.trim() };
}
