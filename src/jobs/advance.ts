import type { WorkOutcome } from "../store/outbox.ts";
import { readRun } from "./runs.store.ts";
import { prepare, recover, start } from "./start.ts";
import { DONE, type Stepping } from "./step.ts";
import { recheckAbort, stop } from "./stop.ts";
import { checkStuck, lookAgain, watch } from "./watch.ts";

export type Advance = (runId: number) => Promise<WorkOutcome>;

/**
 * Work of kind `run`: one short step of the run's state machine, as often as it is rung. Everything is re-read; what a
 * step decides is written only if nobody moved the run meanwhile. Throws only on defects and when Postgres is away.
 */
export function createAdvance(stepping: Stepping): Advance {
  return async (runId) => {
    const run = await readRun(stepping.store.db, runId);
    if (run === null) return DONE;
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
      // Waiting for a person or a window, or not reachable yet (pause and restore are not built), or ended.
      case "awaiting_approval":
      case "deferred":
      case "paused":
      case "restoring":
      case "restore_failed":
      case "refused":
      case "rejected":
      case "expired":
      case "withdrawn":
      case "succeeded":
      case "aborted":
        return DONE;
    }
  };
}
