import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Db, Tx } from "../store/store.ts";

/** An execution that Nightdesk did not start and whose end it has not heard. */
export interface OpenExecution {
  readonly id: number;
  readonly job: string;
  /** Where it may be: one, or those that share a channel. */
  readonly environments: readonly string[];
  readonly rid: string | null;
  readonly startedAt: Instant | null;
  readonly ambiguousEnds: number;
}

export async function openExecutions(
  db: Db,
  of: { jobs: readonly string[]; environments: readonly string[] },
): Promise<OpenExecution[]> {
  const rows = await db
    .selectFrom("observed_executions")
    .select(["id", "job", "environments", "rid", "started_at", "ambiguous_ends"])
    .where("state", "=", "running")
    .where("job", "in", [...of.jobs, ""])
    .where(sql<boolean>`environments && ${[...of.environments]}::text[]`)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    job: row.job,
    environments: row.environments,
    rid: row.rid,
    startedAt: row.started_at,
    ambiguousEnds: row.ambiguous_ends,
  }));
}

export interface HeardExecution {
  readonly job: string;
  readonly environments: readonly string[];
  readonly rid: string | null;
  readonly source: string;
  readonly at: Instant;
  readonly detail: string | null;
}

/**
 * A start by something else. Where one environment speaks and its executions have no ids, it runs one at a time: an
 * earlier one that is still open has ended, and its end was not heard.
 */
export async function keepStarted(tx: Tx, heard: HeardExecution): Promise<void> {
  if (heard.environments.length === 1 && heard.rid === null) {
    await tx
      .updateTable("observed_executions")
      .set({ state: "ended", finished_at: heard.at })
      .where("state", "=", "running")
      .where("job", "=", heard.job)
      .where("rid", "is", null)
      .where(sql<boolean>`environments = ${[...heard.environments]}::text[]`)
      .where("started_at", "<", heard.at)
      .execute();
  }
  await tx
    .insertInto("observed_executions")
    .values({ ...columnsOf(heard), state: "running", started_at: heard.at })
    .execute();
}

/** An end whose start was not heard. */
export async function keepEnded(tx: Tx, heard: HeardExecution, state: "succeeded" | "failed"): Promise<void> {
  await tx
    .insertInto("observed_executions")
    .values({ ...columnsOf(heard), state, finished_at: heard.at })
    .execute();
}

export async function endExecution(
  tx: Tx,
  id: number,
  end: { state: "succeeded" | "failed" | "ended"; at: Instant; detail: string | null },
): Promise<void> {
  await tx
    .updateTable("observed_executions")
    .set({ state: end.state, finished_at: end.at, ...(end.detail === null ? {} : { detail: end.detail }) })
    .where("id", "=", id)
    .where("state", "=", "running")
    .execute();
}

export async function countAmbiguousEnd(tx: Tx, id: number): Promise<void> {
  await tx
    .updateTable("observed_executions")
    .set((set) => ({ ambiguous_ends: set("ambiguous_ends", "+", 1) }))
    .where("id", "=", id)
    .execute();
}

/** What started before `before` and was never heard of again is not waited for: it has ended, how is not known. */
export async function endStaleObserved(
  tx: Tx,
  stale: { jobs: readonly string[]; before: Instant; at: Instant },
): Promise<void> {
  await tx
    .updateTable("observed_executions")
    .set({ state: "ended", finished_at: stale.at, detail: "its end was never heard" })
    .where("state", "=", "running")
    .where("job", "in", [...stale.jobs, ""])
    .where("started_at", "<", stale.before)
    .execute();
}

/** How long a start by something else is believed to be running without another word of it. */
export const STALE_MS = 24 * 3_600_000;

/**
 * The target proved that the job does not run in this environment: what was thought to run there since before it was
 * asked (`before`) is not there. An execution that can be nowhere any more has ended, how is not known.
 */
export async function endFreeObserved(
  tx: Tx,
  free: { job: string; environment: string; before: Instant; at: Instant },
): Promise<void> {
  await tx
    .updateTable("observed_executions")
    .set({
      environments: sql`array_remove(environments, ${free.environment})`,
      state: sql`case when cardinality(array_remove(environments, ${free.environment})) = 0 then 'ended' else state end`,
      finished_at: sql`case when cardinality(array_remove(environments, ${free.environment})) = 0 then ${free.at}::timestamptz else finished_at end`,
    })
    .where("state", "=", "running")
    .where("job", "=", free.job)
    .where("started_at", "<", free.before)
    .where(sql<boolean>`${free.environment} = any(environments)`)
    .execute();
}

/** Whether the last thing heard of this job there, by a run or by another execution, was a failure. */
export async function lastEndedInFailure(db: Db, place: { job: string; environment: string }): Promise<boolean> {
  const heard = await db
    .selectFrom("observed_executions")
    .select(["state", "finished_at as at"])
    .where("job", "=", place.job)
    .where(sql<boolean>`${place.environment} = any(environments)`)
    .where("state", "in", ["running", "succeeded", "failed"])
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  const run = await db
    .selectFrom("runs")
    .select(["state", "finished_at as at"])
    .where("job", "=", place.job)
    .where("environment", "=", place.environment)
    .where("start_called_at", "is not", null)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  if (heard?.state === "running") return false;
  const heardMs = heard?.at?.epochMilliseconds ?? 0;
  const runMs = run?.at?.epochMilliseconds ?? 0;
  return (heardMs > runMs ? heard?.state : run?.state) === "failed";
}

const columnsOf = (heard: HeardExecution) => ({
  job: heard.job,
  environment: heard.environments.length === 1 ? (heard.environments[0] ?? null) : null,
  environments: [...heard.environments],
  rid: heard.rid,
  source: heard.source,
  detail: heard.detail,
});
