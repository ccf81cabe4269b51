import { UserError } from "../base/errors.ts";
import { lastReasons, type Run, runNumbered } from "../jobs/runs.store.ts";
import type { Db } from "../store/store.ts";
import type { RunView } from "./contract.ts";

/** Runs as people and the API see them, in the order given. */
export async function viewRuns(db: Db, runs: readonly Run[]): Promise<RunView[]> {
  const because = await lastReasons(
    db,
    runs.map((run) => run.id),
  );
  const incidents = await numbersOf(
    db,
    "incidents",
    runs.map((run) => run.incidentId),
  );
  const parents = await numbersOf(
    db,
    "runs",
    runs.map((run) => run.parentId),
  );
  return runs.map((run) => ({
    number: run.number,
    state: run.state,
    job: run.job,
    environment: run.environment,
    parameters: run.parameters,
    version: run.version,
    by: run.requestedByKey,
    byName: run.requestedByName,
    approvedBy: [],
    requestedAt: run.requestedAt,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    stateSince: run.stateSince,
    incident: run.incidentId === null ? null : (incidents.get(run.incidentId) ?? null),
    parent: run.parentId === null ? null : (parents.get(run.parentId) ?? null),
    proved: run.proved,
    restored: run.restored,
    because: because.get(run.id) ?? "",
    attempt: run.attempt,
  }));
}

export async function viewRun(db: Db, run: Run): Promise<RunView> {
  const [view] = await viewRuns(db, [run]);
  if (view === undefined) throw new Error(`run ${run.number} has no view`);
  return view;
}

/** The run that people call by this number. Throws `not_found`. */
export async function needRun(db: Db, number: number): Promise<Run> {
  const run = await runNumbered(db, number);
  if (run !== null) return run;
  throw new UserError("not_found", {
    code: "run_not_found",
    message: `There is no run ${number}.`,
    wayOut: "`/sync history` lists the runs there were.",
  });
}

/** Row id of the incident that people call INC-n; null when there is none. */
export async function incidentIdOf(db: Db, number: number | null): Promise<number | null> {
  if (number === null) return null;
  const row = await db.selectFrom("incidents").select("id").where("number", "=", number).executeTakeFirst();
  return row?.id ?? null;
}

async function numbersOf(
  db: Db,
  table: "incidents" | "runs",
  ids: readonly (number | null)[],
): Promise<ReadonlyMap<number, number>> {
  const wanted = [...new Set(ids.filter((id) => id !== null))];
  if (wanted.length === 0) return new Map();
  const rows = await db.selectFrom(table).select(["id", "number"]).where("id", "in", wanted).execute();
  return new Map(rows.map((row) => [row.id, row.number]));
}
