import type { Instant } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { WorkOutcome } from "../store/outbox.ts";

const FIRST_MS = 500;
const FACTOR = 2;
const CAP_MS = 60_000;

/**
 * What the queue does with a step that threw: again, later and later, for ever. A step that must give up says so by an
 * outcome of its own; an exception is a defect or an outage, and forgetting the row would lose what it stands for.
 * `attempts` counts failures in a row (1 = the first); `now` is domain time, `machineNow` machine time.
 */
export function outcomeOfFailure(
  error: unknown,
  at: { attempts: number; now: Instant; machineNow: Instant },
): Extract<WorkOutcome, { done: false }> {
  const delayMs = Math.min(FIRST_MS * FACTOR ** Math.min(at.attempts - 1, 20), CAP_MS);
  return {
    done: false,
    dueAt: at.now,
    notBefore: at.machineNow.add({ milliseconds: delayMs }),
    error: messageOf(error).slice(0, 1_000),
  };
}
