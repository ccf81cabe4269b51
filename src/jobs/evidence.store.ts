import type { Tx } from "../store/store.ts";
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
