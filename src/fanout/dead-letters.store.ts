import { type Selectable, sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { DeadLetter } from "../jobs/connectors/contract.ts";
import type { DeadLetters } from "../store/database.ts";
import type { Db, Tx } from "../store/store.ts";

/** A message of a dead-letter queue, as it was copied. */
export interface KeptLetter {
  readonly id: number;
  readonly target: string;
  readonly queue: string;
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly sentAt: Instant | null;
  readonly expiresAt: Instant | null;
  readonly redrivenAt: Instant | null;
  readonly goneAt: Instant | null;
  readonly asked: boolean;
  readonly fate: string | null;
}

export interface KeptQueue {
  readonly target: string;
  readonly queue: string | null;
  readonly count: number;
  readonly keptForMs: number | null;
  readonly level: number;
  readonly trouble: string | null;
}

/** What one look at a queue saw. `whole`: nothing lies there beside it. */
export interface QueueLook {
  readonly target: string;
  readonly queue: string;
  readonly count: number;
  readonly keptForMs: number | null;
  /** Bodies and attributes are redacted. */
  readonly letters: readonly DeadLetter[];
  readonly whole: boolean;
  readonly at: Instant;
}

/**
 * Copies what was seen. What was not seen though all was is gone: taken, or forgotten by the queue. Whether anything came
 * or went since the last look.
 */
export async function keepLook(tx: Tx, look: QueueLook): Promise<boolean> {
  const { target, queue, keptForMs, at } = look;
  const rows = look.letters.map(({ id, body, sentAt, attributes }) => ({
    id,
    body,
    attributes,
    sent_at: sentAt?.toString() ?? null,
    expires_at: sentAt === null || keptForMs === null ? null : sentAt.add({ milliseconds: keptForMs }).toString(),
  }));
  const seen = await sql<{ fresh: boolean }>`
    insert into dead_letters (target, queue, message_id, body, attributes, sent_at, expires_at, seen_at, last_seen_at)
    select ${target}, ${queue}, row.id, row.body, row.attributes, row.sent_at, row.expires_at, ${at}, ${at}
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as row (id text, body text, attributes jsonb, sent_at timestamptz, expires_at timestamptz)
    on conflict (target, queue, message_id) do update
      set last_seen_at = excluded.last_seen_at, expires_at = excluded.expires_at, gone_at = null,
          fate = case when dead_letters.redriven_at is not null then 'it was redriven and came back'
                      when dead_letters.gone_at is not null then null else dead_letters.fate end,
          redriven_at = null, redriven_by = null,
          redrive_id = case when dead_letters.redriven_at is null then dead_letters.redrive_id end
    returning xmax = 0 as fresh`.execute(tx);
  const came = seen.rows.some(({ fresh }) => fresh);
  if (!look.whole) return came;
  const gone = await sql`
    update dead_letters
       set gone_at = ${at}, redrive_id = null,
           fate = case when expires_at <= ${at} then 'the queue no longer keeps it' else 'somebody else took it out' end
     where target = ${target} and queue = ${queue} and redriven_at is null and gone_at is null
       and message_id <> all(${look.letters.map(({ id }) => id)}::text[])`.execute(tx);
  return came || Number(gone.numAffectedRows ?? 0) > 0;
}

/**
 * Keeps how the queue is; returns what people were told before, and since when nothing moves there. The row is locked
 * till the end of the transaction.
 */
export async function keepQueue(
  tx: Tx,
  look: QueueLook,
  now: { level: number; moved: boolean },
): Promise<{ level: number; quietSince: Instant }> {
  const before = await tx
    .selectFrom("dead_letter_queues")
    .select(["level", "changed_at"])
    .where("target", "=", look.target)
    .forUpdate()
    .executeTakeFirst();
  const quietSince = now.moved ? look.at : (before?.changed_at ?? look.at);
  const values = {
    queue: look.queue,
    count: look.count,
    kept_for_ms: look.keptForMs,
    level: now.level,
    looked_at: look.at,
    trouble: null,
    changed_at: quietSince,
  };
  await tx
    .insertInto("dead_letter_queues")
    .values({ target: look.target, ...values })
    .onConflict((conflict) => conflict.column("target").doUpdateSet(values))
    .execute();
  return { level: before?.level ?? 0, quietSince };
}

export async function keepTrouble(tx: Tx, target: string, trouble: { text: string; at: Instant }): Promise<void> {
  const values = { trouble: trouble.text, looked_at: trouble.at };
  await tx
    .insertInto("dead_letter_queues")
    .values({ target, ...values })
    .onConflict((conflict) => conflict.column("target").doUpdateSet(values))
    .execute();
}

export async function queueOf(db: Db, target: string): Promise<KeptQueue | null> {
  const row = await db.selectFrom("dead_letter_queues").selectAll().where("target", "=", target).executeTakeFirst();
  if (row === undefined) return null;
  const { queue, count, level, trouble } = row;
  return { target, queue, count, keptForMs: row.kept_for_ms, level, trouble };
}

/** What lies in a target's queue as far as is known, the oldest first. */
export async function openLetters(db: Db, target: string, limit: number): Promise<KeptLetter[]> {
  const rows = await db
    .selectFrom("dead_letters")
    .selectAll()
    .where("target", "=", target)
    .where("redriven_at", "is", null)
    .where("gone_at", "is", null)
    .orderBy("sent_at")
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map(letterOf);
}

/** Null when there is none of that number. */
export async function letterNumbered(db: Db, id: number): Promise<KeptLetter | null> {
  const row = await db.selectFrom("dead_letters").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : letterOf(row);
}

export async function lettersNumbered(db: Db, ids: readonly number[]): Promise<KeptLetter[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom("dead_letters")
    .selectAll()
    .where("id", "in", [...ids])
    .orderBy("id")
    .execute();
  return rows.map(letterOf);
}

/** The letters that a question was about. */
export async function lettersOfQuestion(db: Db, question: string): Promise<number[]> {
  const row = await db
    .selectFrom("confirmations")
    .select(sql<string | null>`request ->> 'letters'`.as("letters"))
    .where("id", "=", question)
    .executeTakeFirst();
  return (row?.letters ?? "")
    .split(",")
    .filter((word) => word !== "")
    .map(Number);
}

export function letterOf(row: Selectable<DeadLetters>): KeptLetter {
  return {
    id: row.id,
    target: row.target,
    queue: row.queue,
    messageId: row.message_id,
    body: row.body,
    attributes: attributesIn(row.attributes),
    sentAt: row.sent_at,
    expiresAt: row.expires_at,
    redrivenAt: row.redriven_at,
    goneAt: row.gone_at,
    asked: row.redrive_id !== null,
    fate: row.fate,
  };
}

function attributesIn(kept: unknown): Record<string, string> {
  if (typeof kept !== "object" || kept === null) return {};
  return Object.fromEntries(
    Object.entries(kept).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
