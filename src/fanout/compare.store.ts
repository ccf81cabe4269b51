import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Db } from "../store/store.ts";
import { jsonb, type Tx } from "../store/store.ts";
import type { CompareCursor } from "./compare.ts";
import type { Fanout } from "./fanouts.store.ts";
import { type Difference, ONLY_IN_SOURCE, ONLY_IN_TARGET } from "./merge.ts";

/** Keeps what a step of a comparison found, and how far it is. The run is locked; `fanout` was read under that lock. */
export async function keepFound(
  tx: Tx,
  fanout: Fanout,
  step: { found: readonly Difference[]; cursor: CompareCursor; at: Instant },
): Promise<void> {
  const { found, cursor, at } = step;
  if (found.length > 0) {
    await sql`
      insert into run_items (run_id, seq, ref, state, detail, done_at)
      select ${fanout.runId}, ${fanout.total}::int + row.seq, row.id, 'done', row.detail, ${at}
        from rows from (unnest(${found.map(({ id }) => id)}::text[]), unnest(${found.map(({ where }) => where)}::text[]))
             with ordinality as row (id, detail, seq)`.execute(tx);
  }
  const total = fanout.total + found.length;
  await tx
    .updateTable("fanouts")
    .set({ cursor: jsonb({ ...cursor }), total, counts: jsonb({ done: total }) })
    .where("run_id", "=", fanout.runId)
    .execute();
}

/** How many of each side's ids are named where people read the result. */
const NAMED = 10;

export interface Found {
  /** In the target, and the source no longer has them. */
  readonly orphans: number;
  /** In the source, and the target does not have them. */
  readonly lost: number;
}

export async function foundBy(db: Db, runId: number): Promise<Found> {
  const { rows } = await sql<Found>`
    select count(*) filter (where detail = ${ONLY_IN_TARGET}) as orphans,
           count(*) filter (where detail = ${ONLY_IN_SOURCE}) as lost
      from run_items where run_id = ${runId}`.execute(db);
  return rows[0] ?? { orphans: 0, lost: 0 };
}

/** The first ids that only this side has, in their order. */
export async function firstFound(db: Db, runId: number, where: Difference["where"]): Promise<string[]> {
  const rows = await db
    .selectFrom("run_items")
    .select("ref")
    .where("run_id", "=", runId)
    .where("detail", "=", where)
    .orderBy("seq")
    .limit(NAMED)
    .execute();
  return rows.map(({ ref }) => ref);
}

/** Keeps the result of a comparison beside the count of its items, for whoever looks at it. */
export async function keepResult(tx: Tx, runId: number, { orphans, lost }: Found): Promise<void> {
  await sql`update fanouts set counts = counts || ${jsonb({ orphans, lost })}::jsonb where run_id = ${runId}`.execute(
    tx,
  );
}
