import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { ItemResult } from "../jobs/connectors/contract.ts";
import type { Db, Tx } from "../store/store.ts";
import type { EndedState } from "./counts.ts";

/** One call's worth of a fan-out. All of these are written under the lock of the run. */
export interface Chunk {
  readonly id: number;
  readonly runId: number;
  readonly seq: number;
  readonly first: number;
  readonly last: number;
  /** `asked`: work was requested for it; `dropped`: it will never be handed over. */
  readonly state: "pending" | "asked" | "done" | "dropped";
  /** Calls that were begun. */
  readonly attempts: number;
  /** What its last call came to; null while one is under way (or was, when a worker died). */
  readonly error: string | null;
}

/** Whether a call was begun of which nobody has kept the answer. */
export const isCalling = (chunk: Pick<Chunk, "state" | "attempts" | "error">): boolean =>
  chunk.state === "asked" && chunk.attempts > 0 && chunk.error === null;

export async function readChunk(db: Db, id: number): Promise<Chunk | null> {
  const row = await db.selectFrom("run_chunks").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) return null;
  return {
    id: row.id,
    runId: row.run_id,
    seq: row.seq,
    first: row.first,
    last: row.last,
    state: row.state as Chunk["state"],
    attempts: row.attempts,
    error: row.error,
  };
}

/** How many chunks are open, and how many of these have a call under way. */
export async function openChunks(db: Db, runId: number): Promise<{ pending: number; asked: number; calling: number }> {
  const { rows } = await sql<{ pending: number; asked: number; calling: number }>`
    select count(*) filter (where state = 'pending') as pending,
           count(*) filter (where state = 'asked') as asked,
           count(*) filter (where state = 'asked' and attempts > 0 and error is null) as calling
      from run_chunks where run_id = ${runId} and state in ('pending', 'asked')`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error("a count without a row");
  return row;
}

/** Whether a run has chunks in line, how many it has asked for, and how many fan-outs (and comparisons) run at all. */
export async function roomOf(db: Db, runId: number): Promise<{ more: boolean; asked: number; running: number }> {
  const { rows } = await sql<{ more: boolean; asked: number; running: number }>`
    select exists (select from run_chunks where run_id = ${runId} and state = 'pending') as more,
           (select count(*) from run_chunks where run_id = ${runId} and state = 'asked') as asked,
           (select count(*) from runs where state = 'running' and kind in ('fanout', 'compare')) as running`.execute(
    db,
  );
  const [row] = rows;
  if (row === undefined) throw new Error("a count without a row");
  return row;
}

/** The next chunks in line, now asked for. Their ids. */
export async function askNext(tx: Tx, runId: number, most: number): Promise<number[]> {
  if (most <= 0) return [];
  const { rows } = await sql<{ id: number }>`
    update run_chunks set state = 'asked'
     where id in (select id from run_chunks where run_id = ${runId} and state = 'pending' order by seq limit ${most})
    returning id`.execute(tx);
  return rows.map(({ id }) => id);
}

/** Chunks that were asked for and have no call under way wait again. */
export async function putBack(tx: Tx, runId: number): Promise<void> {
  await sql`
    update run_chunks set state = 'pending'
     where run_id = ${runId} and state = 'asked' and not (attempts > 0 and error is null)`.execute(tx);
}

export async function keepChunk(
  tx: Tx,
  id: number,
  set: { state?: Chunk["state"]; attempts?: number; error?: string | null; doneAt?: Instant },
): Promise<void> {
  const { doneAt, ...plain } = set;
  await tx
    .updateTable("run_chunks")
    .set({ ...plain, ...(doneAt === undefined ? {} : { done_at: doneAt }) })
    .where("id", "=", id)
    .execute();
}

/** Notes that a call is made. False: the chunk is no longer what was read, another has it or it waits again. */
export async function beginCall(tx: Tx, chunk: Chunk): Promise<boolean> {
  return changed(tx, chunk, { attempts: chunk.attempts + 1, error: null });
}

/** The answer to the call that was read has come. False: another has asked again since, and that one's answer counts. */
export async function endCall(tx: Tx, chunk: Chunk, at: Instant): Promise<boolean> {
  return changed(tx, chunk, { state: "done", error: null, done_at: at });
}

async function changed(
  tx: Tx,
  chunk: Chunk,
  set: { state?: string; attempts?: number; error: null; done_at?: Instant },
): Promise<boolean> {
  const row = await tx
    .updateTable("run_chunks")
    .set(set)
    .where("id", "=", chunk.id)
    .where("state", "=", "asked")
    .where("attempts", "=", chunk.attempts)
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

/** The ids of a chunk that have not ended. */
export async function pendingIds(db: Db, chunk: Chunk): Promise<string[]> {
  const rows = await db
    .selectFrom("run_items")
    .select("ref")
    .where("run_id", "=", chunk.runId)
    .where("seq", ">=", chunk.first)
    .where("seq", "<=", chunk.last)
    .where("state", "=", "pending")
    .orderBy("seq")
    .execute();
  return rows.map(({ ref }) => ref);
}

/** Keeps what became of ids of a chunk; returns the states of those that had not ended before. */
export async function keepResults(
  tx: Tx,
  chunk: Pick<Chunk, "runId" | "first" | "last">,
  kept: { results: readonly ItemResult[]; at: Instant },
): Promise<EndedState[]> {
  const rows = kept.results.map(({ id, state, detail }) => ({ ref: id, state, detail: detail ?? null }));
  const { rows: written } = await sql<{ state: EndedState }>`
    update run_items as item
       set state = row.state, detail = row.detail, done_at = ${kept.at}
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row (ref text, state text, detail text)
     where item.run_id = ${chunk.runId} and item.seq between ${chunk.first} and ${chunk.last}
       and item.ref = row.ref and item.state = 'pending'
    returning item.state`.execute(tx);
  return written.map(({ state }) => state);
}

/** Ends every id of these chunks that has not ended. How many that were. */
export async function endItems(
  tx: Tx,
  chunk: Pick<Chunk, "runId" | "first" | "last">,
  end: { state: EndedState; detail: string; at: Instant },
): Promise<number> {
  const ended = await tx
    .updateTable("run_items")
    .set({ state: end.state, detail: end.detail, done_at: end.at })
    .where("run_id", "=", chunk.runId)
    .where("seq", ">=", chunk.first)
    .where("seq", "<=", chunk.last)
    .where("state", "=", "pending")
    .executeTakeFirst();
  return Number(ended.numUpdatedRows);
}

/**
 * Drops every chunk that has no call under way. Ids of calls whose effect is not known (`doubtful` begins their chunk's error) fail with
 * that word, all others are skipped, in one statement however many there are. How many of each.
 */
export async function dropWaiting(
  tx: Tx,
  runId: number,
  drop: { detail: string; doubtful: string; at: Instant },
): Promise<{ failed: number; skipped: number }> {
  await putBack(tx, runId);
  const dropped = await tx
    .updateTable("run_chunks")
    .set({ state: "dropped" })
    .where("run_id", "=", runId)
    .where("state", "=", "pending")
    .returning(["first", "last", "error"])
    .execute();
  let failed = 0;
  for (const { first, last, error } of dropped) {
    if (error === null || !error.startsWith(drop.doubtful)) continue;
    failed += await endItems(tx, { runId, first, last }, { state: "failed", detail: error, at: drop.at });
  }
  if (dropped.length === 0) return { failed, skipped: 0 };
  // What is left lies outside of the few calls under way: asked so, it needs no join of every id with every chunk.
  const calling = await tx
    .selectFrom("run_chunks")
    .select(["first", "last"])
    .where("run_id", "=", runId)
    .where("state", "=", "asked")
    .execute();
  const { numAffectedRows } = await sql`
    update run_items as item set state = 'skipped', detail = ${drop.detail}, done_at = ${drop.at}
     where item.run_id = ${runId} and item.state = 'pending'
       and not exists (select from unnest(${calling.map(({ first }) => first)}::int[], ${calling.map(({ last }) => last)}::int[])
                         as call (first, last) where item.seq between call.first and call.last)`.execute(tx);
  return { failed, skipped: Number(numAffectedRows ?? 0) };
}

/** The ids of a chunk that a fan-out of the same place, asked for later and not dropped, holds too; and by which run. */
export async function supersededIds(
  db: Db,
  chunk: Chunk,
  place: { job: string; environment: string },
): Promise<{ ref: string; run: number }[]> {
  const newer = await db
    .selectFrom("runs")
    .innerJoin("fanouts", "fanouts.run_id", "runs.id")
    .select(["runs.id", "runs.number", "fanouts.list_id"])
    .where("runs.job", "=", place.job)
    .where("runs.environment", "=", place.environment)
    .where("runs.kind", "=", "fanout")
    .where("runs.id", ">", chunk.runId as never)
    .where("runs.state", "not in", ["refused", "rejected", "expired", "withdrawn"])
    .execute();
  const lists = newer.flatMap(({ list_id }) => (list_id === null ? [] : [list_id]));
  if (lists.length === 0) return [];
  const { rows } = await sql<{ ref: string; run: number }>`
    select distinct on (listed.ref) listed.ref, newer.number as run
      from run_items as mine
      join id_list_items as listed on listed.list_id = any(${lists}::text[]) and listed.ref = mine.ref
      join fanouts on fanouts.list_id = listed.list_id
      join runs as newer on newer.id = fanouts.run_id and newer.id = any(${newer.map(({ id }) => id)}::bigint[])
      left join run_items as theirs on theirs.run_id = newer.id and theirs.seq = listed.seq
     where mine.run_id = ${chunk.runId} and mine.seq between ${chunk.first} and ${chunk.last}
       and mine.state = 'pending' and coalesce(theirs.state, 'pending') <> 'skipped'
     order by listed.ref, newer.number desc`.execute(db);
  return rows;
}
