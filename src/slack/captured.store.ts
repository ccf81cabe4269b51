import type { IncidentId } from "../base/ids.ts";
import type { Tx } from "../store/store.ts";
import type { Heard } from "./events.ts";
import { subjectOfThread } from "./threads.store.ts";

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
export async function entryShownBy(tx: Tx, heard: Heard): Promise<number | null> {
  const post = await postAt(tx, heard);
  const id = /^entry:(\d+)$/.exec(post?.key ?? "")?.[1];
  return id === undefined ? null : Number(id);
}

const postAt = (tx: Tx, heard: Heard) =>
  tx
    .selectFrom("slack_posts")
    .select(["key", "thread_ts"])
    .where("channel_id", "=", heard.channel)
    .where("ts", "=", heard.ts)
    .executeTakeFirst();
