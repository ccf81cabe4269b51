import type { IncidentId } from "../base/ids.ts";
import { survivorOf } from "../incidents/family.store.ts";
import type { Db } from "../store/store.ts";

export type Subject = "incident" | "run" | "gate";

export interface Thread {
  readonly channelId: string;
  readonly rootTs: string;
}

export async function readThread(db: Db, subject: Subject, subjectId: number): Promise<Thread | null> {
  const row = await db
    .selectFrom("slack_threads")
    .select(["channel_id", "root_ts"])
    .where("subject", "=", subject)
    .where("subject_id", "=", subjectId)
    .executeTakeFirst();
  return row === undefined ? null : { channelId: row.channel_id, rootTs: row.root_ts };
}

/** Keeps where the thread is; a former root stays known, so that what people write there is still heard. */
export async function keepThread(db: Db, subject: { kind: Subject; id: number }, thread: Thread): Promise<void> {
  const former = await readThread(db, subject.kind, subject.id);
  if (former !== null && former.channelId === thread.channelId && former.rootTs === thread.rootTs) return;
  if (former !== null) {
    await db
      .insertInto("slack_former_roots")
      .values({
        channel_id: former.channelId,
        root_ts: former.rootTs,
        subject: subject.kind,
        subject_id: subject.id,
      })
      .onConflict((conflict) => conflict.columns(["channel_id", "root_ts"]).doNothing())
      .execute();
  }
  const values = { channel_id: thread.channelId, root_ts: thread.rootTs };
  await db
    .insertInto("slack_threads")
    .values({ subject: subject.kind, subject_id: subject.id, ...values })
    .onConflict((conflict) => conflict.columns(["subject", "subject_id"]).doUpdateSet(values))
    .execute();
}

/** What a thread is about, by any of its roots. */
export async function subjectOfThread(
  db: Db,
  channelId: string,
  rootTs: string,
): Promise<{ subject: Subject; id: number } | null> {
  const now = await db
    .selectFrom("slack_threads")
    .select(["subject", "subject_id"])
    .where("channel_id", "=", channelId)
    .where("root_ts", "=", rootTs)
    .executeTakeFirst();
  const found =
    now ??
    (await db
      .selectFrom("slack_former_roots")
      .select(["subject", "subject_id"])
      .where("channel_id", "=", channelId)
      .where("root_ts", "=", rootTs)
      .executeTakeFirst());
  if (found === undefined) return null;
  return { subject: found.subject as Subject, id: found.subject_id };
}

/**
 * Whether the first message of that thread may be one of ours that is still on its way into the record: then what the
 * thread is about is known in a moment. To be asked about a thread that is not known.
 */
export async function mayBeComing(db: Db, channelId: string, rootTs: string): Promise<boolean> {
  const row = await db
    .selectFrom("slack_posts")
    .select("id")
    .where("channel_id", "=", channelId)
    .where("thread_ts", "is", null)
    .where((where) =>
      where.or([where("state", "=", "sending"), where.and([where("state", "=", "posted"), where("ts", "=", rootTs)])]),
    )
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The numbers (what people type) of the incident and the run that a thread is about. */
export async function numbersOfThread(
  db: Db,
  channelId: string,
  rootTs: string,
): Promise<{ incident: number | null; run: number | null }> {
  const found = await subjectOfThread(db, channelId, rootTs);
  // A gate's buttons say which one is meant.
  if (found === null || found.subject === "gate") return { incident: null, run: null };
  const table = found.subject === "incident" ? "incidents" : "runs";
  // In the thread of a merged incident people speak of the one that it went into.
  const id = found.subject === "incident" ? await survivorOf(db, found.id as IncidentId) : found.id;
  const row = await db.selectFrom(table).select("number").where("id", "=", id).executeTakeFirst();
  const number = row?.number ?? null;
  return found.subject === "incident" ? { incident: number, run: null } : { incident: null, run: number };
}
