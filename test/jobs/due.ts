import type { Run } from "../../src/jobs/runs.store.ts";
import { claimWork, releaseWork, type WorkOutcome } from "../../src/store/outbox.ts";
import { reread, type World } from "./world.ts";

const WORKER = "a worker";

/**
 * Does the run's work as the workers do it, row by row of the outbox and with the clock moved to each due instant, until
 * no row is left, the run is as wanted, or `steps` are done. What has no row is not done.
 */
export async function workDue(
  here: World,
  run: Run,
  until: { steps: number; state?: (state: Run["state"]) => boolean },
): Promise<Run> {
  for (let step = 0; step < until.steps; step += 1) {
    const [row] = await workOf(here, run);
    if (row === undefined || until.state?.(row.state) === true) break;
    const waitMs = row.due_at.epochMilliseconds - here.clock.now().epochMilliseconds;
    if (waitMs > 0) here.clock.advance({ milliseconds: waitMs });
    await doOne(here, run, row.kind);
  }
  return reread(here, run);
}

type Kind = "run" | "abort";

async function doOne(here: World, run: Run, kind: Kind): Promise<void> {
  const now = here.clock.now();
  const by = { worker: WORKER, now, machineNow: here.clock.machineNow(), forMs: 8_000 };
  const claim = await claimWork(here.store.db, { kind, ref: run.id }, by);
  if (claim === null) throw new Error(`the ${kind} work of run ${run.number} is due and cannot be claimed`);
  const outcome: WorkOutcome = await (kind === "run" ? here.advance(run.id) : here.tellAbort(run.id));
  await releaseWork(here.store.db, claim, { worker: WORKER, now: here.clock.now(), outcome });
}

/** What waits for the run, soonest first, each row with the state that the run is in. */
export async function workOf(here: Pick<World, "store">, run: Run) {
  const rows = await here.store.db
    .selectFrom("outbox")
    .innerJoin("runs", "runs.id", "outbox.ref")
    .select(["outbox.kind", "outbox.due_at", "runs.state"])
    .where("outbox.ref", "=", run.id)
    .where("outbox.kind", "in", ["run", "abort"])
    .orderBy("outbox.due_at")
    .orderBy("outbox.kind")
    .execute();
  return rows.map(({ kind, due_at, state }) => ({ kind: kind as Kind, due_at, state: state as Run["state"] }));
}
