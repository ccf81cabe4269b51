import type { Instant } from "../base/clock.ts";

/**
 * Slack's mrkdwn, and back. What people or senders wrote goes through `escaped`; sentences that may carry tokens of ours
 * (a date, a person) go through `safe`; a terminal and the API's readers get `plain`.
 */

/** Makes a stranger's text harmless: nobody is mentioned by it and no link hides behind other words. */
export const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Undoes Slack's escaping of what people typed. */
export const unescaped = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const OUR_TOKENS = /<(?:@[UW][A-Z0-9]+(?:\|[^<>]*)?|#C[A-Z0-9]+(?:\|[^<>]*)?|!date\^\d+\^[^<>]*)>/g;

/** Like `escaped`, but tokens for people, channels and dates stay. `<!channel>` and its kin never do. */
export function safe(text: string): string {
  let from = 0;
  let result = "";
  for (const token of text.matchAll(OUR_TOKENS)) {
    result += escaped(unescaped(text.slice(from, token.index))) + token[0];
    from = token.index + token[0].length;
  }
  return result + escaped(unescaped(text.slice(from)));
}

/** A link behind these words, which are mrkdwn; the words alone where it is no link: a sender's word is no markup. */
export function linked(words: string, url: string | null): string {
  if (url === null || !/^https?:\/\/[^\s<>|"]{1,2000}$/i.test(url)) return words;
  return `<${url.replaceAll("&", "&amp;")}|${words}>`;
}

/** A moment as each reader's own zone shows it; the fallback is UTC and says so. */
export function dateTime(at: Instant): string {
  const seconds = Math.floor(at.epochMilliseconds / 1_000);
  return `<!date^${seconds}^{date_short_pretty} {time}|${utc(at)}>`;
}

/** The same without the day: for where the day is said beside it. */
export function timeOfDay(at: Instant): string {
  const seconds = Math.floor(at.epochMilliseconds / 1_000);
  return `<!date^${seconds}^{time}|${utc(at).slice(11)}>`;
}

const SAME_NIGHT_MS = 12 * 3_600_000;

/** The time alone when it is within twelve hours of `other`, which the reader knows; else with its day. */
export const near = (at: Instant, other: Instant): string =>
  Math.abs(at.epochMilliseconds - other.epochMilliseconds) < SAME_NIGHT_MS ? timeOfDay(at) : dateTime(at);

/** `2021-03-17 05:20 UTC` */
export function utc(at: Instant): string {
  return `${at.toString({ smallestUnit: "minute" }).replace("T", " ").replace("Z", "")} UTC`;
}

/** mrkdwn as plain text: tokens become what they show, emphasis and the coloured dots of environments go. */
export function plain(text: string): string {
  const shown = text
    .replace(/<!date\^\d+\^[^|>]*(?:\^[^|>]*)?\|([^>]*)>/g, "$1")
    .replace(/<([@#])[A-Z0-9]+\|([^>]*)>/g, "$1$2")
    .replace(/<([@#][A-Z0-9]+)>/g, "$1")
    .replace(/<!(?:subteam\^[A-Z0-9]+\|)?@?([^>|]*)(?:\|[^>]*)?>/g, "@$1")
    .replace(/<(?:mailto:)?([^|>]+)\|([^>]*)>/g, (_, url: string, label: string) =>
      url.endsWith(label) ? label : `${label} (${url})`,
    )
    .replace(/<([^>]+)>/g, "$1")
    .replace(/(^|[\s(])[*_~](\S(?:[^*_~\n]*\S)?)[*_~](?=[\s).,:;!?]|$)/gm, "$1$2")
    .replace(/:[a-z_]*circle: ?/g, "")
    .replaceAll("`", "");
  return unescaped(shown);
}

/** What a person typed in Slack as plain words: tokens become what they show. Emphasis stays as typed. */
export function typedWords(text: string): string {
  return unescaped(
    text
      .replace(/<([@#])[A-Z0-9]+\|([^>]*)>/g, "$1$2")
      .replace(/<(?:mailto:)?([^|>@#!][^|>]*)\|([^>]*)>/g, (_, url: string, label: string) =>
        url.endsWith(label) ? label : `${label} (${url})`,
      )
      .replace(/<((?:https?|mailto):[^>]+)>/g, "$1"),
  );
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `a`, `a and b`, `a, b and c` */
export function list(words: readonly string[]): string {
  if (words.length <= 1) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}

/** `1 signal`, `2 signals` */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
