import type { Clock } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { type Run, readRun } from "../jobs/runs.store.ts";
import { askAnew } from "../monitors/checkpoints.store.ts";
import { watchersOf } from "../monitors/hear.ts";
import { wakeMonitors } from "../monitors/monitors.store.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Store, Tx } from "../store/store.ts";

type Handler = (ref: number) => Promise<WorkOutcome>;

interface Parts {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
}

/**
 * A step of a run that began or ended it is looked at by the monitors of its job; a follower that was reset is asked where it
 * stands, and when its gap is being copied the reset's card stops offering that.
 */
export function watchRuns(parts: Parts, advance: Handler): Handler {
  const { store, clock, catalogue } = parts;
  if (Object.keys(catalogue.monitors).length === 0) return advance;
  const watchers = watchersOf(catalogue);
  return async (id) => {
    const before = await readRun(store.db, id);
    const outcome = await advance(id);
    const after = before === null ? null : await readRun(store.db, id);
    if (after === null || after.state === before?.state) return outcome;
    const names = watchers.get(`${after.environment} ${after.job}`) ?? [];
    await store.tx(async (tx) => {
      await wakeMonitors(tx, [...names, ...(await followersOf(tx, parts, after))], clock.now());
    });
    return outcome;
  };
}

/** The followers that this run resets; asks for the card of the reset whose gap it copies. */
async function followersOf(tx: Tx, { catalogue, clock }: Parts, run: Run): Promise<string[]> {
  const names: string[] = [];
  for (const [name, monitor] of Object.entries(catalogue.monitors)) {
    if (!("checkpoint" in monitor) || monitor.environment !== run.environment) continue;
    if (monitor.reset?.job === run.job) {
      await askAnew(tx, name);
      names.push(name);
    }
    if (monitor.resync?.job !== run.job || monitor.reset === undefined) continue;
    const reset = await tx
      .selectFrom("runs")
      .select("id")
      .where("job", "=", monitor.reset.job)
      .where("environment", "=", run.environment)
      .where("state", "=", "succeeded")
      .orderBy("id", "desc")
      .limit(1)
      .executeTakeFirst();
    if (reset !== undefined) await requestWork(tx, { kind: "run-card", ref: reset.id, dueAt: clock.now() });
  }
  return names;
}

/** Monitors are looked at by a row of work; should it be lost, it is there again. */
export async function keepWatching({ store, clock }: { store: Store; clock: Clock }): Promise<void> {
  const row = store.db.selectFrom("outbox").select("id").where("kind", "=", "monitors").where("ref", "=", 0);
  if ((await row.executeTakeFirst()) !== undefined) return;
  await store.tx((tx) => requestWork(tx, { kind: "monitors", ref: 0, dueAt: clock.now() }));
}
