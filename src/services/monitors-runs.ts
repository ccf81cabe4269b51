import type { Clock } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { readRun } from "../jobs/runs.store.ts";
import { watchersOf } from "../monitors/hear.ts";
import { wakeMonitors } from "../monitors/monitors.store.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";

type Handler = (ref: number) => Promise<WorkOutcome>;

/** A step of a run that began or ended it is looked at by the monitors of its job. */
export function watchRuns(
  parts: { readonly store: Store; readonly clock: Clock; readonly catalogue: Catalogue },
  advance: Handler,
): Handler {
  const { store, clock, catalogue } = parts;
  const watchers = watchersOf(catalogue);
  if (watchers.size === 0) return advance;
  return async (id) => {
    const before = await readRun(store.db, id);
    const names = before === null ? undefined : watchers.get(`${before.environment} ${before.job}`);
    const outcome = await advance(id);
    if (names === undefined) return outcome;
    const after = await readRun(store.db, id);
    if (after?.state !== before?.state) await store.tx((tx) => wakeMonitors(tx, names, clock.now()));
    return outcome;
  };
}

/** Monitors are looked at by a row of work; should it be lost, it is there again. */
export async function keepWatching({ store, clock }: { store: Store; clock: Clock }): Promise<void> {
  const row = store.db.selectFrom("outbox").select("id").where("kind", "=", "monitors").where("ref", "=", 0);
  if ((await row.executeTakeFirst()) !== undefined) return;
  await store.tx((tx) => requestWork(tx, { kind: "monitors", ref: 0, dueAt: clock.now() }));
}
