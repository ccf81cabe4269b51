import { readFileSync } from "node:fs";
import { Temporal } from "temporal-polyfill";

export type Instant = Temporal.Instant;

/**
 * The two times of Nightdesk.
 * `now()` is domain time: what is due, what is stored, what is shown. A drill may move it.
 * `machineNow()` is the machine's own: signatures, call timeouts, worker claims, heartbeats. Nothing moves it.
 */
export interface Clock {
  now(): Instant;
  machineNow(): Instant;
}

/** The machine's clock for both times. */
export const systemClock: Clock = {
  now: () => Temporal.Now.instant(),
  machineNow: () => Temporal.Now.instant(),
};

/**
 * Drill time: machine time plus the offset in `file` (JSON `{"offsetMs": n}`), read anew at most every 20 ms so that
 * all processes of a drill move together. A missing or half-written file keeps the last offset.
 */
export function drillClock(file: string): Clock {
  let offsetMs = 0;
  let readAtMs = 0;
  const machineNow = () => Temporal.Now.instant();
  return {
    machineNow,
    now: () => {
      const at = machineNow();
      if (at.epochMilliseconds - readAtMs >= 20) {
        offsetMs = readOffset(file) ?? offsetMs;
        readAtMs = at.epochMilliseconds;
      }
      return at.add({ milliseconds: offsetMs });
    },
  };
}

/** A clock for tests: both times stand still until `advance` moves them together. */
export function manualClock(start: string): Clock & { advance(duration: Temporal.DurationLike): void } {
  let at = Temporal.Instant.from(start);
  return {
    now: () => at,
    machineNow: () => at,
    advance: (duration) => {
      at = at.add(duration);
    },
  };
}

function readOffset(file: string): number | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    const offset = typeof parsed === "object" && parsed !== null && "offsetMs" in parsed ? parsed.offsetMs : undefined;
    return typeof offset === "number" && Number.isFinite(offset) ? offset : undefined;
  } catch {
    return undefined;
  }
}
