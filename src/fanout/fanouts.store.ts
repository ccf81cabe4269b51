import { type Selectable, sql } from "kysely";
import { z } from "zod";
import type { Instant } from "../base/clock.ts";
import type { Fanouts } from "../store/database.ts";
import { type Db, jsonb, type Tx } from "../store/store.ts";
import { countsOf, type ItemCounts, type ItemState } from "./counts.ts";
import type { FanoutPlan } from "./plan.ts";

export type FanoutOp = "resync" | "delete" | "compare";

/** What a run of kind `fanout` or `compare` is to do, beside its own row. */
export interface Fanout {
  readonly runId: number;
  readonly op: FanoutOp;
  readonly said: string;
  readonly total: number;
  readonly batch: number;
  readonly parallel: number;
  /** Null: as fast as the target answers. */
  readonly perSecond: number | null;
  readonly counts: ItemCounts;
  readonly cursor: unknown;
  readonly listId: string | null;
  readonly resultAt: Instant | null;
  /** The file of the result, uploaded and perhaps not shown yet. */
  readonly resultFile: string | null;
}

/** Keeps what a run that was just made is to do. */
export async function bearFanout(
  tx: Tx,
  fanout: FanoutPlan & { runId: number; op: FanoutOp; said: string; total: number; listId: string | null },
): Promise<void> {
  await tx
    .insertInto("fanouts")
    .values({
      run_id: fanout.runId,
      op: fanout.op,
      said: fanout.said,
      total: fanout.total,
      batch: fanout.batch,
      parallel: fanout.parallel,
      per_second: fanout.perSecond,
      list_id: fanout.listId,
    })
    .execute();
}

export async function readFanout(db: Db, runId: number): Promise<Fanout | null> {
  const row = await db.selectFrom("fanouts").selectAll().where("run_id", "=", runId).executeTakeFirst();
  return row === undefined ? null : fanoutOf(row);
}

/** Throws when a run of these kinds has none: it was made in the same transaction. */
export async function needFanout(db: Db, runId: number): Promise<Fanout> {
  const fanout = await readFanout(db, runId);
  if (fanout === null) throw new Error(`run row ${runId} is a fan-out and says not of what`);
  return fanout;
}

const keptCounts = z.record(z.string(), z.number());
const ops = z.enum(["resync", "delete", "compare"]);

function fanoutOf(row: Selectable<Fanouts>): Fanout {
  return {
    runId: row.run_id,
    op: ops.parse(row.op),
    said: row.said,
    total: row.total,
    batch: row.batch,
    parallel: row.parallel,
    perSecond: row.per_second,
    counts: countsOf(keptCounts.parse(row.counts), row.total),
    cursor: row.cursor,
    listId: row.list_id,
    resultAt: row.result_at,
    resultFile: row.result_file,
  };
}

/** How many items of each of these runs are in each state; runs that are no fan-outs are absent. */
export async function itemCounts(db: Db, runIds: readonly number[]): Promise<ReadonlyMap<number, ItemCounts>> {
  if (runIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("fanouts")
    .selectAll()
    .where("run_id", "in", [...runIds])
    .execute();
  return new Map(rows.map((row) => [row.run_id, fanoutOf(row).counts]));
}

/** Takes over the ids of its list and cuts them into chunks. Done again, nothing happens. */
export async function fill(tx: Tx, fanout: Fanout): Promise<void> {
  await sql`
    insert into run_items (run_id, seq, ref)
    select ${fanout.runId}, seq, ref from id_list_items where list_id = ${fanout.listId}
    on conflict do nothing`.execute(tx);
  await sql`
    insert into run_chunks (run_id, seq, first, last)
    select ${fanout.runId}, chunk, (chunk - 1) * ${fanout.batch}::int + 1,
           least(chunk * ${fanout.batch}::int, ${fanout.total}::int)
      from generate_series(1, ceil(${fanout.total}::numeric / ${fanout.batch}::numeric)::int) as chunk
    on conflict do nothing`.execute(tx);
}

/** A comparison is one piece of work that goes on until both sides are read. */
export async function fillCompare(tx: Tx, runId: number): Promise<void> {
  await tx
    .insertInto("run_chunks")
    .values({ run_id: runId, seq: 1, first: 0, last: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function keepCounts(tx: Tx, runId: number, counts: ItemCounts): Promise<void> {
  const { pending: _, ...ended } = counts;
  await tx
    .updateTable("fanouts")
    .set({ counts: jsonb({ ...ended }) })
    .where("run_id", "=", runId)
    .execute();
}

export interface Item {
  readonly seq: number;
  readonly ref: string;
  readonly state: ItemState;
  readonly detail: string | null;
}

/** In their order, after `after`. */
export async function itemsOf(
  db: Db,
  of: { runId: number; state?: ItemState; not?: ItemState; after?: number; limit: number },
): Promise<Item[]> {
  let query = db
    .selectFrom("run_items")
    .select(["seq", "ref", "state", "detail"])
    .where("run_id", "=", of.runId)
    .where("seq", ">", of.after ?? 0)
    .orderBy("seq")
    .limit(of.limit);
  if (of.state !== undefined) query = query.where("state", "=", of.state);
  if (of.not !== undefined) query = query.where("state", "<>", of.not);
  const rows = await query.execute();
  return rows.map((row) => ({ ...row, state: row.state as ItemState }));
}

/** Keeps which file the result is in, before it is shown. */
export async function noteResultFile(db: Db, runId: number, file: string): Promise<void> {
  await db.updateTable("fanouts").set({ result_file: file }).where("run_id", "=", runId).execute();
}

/** Notes that nothing more has to be done about the result; its address when it was put somewhere. */
export async function noteResult(db: Db, runId: number, result: { at: Instant; url: string | null }): Promise<void> {
  await db
    .updateTable("fanouts")
    .set({ result_at: result.at, result_url: result.url })
    .where("run_id", "=", runId)
    .execute();
}
