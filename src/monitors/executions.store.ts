import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Db, Tx } from "../store/store.ts";
import type { Execution } from "./judge.ts";

/** A start or an end of a watched job, as it was heard. */
export interface HeardOf {
  readonly job: string;
  /** One, or those of which one has spoken. */
  readonly environments: readonly string[];
  readonly rid: string | null;
  /** Row id of the run of ours that it speaks of. */
  readonly runId: number | null;
  readonly source: string;
  readonly what: "started" | "succeeded" | "failed";
  readonly at: Instant;
  readonly rows: number | null;
}

/** Clocks of senders differ by a little. */
const EARLY_MS = 5_000;
/** An end is paired with a start that is not longer ago. */
const LONGEST_MS = 7 * 86_400_000;
/** How many are read to judge by: enough for a history and for what is under way. */
const READ = 60;

/** Keeps what was heard of an execution: a start opens one, an end closes the one that it can be the end of. */
export async function keepHeard(tx: Tx, heard: HeardOf): Promise<void> {
  if (heard.runId !== null) return keepRowsOfRun(tx, { ...heard, runId: heard.runId });
  const like = await likely(tx, heard);
  if (heard.what === "started") return keepStart(tx, heard, like);
  const mine = heard.rid === null ? endOf(heard, like) : (like.find((one) => one.rid === heard.rid) ?? null);
  if (mine === null) {
    if (heard.what === "failed" && heard.rid === null && like[0]?.outcome === "failed") return;
    await insert(tx, heard, { started_at: null, ended_at: heard.at, outcome: heard.what });
    return;
  }
  await tx
    .updateTable("timed_executions")
    .set({ ended_at: heard.at, outcome: heard.what, ...(heard.rows === null ? {} : { rows: heard.rows }) })
    .where("id", "=", mine.id)
    .execute();
}

type Kept = Awaited<ReturnType<typeof likely>>[number];

/** Executions of that job, there, newest first, locked. */
async function likely(tx: Tx, heard: HeardOf) {
  return tx
    .selectFrom("timed_executions")
    .select(["id", "rid", "started_at", "ended_at", "outcome", "environments"])
    .where("job", "=", heard.job)
    .where("run_id", "is", null)
    .where(sql<boolean>`environments && ${[...heard.environments]}::text[]`)
    .orderBy("id", "desc")
    .limit(READ)
    .forUpdate()
    .execute();
}

async function keepStart(tx: Tx, heard: HeardOf, like: readonly Kept[]): Promise<void> {
  const known = like.find((one) => (heard.rid === null ? isStartOf(one, heard) : one.rid === heard.rid));
  if (known !== undefined) {
    const startedAt = known.started_at;
    if (startedAt !== null && startedAt.epochMilliseconds <= heard.at.epochMilliseconds) return;
    const set = { started_at: heard.at };
    await tx.updateTable("timed_executions").set(set).where("id", "=", known.id).execute();
    return;
  }
  // Where one environment speaks and nothing tells its executions apart, it runs one at a time.
  if (heard.rid === null && heard.environments.length === 1) {
    const left = like.filter((one) => one.outcome === "running" && one.rid === null && one.environments.length === 1);
    const ids = left.filter((one) => isBefore(one.started_at, heard.at)).map((one) => one.id);
    if (ids.length > 0) {
      const set = { outcome: "ended", ended_at: heard.at };
      await tx.updateTable("timed_executions").set(set).where("id", "in", ids).execute();
    }
  }
  await insert(tx, heard, { started_at: heard.at, ended_at: null, outcome: "running" });
}

/** The same start again, or one that comes after its own end was heard. */
function isStartOf(one: Kept, { at }: HeardOf): boolean {
  if (one.rid !== null) return false;
  if (one.started_at !== null) return one.started_at.epochMilliseconds === at.epochMilliseconds;
  const end = one.ended_at?.epochMilliseconds ?? 0;
  return end >= at.epochMilliseconds && end - at.epochMilliseconds < LONGEST_MS;
}

/** The first that is open of those that say no id; else the only one that is open at all. */
function endOf({ at }: HeardOf, like: readonly Kept[]): Kept | null {
  const open = like.filter(
    (one) =>
      one.outcome === "running" &&
      one.started_at !== null &&
      one.started_at.epochMilliseconds <= at.epochMilliseconds + EARLY_MS,
  );
  const nameless = open.filter((one) => one.rid === null).at(-1);
  return nameless ?? (open.length === 1 ? (open[0] ?? null) : null);
}

async function insert(
  tx: Tx,
  heard: HeardOf,
  course: { started_at: Instant | null; ended_at: Instant | null; outcome: string },
): Promise<void> {
  const { job, rid, source, rows, environments } = heard;
  await tx
    .insertInto("timed_executions")
    .values({ job, rid, source, rows, environments: [...environments], ...course })
    .execute();
}

/** When a run of ours began and ended its own row says; how many rows it wrote, the job. */
async function keepRowsOfRun(tx: Tx, heard: HeardOf & { runId: number }): Promise<void> {
  if (heard.rows === null) return;
  const { job, rid, source, rows, runId } = heard;
  await tx
    .insertInto("timed_executions")
    .values({ job, rid, source, rows, run_id: runId, environments: [...heard.environments], outcome: "ended" })
    .onConflict((conflict) => conflict.column("run_id").doUpdateSet({ rows }))
    .execute();
}

/** The newest executions of a job in an environment, heard of and our own, in the order of their beginnings. */
export async function executionsOf(db: Db, place: { job: string; environment: string }): Promise<Execution[]> {
  const heard = await db
    .selectFrom("timed_executions")
    .selectAll()
    .where("job", "=", place.job)
    .where("run_id", "is", null)
    .where(sql<boolean>`${place.environment} = any(environments)`)
    .orderBy("id", "desc")
    .limit(READ)
    .execute();
  const runs = await db
    .selectFrom("runs")
    .leftJoin("timed_executions as told", "told.run_id", "runs.id")
    .select(["runs.id", "runs.number", "runs.state", "runs.start_called_at", "runs.started_at", "runs.finished_at"])
    .select(["runs.progress", "told.rows"])
    .where("runs.job", "=", place.job)
    .where("runs.environment", "=", place.environment)
    .where("runs.kind", "=", "run")
    .where((where) => where.or([where("runs.started_at", "is not", null), where("runs.state", "=", "succeeded")]))
    .orderBy("runs.id", "desc")
    .limit(READ)
    .execute();
  // A run of ours begins only where its target says that nothing runs: what was heard to begin before it is over.
  const newest = Math.max(0, ...runs.map((row) => row.started_at?.epochMilliseconds ?? 0));
  const begun = runs.find((row) => row.started_at?.epochMilliseconds === newest)?.started_at ?? null;
  const isOver = (row: { outcome: string; rid: string | null; started_at: Instant | null }) =>
    row.outcome === "running" && row.rid === null && (row.started_at?.epochMilliseconds ?? newest) < newest;
  const all: Execution[] = [
    ...heard.map((row) => ({
      key: `execution ${row.id}`,
      rid: row.rid,
      run: null,
      startedAt: row.started_at,
      endedAt: isOver(row) ? begun : row.ended_at,
      outcome: isOver(row) ? ("ended" as const) : outcomeOf(row.outcome),
      rows: row.rows,
      ...(row.environments.length < 2 ? {} : { unsure: { among: row.environments, start: false, end: false } }),
    })),
    ...runs.map((row) => {
      const outcome = OUTCOMES.get(row.state) ?? ("running" as const);
      return {
        key: `run ${row.number}`,
        rid: null,
        run: row.number,
        startedAt: row.started_at ?? row.start_called_at,
        endedAt: outcome === "running" ? null : row.finished_at,
        outcome,
        rows: row.rows ?? doneOf(row.progress),
      };
    }),
  ];
  return all.sort((a, b) => beginMs(a) - beginMs(b));
}

const OUTCOMES = new Map<string, "succeeded" | "failed">([
  ["succeeded", "succeeded"],
  ["failed", "failed"],
  ["aborted", "failed"],
]);

const outcomeOf = (kept: string): Execution["outcome"] =>
  kept === "running" || kept === "succeeded" || kept === "failed" ? kept : "ended";

function doneOf(progress: unknown): number | null {
  const done = typeof progress === "object" && progress !== null && "done" in progress ? progress.done : null;
  return typeof done === "number" ? done : null;
}

const beginMs = ({ startedAt, endedAt }: Execution): number =>
  (startedAt ?? endedAt)?.epochMilliseconds ?? Number.NEGATIVE_INFINITY;

const isBefore = (at: Instant | null, other: Instant): boolean =>
  at !== null && at.epochMilliseconds < other.epochMilliseconds;
