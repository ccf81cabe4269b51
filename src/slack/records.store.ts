import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Db } from "../store/store.ts";

/** An entry that has to be posted, or whose reply has to be emptied. */
export interface EntryToPost {
  readonly id: number;
  readonly kind: string;
  readonly at: Instant;
  /** When Nightdesk learned of it. */
  readonly learnedAt: Instant;
  readonly actor: string;
  readonly actorName: string;
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly blanked: boolean;
  /** It suggested something that does not hold any more. */
  readonly ended: boolean;
}

export const entryKey = (id: number): string => `entry:${id}`;

/** The words that took the place of a suggestion's; null while it stands, and of every other line. */
const endedText = sql<string | null>`case when entry.kind = 'merge' then (
  select end_of.text from timeline_entries as end_of
   where end_of.corrects = entry.id and end_of.change = 'edit' order by end_of.id desc limit 1) end`;

/** Steps of a run that its card shows well enough; the others are worth a reply, which people are told of. */
const SHOWN_BY_CARD = ["awaiting_approval", "deferred", "queued", "running", "paused", "aborting", "restoring"];

/**
 * The visible entries of an incident whose replies are not there, oldest first, at most `limit`; and those that were
 * blanked, or ended, since they were posted.
 */
export async function entriesToPost(db: Db, incidentId: number, limit: number): Promise<EntryToPost[]> {
  const rows = await db
    .selectFrom("timeline_entries as entry")
    .leftJoin("slack_posts as post", (join) => join.on("post.key", "=", sql<string>`'entry:' || entry.id`))
    .select([
      "entry.id",
      "entry.kind",
      "entry.at",
      "entry.learned_at",
      "entry.actor",
      "entry.actor_name",
      "entry.text",
      "entry.data",
      "entry.blanked_at",
      endedText.as("ended_text"),
    ])
    .where("entry.incident_id", "=", incidentId)
    .where("entry.visible", "=", true)
    .where("entry.corrects", "is", null)
    // What a split has taken elsewhere before it was told here is in the header there.
    .where(
      sql<boolean>`(post.id is not null or not exists (select from timeline_moves as move where move.entry_id = entry.id))`,
    )
    // What ended before it was told is not worth telling.
    .where(sql<boolean>`(post.id is not null or ${endedText} is null)`)
    .where((where) =>
      where.not(
        where.and([
          where("entry.kind", "=", "run"),
          where(sql<string>`coalesce(entry.data ->> 'state', '')`, "in", SHOWN_BY_CARD),
        ]),
      ),
    )
    .where((where) =>
      where.or([
        where("post.id", "is", null),
        where("post.state", "!=", "posted"),
        where.and([where("entry.blanked_at", "is not", null), where("post.edited_at", "is", null)]),
        where.and([where(endedText, "is not", null), where("post.edited_at", "is", null)]),
      ]),
    )
    .orderBy("entry.id")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    at: row.at,
    learnedAt: row.learned_at,
    actor: row.actor,
    actorName: row.actor_name,
    text: row.ended_text ?? row.text,
    ended: row.ended_text !== null,
    data: typeof row.data === "object" && row.data !== null && !Array.isArray(row.data) ? row.data : {},
    blanked: row.blanked_at !== null,
  }));
}

/** The rule that joined the newest alert of an incident, as it is shown. */
export async function joinedBy(db: Db, incidentId: number): Promise<string | null> {
  const row = await db
    .selectFrom("signals")
    .select("joined_by")
    .where("incident_id", "=", incidentId)
    .where("kind", "in", ["failed", "firing"])
    .where("joined_by", "is not", null)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  const joined = row?.joined_by;
  if (typeof joined !== "object" || joined === null || Array.isArray(joined)) return null;
  const { rule, why, relation } = joined;
  if (typeof rule !== "string") return null;
  const by = typeof relation === "string" ? `relation ${relation}` : `rule ${rule}`;
  return typeof why === "string" && why !== "" ? `${by} (${why})` : by;
}

/** The error of the incident's first alert that brought one; null when none did. */
export async function firstError(db: Db, incidentId: number): Promise<string | null> {
  const row = await db
    .selectFrom("signals")
    .select("error")
    .where("incident_id", "=", incidentId)
    .where("kind", "in", ["failed", "firing"])
    .where("error", "is not", null)
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  return row?.error ?? null;
}

/** When (domain time) the newest signal of an incident was taken in, however late it came; null when it has none. */
export async function lastTakenIn(db: Db, incidentId: number): Promise<Instant | null> {
  const row = await db
    .selectFrom("signals as signal")
    .leftJoin("inbox as delivery", "delivery.id", "signal.inbox_id")
    .select(["signal.received_at", "delivery.processed_at"])
    .where("signal.incident_id", "=", incidentId)
    .orderBy("signal.id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.processed_at ?? row?.received_at ?? null;
}
