import type { Instant } from "../base/clock.ts";
import { requestWork, type WorkKind } from "../store/outbox.ts";
import type { Store, Tx } from "../store/store.ts";
import { type RunKind, runOf } from "./runs.store.ts";
import { isTerminal, RUN_STATES, type RunState } from "./states.ts";

/** A run that had to go on and that no work was waiting for. */
export interface Forgotten {
  readonly number: number;
  readonly kind: RunKind;
  readonly state: RunState;
}

/**
 * Asks for the next step of every run that has not ended and has no row of work: a row that went astray (a restore of the
 * database, a hand in it, a defect of ours) must not leave a lease taken for ever. Only a restore that failed waits for
 * nothing but a person. A step too many does no harm, so that runs which others wake (a fan-out by its chunks, an unknown
 * run by a message) are rung for as well.
 */
export function wakeForgotten(store: Store, at: Instant): Promise<Forgotten[]> {
  return store.tx(async (tx) => {
    const rows = await withoutWork(tx, "run").execute();
    const forgotten = rows.map(runOf);
    for (const { id } of forgotten) await requestWork(tx, { kind: "run", ref: id, dueAt: at });
    const untold = withoutWork(tx, "abort").where("state", "=", "aborting").where("abort_sent", "is", null);
    const stopping = (await untold.where("kind", "=", "run").execute()).map(runOf);
    for (const { id } of stopping) await requestWork(tx, { kind: "abort", ref: id, dueAt: at });
    return forgotten;
  });
}

/** States that Nightdesk itself has to lead on. */
const LED = RUN_STATES.filter((state) => !isTerminal(state) && state !== "restore_failed");

const withoutWork = (tx: Tx, kind: WorkKind) =>
  tx
    .selectFrom("runs")
    .selectAll()
    .where("state", "in", LED)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom("outbox").select("id").where("kind", "=", kind).whereRef("ref", "=", "runs.id"))),
    )
    .orderBy("id");
