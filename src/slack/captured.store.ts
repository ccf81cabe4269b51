import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import { type Db, jsonb, type Tx } from "../store/store.ts";
import type { Heard } from "./events.ts";
import { subjectOfThread } from "./threads.store.ts";

/** Longer than events overtake each other; shorter than anyone would mind the rows. */
const EARLY_MS = 10 * 60_000;

/**
 * What happens in one channel is captured one after the other. False when no thread of ours was ever there: then nothing
 * has to be kept in order.
 */
export async function holdChannel(tx: Tx, channelId: string): Promise<boolean> {
  const thread = await tx
    .selectFrom("slack_threads")
    .select("id")
    .where("channel_id", "=", channelId)
    .limit(1)
    .executeTakeFirst();
  if (thread === undefined) return false;
  await sql`select pg_advisory_xact_lock(hashtextextended(${`slack-capture:${channelId}`}, 0))`.execute(tx);
  return true;
}

/** Keeps a reaction to a message that was not heard yet (or never will be: most are about other things). */
export async function keepEarlyReaction(
  tx: Tx,
  reaction: { channel: string; ts: string; event: Readonly<Record<string, unknown>>; receivedAt: Instant },
): Promise<void> {
  const before = reaction.receivedAt.subtract({ milliseconds: EARLY_MS });
  await tx.deleteFrom("slack_early_reactions").where("received_at", "<", before).execute();
  await tx
    .insertInto("slack_early_reactions")
    .values({
      channel_id: reaction.channel,
      ts: reaction.ts,
      event: jsonb(JSON.parse(JSON.stringify(reaction.event))),
      received_at: reaction.receivedAt,
    })
    .execute();
}

/** The reactions that were waiting for a message, in order; they wait no more. */
export async function takeEarlyReactions(
  tx: Tx,
  message: { channel: string; ts: string },
): Promise<{ event: Readonly<Record<string, unknown>>; receivedAt: Instant }[]> {
  const rows = await tx
    .deleteFrom("slack_early_reactions")
    .where("channel_id", "=", message.channel)
    .where("ts", "=", message.ts)
    .returning(["id", "event", "received_at"])
    .execute();
  return rows
    .sort((a, b) => a.id - b.id)
    .flatMap(({ event, received_at }) =>
      typeof event === "object" && event !== null && !Array.isArray(event) ? [{ event, receivedAt: received_at }] : [],
    );
}

/** The incident in whose thread it happened. A reaction names only its message, a deletion sometimes. */
export async function incidentOfEvent(tx: Tx, heard: Heard): Promise<IncidentId | null> {
  const subject = await subjectOfThread(tx, heard.channel, heard.threadTs ?? heard.ts);
  if (subject !== null) return subject.subject === "incident" ? (subject.id as IncidentId) : null;
  if (heard.kind !== "reaction" && heard.kind !== "deleted") return null;
  return (await incidentOfCaptured(tx, heard)) ?? (await incidentOfPost(tx, heard));
}

/** A message that was captured. A `ts` is unique in its channel only. */
async function incidentOfCaptured(tx: Tx, heard: Heard): Promise<IncidentId | null> {
  const entry = await tx
    .selectFrom("timeline_entries as entry")
    .innerJoin("slack_threads as thread", (join) =>
      join.onRef("thread.subject_id", "=", "entry.incident_id").on("thread.subject", "=", "incident"),
    )
    .select("entry.incident_id")
    .where("entry.slack_ts", "=", heard.ts)
    .where("thread.channel_id", "=", heard.channel)
    .executeTakeFirst();
  return entry === undefined ? null : (entry.incident_id as IncidentId);
}

/** A reply of ours. */
async function incidentOfPost(tx: Tx, heard: Heard): Promise<IncidentId | null> {
  const post = await postAt(tx, heard);
  if (post?.thread_ts == null) return null;
  const thread = await subjectOfThread(tx, heard.channel, post.thread_ts);
  return thread?.subject === "incident" ? (thread.id as IncidentId) : null;
}

/** The row id of the timeline entry that a reply of ours shows; null for any other message. */
export async function entryShownBy(db: Db, message: InChannel): Promise<number | null> {
  const post = await postAt(db, message);
  const id = /^entry:(\d+)$/.exec(post?.key ?? "")?.[1];
  return id === undefined ? null : Number(id);
}

type InChannel = Pick<Heard, "channel" | "ts">;

const postAt = (db: Db, heard: InChannel) =>
  db
    .selectFrom("slack_posts")
    .select(["key", "thread_ts"])
    .where("channel_id", "=", heard.channel)
    .where("ts", "=", heard.ts)
    .executeTakeFirst();
