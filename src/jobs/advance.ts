import type { WorkOutcome } from "../store/outbox.ts";
import { type Alert, lookLate } from "./late.ts";
import { watchPaused } from "./pause.ts";
import { restoring } from "./restore.ts";
import { type Run, type RunKind, readRun } from "./runs.store.ts";
import { prepare, recover, start } from "./start.ts";
import { isWaiting } from "./states.ts";
import { DONE, type Stepping } from "./step.ts";
import { recheckAbort, stop } from "./stop.ts";
import { waitForApproval, waitOutFreeze } from "./waiting.ts";
import { checkStuck, lookAgain, watch } from "./watch.ts";

export interface Advancing extends Stepping {
  readonly alert: Alert;
  /** Runs whose steps another room does once their lease is taken, until and after their end. */
  readonly kinds?: Readonly<Partial<Record<RunKind, (run: Run) => Promise<WorkOutcome>>>>;
}

export type Advance = (runId: number) => Promise<WorkOutcome>;

/**
 * Work of kind `run`: one short step of the run's state machine, as often as it is rung. Everything is re-read; what a
 * step decides is written only if nobody moved the run meanwhile. Throws only on defects and when Postgres is away.
 */
export function createAdvance(stepping: Advancing): Advance {
  return async (runId) => {
    const run = await readRun(stepping.store.db, runId);
    if (run === null) return DONE;
    const other = stepping.kinds?.[run.kind];
    if (other !== undefined && !isOurs(run)) return other(run);
    switch (run.state) {
      case "queued":
      case "retry_wait":
        return prepare(stepping, run);
      case "preparing":
        return start(stepping, run);
      case "starting":
        return recover(stepping, run);
      case "running":
        return watch(stepping, run);
      case "unknown":
        return lookAgain(stepping, run);
      case "aborting":
        return stop(stepping, run);
      case "abort_unconfirmed":
        return recheckAbort(stepping, run);
      case "failed":
        return checkStuck(stepping, run);
      case "paused":
        return watchPaused(stepping, run);
      case "restoring":
        return restoring(stepping, run);
      case "aborted":
        return lookLate(stepping, run);
      case "awaiting_approval":
        return waitForApproval(stepping, run);
      case "deferred":
        return waitOutFreeze(stepping, run);
      // Waiting for a person, or ended.
      case "restore_failed":
      case "refused":
      case "rejected":
      case "expired":
      case "withdrawn":
      case "succeeded":
        return DONE;
    }
  };
}

/** Taking the lease, and what comes before, is the same for every kind of run. */
const isOurs = ({ state }: Run): boolean => isWaiting(state) || state === "retry_wait";
