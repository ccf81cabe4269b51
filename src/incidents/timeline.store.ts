import { type Selectable, sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { IncidentId, TimelineEntryId } from "../base/ids.ts";
import type { TimelineEntries } from "../store/database.ts";
import type { Db, Tx } from "../store/store.ts";
import { familyOf } from "./family.store.ts";
import type { EntryDraft, TimelineChange, TimelineEntry, TimelineKind, TimelineView } from "./timeline.ts";
import { viewOf } from "./timeline.ts";

/** Where entries go, when Nightdesk learned of them, and the command request that wrote them (once, however often). */
export interface Appending {
  readonly incident: IncidentId;
  readonly learnedAt: Instant;
  readonly requestKey?: string | undefined;
}

/**
 * Appends entries in their order and returns their ids. With a `requestKey`, an entry whose request already wrote one of
 * its kind is left out. Texts must be redacted before.
 */
export async function appendEntries(tx: Tx, to: Appending, entries: readonly EntryDraft[]): Promise<TimelineEntryId[]> {
  return appendAll(
    tx,
    to,
    entries.map((entry) => ({ incident: to.incident, entry })),
  );
}

/** The same for several incidents, in one statement. */
export async function appendAll(
  tx: Tx,
  to: Omit<Appending, "incident">,
  drafts: readonly { readonly incident: IncidentId; readonly entry: EntryDraft }[],
): Promise<TimelineEntryId[]> {
  if (drafts.length === 0) return [];
  const rows = drafts.map(({ incident, entry }, position) => ({
    position,
    incident_id: incident,
    kind: entry.kind,
    at: entry.at.toString(),
    actor: entry.actor,
    actor_key: entry.actorKey,
    actor_name: entry.actorName,
    text: entry.text,
    data: entry.data,
    visible: entry.visible,
    corrects: entry.corrects ?? null,
    change: entry.change ?? null,
    slack_ts: entry.slackTs ?? null,
  }));
  const result = await sql<{ id: TimelineEntryId }>`
    insert into timeline_entries (incident_id, learned_at, request_key, kind, at, actor, actor_key, actor_name, text, data,
                                  visible, corrects, change, slack_ts)
    select incident_id, ${to.learnedAt}::timestamptz, ${to.requestKey ?? null}::text, kind, at, actor, actor_key,
           actor_name, text, data, visible, corrects, change, slack_ts
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as row (position int, incident_id bigint, kind text, at timestamptz, actor text, actor_key text, actor_name text,
                text text, data jsonb, visible boolean, corrects bigint, change text, slack_ts text)
     order by position
    on conflict (request_key, kind) where request_key is not null do nothing
    returning id`.execute(tx);
  return result.rows.map((row) => row.id);
}

/** Whether the command request has written its entry already. */
export async function hasWritten(db: Db, requestKey: string, kind: TimelineKind): Promise<boolean> {
  const row = await db
    .selectFrom("timeline_entries")
    .select("id")
    .where("request_key", "=", requestKey)
    .where("kind", "=", kind)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Entries as they were written, corrections too, oldest first: those of incidents that were merged into this one, and those
 * that a split has given to it, but none that a split has given away. `after`: only those with a greater id.
 */
export async function entriesOf(
  db: Db,
  incident: IncidentId,
  options: { after?: TimelineEntryId } = {},
): Promise<TimelineEntry[]> {
  const family = await familyOf(db, incident);
  const rows = await db
    .selectFrom("timeline_entries")
    .selectAll()
    .where(
      "id",
      "in",
      sql<number>`(
        select entry.id from timeline_entries as entry
         where entry.incident_id = any(${family}::bigint[])
           and not exists (select from timeline_moves as move
                            where move.entry_id = coalesce(entry.corrects, entry.id) and move.incident_id <> all(${family}::bigint[]))
        union all
        select entry_id from timeline_moves where incident_id = any(${family}::bigint[])
        union all
        select entry.id from timeline_moves as move join timeline_entries as entry on entry.corrects = move.entry_id
         where move.incident_id = any(${family}::bigint[]))`,
    )
    .where("id", ">", options.after ?? 0)
    .orderBy("id")
    .execute();
  return rows.map(entryOf);
}

/** The timeline as people read it. */
export async function timelineOf(db: Db, incident: IncidentId): Promise<TimelineView[]> {
  return viewOf(await entriesOf(db, incident));
}

/** The entry captured from a message of Slack, if that message was captured. Corrections are not meant. */
export async function entryBySlackTs(db: Db, incident: IncidentId, slackTs: string): Promise<TimelineEntry | null> {
  const row = await db
    .selectFrom("timeline_entries")
    .selectAll()
    .where("slack_ts", "=", slackTs)
    .where("incident_id", "in", await familyOf(db, incident))
    .where("corrects", "is", null)
    .orderBy("id")
    .executeTakeFirst();
  return row === undefined ? null : entryOf(row);
}

/** An entry of that incident by its row id. Corrections are not meant. */
export async function entryById(db: Db, incident: IncidentId, id: number): Promise<TimelineEntry | null> {
  const row = await db
    .selectFrom("timeline_entries")
    .selectAll()
    .where("id", "=", id)
    .where("incident_id", "in", await familyOf(db, incident))
    .where("corrects", "is", null)
    .executeTakeFirst();
  return row === undefined ? null : entryOf(row);
}

/** Appends a correction: an edit with its new text, a deletion, a mark as key or its end. The old entry stays. */
export async function correctEntry(
  tx: Tx,
  to: Appending & { readonly corrects: TimelineEntry },
  correction: Pick<EntryDraft, "at" | "actor" | "actorKey" | "actorName"> & { change: TimelineChange; text?: string },
): Promise<TimelineEntryId[]> {
  const draft: EntryDraft = {
    kind: to.corrects.kind,
    at: correction.at,
    actor: correction.actor,
    actorKey: correction.actorKey,
    actorName: correction.actorName,
    text: correction.text ?? "",
    data: {},
    visible: false,
    corrects: to.corrects.id,
    change: correction.change,
  };
  return appendEntries(tx, to, [draft]);
}

/** Takes the text out of an entry and of its edits; they stay as tombstones. */
export async function blankEntry(tx: Tx, id: TimelineEntryId, at: Instant): Promise<void> {
  await tx
    .updateTable("timeline_entries")
    .set({ text: "", data: "{}", blanked_at: at })
    .where((where) => where.or([where("id", "=", id), where("corrects", "=", id)]))
    .where("blanked_at", "is", null)
    .execute();
}

function entryOf(row: Selectable<TimelineEntries>): TimelineEntry {
  return {
    id: row.id as TimelineEntryId,
    kind: row.kind as TimelineKind,
    at: row.at,
    learnedAt: row.learned_at,
    actor: row.actor,
    actorKey: row.actor_key,
    actorName: row.actor_name,
    text: row.text,
    data: isRecord(row.data) ? row.data : {},
    visible: row.visible,
    blankedAt: row.blanked_at,
    ...(row.corrects === null ? {} : { corrects: row.corrects as TimelineEntryId }),
    ...(row.change === null ? {} : { change: row.change as TimelineChange }),
    ...(row.slack_ts === null ? {} : { slackTs: row.slack_ts }),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
