import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Tx } from "../store/store.ts";
import { executionKey } from "./connections.ts";
import { type Run, runOf } from "./runs.store.ts";
import { EXECUTING_STATES } from "./states.ts";

/** Runs of this job, in any of these environments, that their target may be executing. Locked, oldest first. */
export async function candidateRuns(tx: Tx, of: { job: string; environments: readonly string[] }): Promise<Run[]> {
  const rows = await tx
    .selectFrom("runs")
    .selectAll()
    .where("job", "=", of.job)
    .where("environment", "in", [...of.environments, ""])
    .where("state", "in", EXECUTING_STATES)
    .orderBy("id")
    .forUpdate()
    .execute();
  return rows.map(runOf);
}

/**
 * The run that a sender's execution id names for certain: the id is the run's own intent key, or an earlier message with
 * this id was the run's. Null when there is none, or when it has ended.
 */
export async function runOfRid(
  tx: Tx,
  of: { job: string; environments: readonly string[]; rid: string | null; source: string },
): Promise<Run | null> {
  const { rid } = of;
  if (rid === null) return null;
  const row = await tx
    .selectFrom("runs")
    .selectAll()
    .where("job", "=", of.job)
    .where("environment", "in", [...of.environments, ""])
    .where("state", "in", EXECUTING_STATES)
    .where((where) =>
      where.or([
        where("intent_key", "=", rid),
        where.and([
          where("executions_ended", ">", 0),
          where(sql<string>`intent_key || ':' || (executions_ended + 1)`, "=", rid),
        ]),
        where(
          "id",
          "in",
          where
            .selectFrom("signals")
            .select("run_id")
            .where("rid", "=", rid)
            .where("source", "=", of.source)
            .where("run_id", "is not", null)
            .$castTo<{ run_id: number }>(),
        ),
      ]),
    )
    .forUpdate()
    .executeTakeFirst();
  return row === undefined ? null : runOf(row);
}

/** So long after its end a message may still be an aborted run's. */
const WATCHED_MS = 30 * 60_000;

/** The aborted run that a late message may tell of: the newest of its job there that had begun, not long ago. Locked. */
export async function lateRunOf(
  tx: Tx,
  of: { job: string; environments: readonly string[]; rid: string | null; at: Instant },
): Promise<Run | null> {
  const rows = await tx
    .selectFrom("runs")
    .selectAll()
    .where("job", "=", of.job)
    .where("environment", "in", [...of.environments, ""])
    .where("state", "=", "aborted")
    .where("start_called_at", "is not", null)
    .where("start_called_at", "<=", of.at)
    .where("finished_at", ">=", of.at.subtract({ milliseconds: WATCHED_MS }))
    .orderBy("id", "desc")
    .limit(2)
    .forUpdate()
    .execute();
  const runs = rows.map(runOf);
  const [only, another] = runs;
  if (of.rid !== null) return runs.find((run) => executionKey(run) === of.rid) ?? null;
  return another === undefined ? (only ?? null) : null;
}
