import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Db } from "../store/store.ts";

/** What is known of one message of ours, by its key. */
export interface PostRow {
  readonly key: string;
  readonly channelId: string;
  readonly threadTs: string | null;
  /** Null until Slack was seen to have it. */
  readonly ts: string | null;
  readonly state: "sending" | "posted" | "gone";
  readonly contentHash: string | null;
  readonly gistHash: string | null;
  readonly sentAt: Instant;
  readonly editedAt: Instant | null;
  readonly settleAt: Instant | null;
}

export interface Sending {
  readonly key: string;
  readonly channelId: string;
  readonly threadTs: string | null;
  readonly contentHash: string;
  readonly gistHash: string | null;
  readonly at: Instant;
  /** When the send may be looked for, should nobody learn what became of it. */
  readonly settleAt: Instant;
}

export async function readPost(db: Db, key: string): Promise<PostRow | null> {
  const row = await db.selectFrom("slack_posts").selectAll().where("key", "=", key).executeTakeFirst();
  if (row === undefined) return null;
  const { state } = row;
  if (state !== "sending" && state !== "posted" && state !== "gone") throw new Error(`slack_posts ${key} is ${state}`);
  return {
    key: row.key,
    channelId: row.channel_id,
    threadTs: row.thread_ts,
    ts: row.ts,
    state,
    contentHash: row.content_hash,
    gistHash: row.gist_hash,
    sentAt: row.sent_at,
    editedAt: row.edited_at,
    settleAt: row.settle_at,
  };
}

/**
 * Notes that a message is about to be sent. False when somebody else has noted the same since `known` was read: the
 * send is theirs.
 */
export async function noteSending(db: Db, sending: Sending, known: PostRow | null): Promise<boolean> {
  const values = {
    channel_id: sending.channelId,
    thread_ts: sending.threadTs,
    state: "sending",
    content_hash: sending.contentHash,
    gist_hash: sending.gistHash,
    sent_at: sending.at,
    settle_at: sending.settleAt,
  };
  if (known === null) {
    const mine = await db
      .insertInto("slack_posts")
      .values({ key: sending.key, ...values })
      .onConflict((conflict) => conflict.column("key").doNothing())
      .returning("id")
      .executeTakeFirst();
    return mine !== undefined;
  }
  const mine = await db
    .updateTable("slack_posts")
    .set(values)
    .where("key", "=", sending.key)
    .where("state", "=", known.state)
    .where("sent_at", "=", known.sentAt)
    .returning("id")
    .executeTakeFirst();
  return mine !== undefined;
}

export async function notePosted(db: Db, key: string, ts: string): Promise<void> {
  await db.updateTable("slack_posts").set({ state: "posted", ts, settle_at: null }).where("key", "=", key).execute();
}

/** A file is there. It has no `ts` of ours: it is not edited, and not looked for. */
export async function noteUploaded(db: Db, key: string): Promise<void> {
  await db.updateTable("slack_posts").set({ state: "posted", settle_at: null }).where("key", "=", key).execute();
}

export async function noteEdited(
  db: Db,
  key: string,
  edit: { contentHash: string; gistHash: string | null; at: Instant },
): Promise<void> {
  await db
    .updateTable("slack_posts")
    .set({ content_hash: edit.contentHash, gist_hash: edit.gistHash, edited_at: edit.at })
    .where("key", "=", key)
    .execute();
}

/** It is not known whether the send arrived: look for it at `settleAt`. */
export async function noteDoubt(db: Db, key: string, settleAt: Instant): Promise<void> {
  await db.updateTable("slack_posts").set({ settle_at: settleAt }).where("key", "=", key).execute();
}

/** Slack refused it: it certainly is not there. One that was there before stays known as gone, so that nobody is called again. */
export async function noteRefused(db: Db, key: string): Promise<void> {
  await db.deleteFrom("slack_posts").where("key", "=", key).where("ts", "is", null).execute();
  await noteGone(db, key);
}

export async function noteGone(db: Db, key: string): Promise<void> {
  await db.updateTable("slack_posts").set({ state: "gone", settle_at: null }).where("key", "=", key).execute();
}

/** Everything of ours in a thread whose root is gone: it will be posted anew under the new root. */
export async function noteThreadGone(db: Db, channelId: string, rootTs: string): Promise<void> {
  await db
    .updateTable("slack_posts")
    .set({ state: "gone", settle_at: null })
    .where("channel_id", "=", channelId)
    .where((where) => where.or([where("thread_ts", "=", rootTs), where("ts", "=", rootTs)]))
    .execute();
}

/** A message was deleted in Slack: true when it was one of ours. */
export async function noteDeletedInSlack(db: Db, channelId: string, ts: string): Promise<boolean> {
  const gone = await db
    .updateTable("slack_posts")
    .set({ state: "gone", settle_at: null })
    .where("channel_id", "=", channelId)
    .where("ts", "=", ts)
    .returning("id")
    .executeTakeFirst();
  return gone !== undefined;
}

/** The newest message of ours there that was sent before `before`: what is looked for came after it. */
export async function newestTsBefore(
  db: Db,
  place: { channelId: string; threadTs: string | null },
  before: Instant,
): Promise<string | null> {
  const row = await db
    .selectFrom("slack_posts")
    .select(sql<string | null>`max(ts::numeric)::text`.as("ts"))
    .where("channel_id", "=", place.channelId)
    .where("thread_ts", "is not distinct from", place.threadTs)
    .where("ts", "is not", null)
    .where("sent_at", "<", before)
    .executeTakeFirst();
  return row?.ts ?? null;
}
