import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import { type Db, ringAfterCommit, type Tx } from "./store.ts";

/**
 * Work to be done, by reference. One row per (kind, ref): asking again while it waits or runs raises its generation,
 * so that it is done once more after the state that asked was committed, however many asked.
 *
 * `inbox`: ref 0, deliveries wait to be processed · `incident`: project this incident's thread · `run-card`: project
 * this run's card · `run`: advance this run by one step · `answer`: deliver the answer of this command request ·
 * `command`: carry out this command request · `abort`: tell this run's target to stop · `chain`: ask for the next run of
 * this chain · `pin`: point a target's schedule where this pin says · `chunk`: hand the ids of this chunk of a fan-out to
 * its target · `subscription`: tell the sender of this delivery that we want its messages · `dead-letters`: ref 0, look at
 * the dead-letter queues · `monitors`: ref 0, judge those whose time has come, else this one · `deploy`: reckon whose suspect it is · `gate`: see whether this gate's time is over, and what it
 * requires there · `gate-card`: project this gate's card.
 * `sentry-catch-up`: ask this source of Sentry's what no webhook told · `sentry-change`: do in Sentry what people asked for.
 * `quiet`: see whether this incident has stopped flapping.
 */
export const WORK_KINDS = [
  "inbox",
  "incident",
  "run-card",
  "run",
  "answer",
  "command",
  "abort",
  "chain",
  "pin",
  "chunk",
  "dead-letters",
  "sentry-catch-up",
  "sentry-change",
  "monitors",
  "subscription",
  "deploy",
  "gate",
  "gate-card",
  "quiet",
] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

/** What the queue carries: the name of a row, never its data. */
export interface Ring {
  readonly kind: WorkKind;
  readonly ref: number;
  /** Domain time. The queue's delay only rings early; what is due is decided by the row. */
  readonly dueAt: Instant;
}

/** A row that one worker holds until `claimedUntil` (machine time). */
export interface Claim {
  readonly id: number;
  readonly kind: WorkKind;
  readonly ref: number;
  readonly generation: number;
  readonly attempts: number;
}

/** Puts work in the outbox, or makes waiting work due at the earlier of both times. Rings after the commit. */
export const requestWork = (tx: Tx, ring: Ring): Promise<void> => requestAllWork(tx, [ring]);

/** The same for several, in one statement. None may be named twice. */
export async function requestAllWork(tx: Tx, rings: readonly Ring[]): Promise<void> {
  if (rings.length === 0) return;
  const rows = await tx
    .insertInto("outbox")
    .values(rings.map(({ kind, ref, dueAt }) => ({ kind, ref, due_at: dueAt })))
    .onConflict((conflict) =>
      conflict.columns(["kind", "ref"]).doUpdateSet({
        due_at: sql`least(outbox.due_at, excluded.due_at)`,
        generation: sql`outbox.generation + 1`,
      }),
    )
    .returning(["kind", "ref", "due_at"])
    .execute();
  const dueAt = new Map(rows.map((row) => [`${row.kind} ${row.ref}`, row.due_at.epochMilliseconds]));
  for (const ring of rings) {
    // What was due before has been rung for, or is being done and will be done once more: a storm rings once.
    const before = (dueAt.get(`${ring.kind} ${ring.ref}`) ?? 0) < ring.dueAt.epochMilliseconds;
    if (!before) ringAfterCommit(tx, ring);
  }
}

/**
 * Claims one due row for a worker, or returns null when it is not due, held by another, or gone.
 * `now` is domain time, `machineNow` and `forMs` are machine time.
 */
export async function claimWork(
  db: Db,
  ring: Pick<Ring, "kind" | "ref">,
  by: { worker: string; now: Instant; machineNow: Instant; forMs: number },
): Promise<Claim | null> {
  const row = await db
    .updateTable("outbox")
    .set({
      claimed_by: by.worker,
      claimed_until: by.machineNow.add({ milliseconds: by.forMs }),
      attempts: sql`attempts + 1`,
    })
    .where("kind", "=", ring.kind)
    .where("ref", "=", ring.ref)
    .where("due_at", "<=", by.now)
    .where((where) => where.or([where("not_before", "is", null), where("not_before", "<=", by.machineNow)]))
    .where((where) => where.or([where("claimed_until", "is", null), where("claimed_until", "<=", by.machineNow)]))
    .returning(["id", "generation", "attempts"])
    .executeTakeFirst();
  return row === undefined ? null : { ...row, kind: ring.kind, ref: ring.ref };
}

/** Keeps a claimed row for another `forMs` of machine time, while its step is still under way. */
export async function extendClaim(
  db: Db,
  claim: Claim,
  by: { worker: string; machineNow: Instant; forMs: number },
): Promise<void> {
  await db
    .updateTable("outbox")
    .set({ claimed_until: by.machineNow.add({ milliseconds: by.forMs }) })
    .where("id", "=", claim.id)
    .where("claimed_by", "=", by.worker)
    .execute();
}

/** What to do with a claimed row: nothing is left to do, or again at `dueAt` (domain) and not before (machine). */
export type WorkOutcome =
  | { readonly done: true }
  | { readonly done: false; readonly dueAt: Instant; readonly notBefore?: Instant; readonly error?: string };

/**
 * Gives a claimed row back. A row that was asked for again meanwhile stays, due at once. Returns when to ring next
 * (domain time), or null when the row is gone or no longer this worker's.
 */
export async function releaseWork(
  db: Db,
  claim: Claim,
  release: { worker: string; now: Instant; outcome: WorkOutcome },
): Promise<Instant | null> {
  const { outcome } = release;
  if (outcome.done) {
    const gone = await db
      .deleteFrom("outbox")
      .where("id", "=", claim.id)
      .where("claimed_by", "=", release.worker)
      .where("generation", "=", claim.generation)
      .returning("id")
      .executeTakeFirst();
    if (gone !== undefined) return null;
  }
  const again = await db
    .updateTable("outbox")
    .set({
      claimed_by: null,
      claimed_until: null,
      due_at: outcome.done
        ? sql`due_at`
        : sql`case when generation > ${claim.generation} then least(${release.now}::timestamptz, ${outcome.dueAt}::timestamptz)
                   else ${outcome.dueAt}::timestamptz end`,
      not_before: outcome.done ? null : (outcome.notBefore ?? null),
      last_error: outcome.done ? null : (outcome.error ?? null),
      // Attempts count failures in a row: a step that asks to be called again has not failed.
      attempts: outcome.done || outcome.error === undefined ? 0 : sql`attempts`,
    })
    .where("id", "=", claim.id)
    .where("claimed_by", "=", release.worker)
    .returning("due_at")
    .executeTakeFirst();
  return again?.due_at ?? null;
}

/** Rows that are due and that nobody holds: what the sweep rings, oldest first. */
export async function dueWork(db: Db, at: { now: Instant; machineNow: Instant; limit: number }): Promise<Ring[]> {
  const rows = await db
    .selectFrom("outbox")
    .select(["kind", "ref", "due_at"])
    .where("due_at", "<=", at.now)
    .where((where) => where.or([where("not_before", "is", null), where("not_before", "<=", at.machineNow)]))
    .where((where) => where.or([where("claimed_until", "is", null), where("claimed_until", "<=", at.machineNow)]))
    .orderBy("due_at")
    .limit(at.limit)
    .execute();
  return rows.map((row) => ({ kind: row.kind as WorkKind, ref: row.ref, dueAt: row.due_at }));
}

/** What `/api/settled` tells: kinds of work that are due now (held, backing off or waiting), and the next due instant. */
export async function workAhead(db: Db, now: Instant): Promise<{ due: string[]; nextDueAt: Instant | null }> {
  const due = await db
    .selectFrom("outbox")
    .select(["kind", "ref"])
    .where("due_at", "<=", now)
    .orderBy("id")
    .limit(20)
    .execute();
  const next = await db
    .selectFrom("outbox")
    .select((select) => select.fn.min("due_at").as("due_at"))
    .where("due_at", ">", now)
    .executeTakeFirst();
  return { due: due.map((row) => `${row.kind} ${row.ref}`), nextDueAt: next?.due_at ?? null };
}
