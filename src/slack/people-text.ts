import { plain } from "../command/format.ts";
import type { Db } from "../store/store.ts";

const MENTION = /<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/g;

/** The ids of everybody mentioned in a text of Slack. */
export function mentionedIn(text: string): string[] {
  return [...new Set([...text.matchAll(MENTION)].flatMap((match) => match[1] ?? []))];
}

/** A text of Slack as plain words, with people's names for their ids. An id without a name becomes "someone". */
export function withNames(text: string, names: ReadonlyMap<string, string>): string {
  return plain(text.replace(MENTION, (_, id: string) => `@${names.get(id) ?? "someone"}`));
}

/** The names that are kept of these people. */
export async function keptNames(db: Db, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom("slack_users")
    .select(["id", "name"])
    .where("id", "in", [...ids])
    .execute();
  return new Map(rows.map((row) => [row.id, row.name]));
}

/** A message as somebody adds it to a timeline: in plain words, with its author when that is another person. */
export async function saidBy(
  db: Db,
  message: { text: string; author: string | undefined; by: string },
): Promise<string> {
  const { author } = message;
  const names = await keptNames(db, [...mentionedIn(message.text), ...(author === undefined ? [] : [author])]);
  const text = withNames(message.text, names).trim();
  if (author === undefined || author === message.by) return text;
  const name = names.get(author);
  return name === undefined ? text : `${name}: ${text}`;
}
