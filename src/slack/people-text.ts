import { plain } from "../command/format.ts";

const MENTION = /<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/g;

/** The ids of everybody mentioned in a text of Slack. */
export function mentionedIn(text: string): string[] {
  return [...new Set([...text.matchAll(MENTION)].flatMap((match) => match[1] ?? []))];
}

/** A text of Slack as plain words, with people's names for their ids. An id without a name becomes "someone". */
export function withNames(text: string, names: ReadonlyMap<string, string>): string {
  return plain(text.replace(MENTION, (_, id: string) => `@${names.get(id) ?? "someone"}`));
}

/** The name of an id, or null when it cannot be told (in time). */
export type NameOf = (slackId: string) => Promise<string | null>;

/** A message as somebody adds it to a timeline: in plain words, with its author when that is another person. */
export async function saidBy(
  nameOf: NameOf,
  message: { text: string; author: string | undefined; by: string },
): Promise<string> {
  const { author } = message;
  const ids = [...new Set([...mentionedIn(message.text), ...(author === undefined ? [] : [author])])];
  const names = new Map<string, string>();
  for (const [id, name] of await Promise.all(ids.map(async (id) => [id, await nameOf(id)] as const))) {
    if (name !== null) names.set(id, name);
  }
  const text = withNames(message.text, names).trim();
  const name = author === undefined || author === message.by ? undefined : names.get(author);
  return name === undefined ? text : `${name}: ${text}`;
}
