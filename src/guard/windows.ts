import { Cron } from "croner";
import { Temporal } from "temporal-polyfill";
import type { Instant } from "../base/clock.ts";

/**
 * A stretch of time, or one that comes back. `recurring` begins at each time of its cron in `zone` and lasts `forMs` on
 * the clock on the wall there: five hours from midnight end at 05:00 also in the nights when the clock is changed. It
 * counts only between `from` and `to`. `unreadable`: what was written cannot be understood.
 */
export type Window =
  | { readonly kind: "between"; readonly from: Instant | null; readonly to: Instant | null }
  | {
      readonly kind: "recurring";
      readonly cron: string;
      readonly forMs: number;
      readonly zone: string;
      readonly from: Instant | null;
      readonly to: Instant | null;
    }
  | { readonly kind: "unreadable" };

/** Whether a window is open at an instant, and the first instant at which that is otherwise; null: never. */
export interface Look {
  readonly open: boolean;
  readonly until: Instant | null;
}

/** An end that the clock shows twice: `later` holds through both, `earlier` only to the first. */
export type RepeatedEnd = "later" | "earlier";

/** No zone's clock was ever set back by more in one night, short of moving across the date line. */
const MOST_SET_BACK_MS = 3 * 3_600_000;
/** A cron that fires more often than this within one window of its own is open without a gap. */
const MOST_BEGINNINGS = 5_000;

export function isWithin(bounds: { from: Instant | null; to: Instant | null }, at: Instant): boolean {
  return (bounds.from === null || !before(at, bounds.from)) && (bounds.to === null || before(at, bounds.to));
}

export function lookAt(window: Exclude<Window, { kind: "unreadable" }>, at: Instant, repeated: RepeatedEnd): Look {
  if (window.kind === "recurring") return lookAtRecurring(window, at, repeated);
  if (isWithin(window, at)) return { open: true, until: window.to };
  return { open: false, until: window.from !== null && before(at, window.from) ? window.from : null };
}

function lookAtRecurring(window: Extract<Window, { kind: "recurring" }>, at: Instant, repeated: RepeatedEnd): Look {
  const cron = new Cron(window.cron, { timezone: window.zone, paused: true });
  let last: Instant | null = null;
  let began = cron.nextRun(new Date(at.epochMilliseconds - window.forMs - MOST_SET_BACK_MS));
  for (let seen = 0; began !== null && began.getTime() <= at.epochMilliseconds; seen += 1) {
    if (seen > MOST_BEGINNINGS) return { open: true, until: null };
    const end = endOf(began, window, repeated);
    if (before(at, end) && (last === null || before(last, end))) last = end;
    began = cron.nextRun(began);
  }
  if (last !== null) return { open: true, until: last };
  return { open: false, until: began === null ? null : Temporal.Instant.fromEpochMilliseconds(began.getTime()) };
}

function endOf(began: Date, window: { forMs: number; zone: string }, repeated: RepeatedEnd): Instant {
  const start = Temporal.Instant.fromEpochMilliseconds(began.getTime());
  const wall = start.toZonedDateTimeISO(window.zone).toPlainDateTime().add({ milliseconds: window.forMs });
  const end = wall.toZonedDateTime(window.zone, { disambiguation: repeated }).toInstant();
  // It began in the second of two equal hours: then so does it end.
  return before(start, end) ? end : wall.toZonedDateTime(window.zone, { disambiguation: "later" }).toInstant();
}

/**
 * `2026-11-21T05:00`, a day, or either with an offset or `Z`; without one it is read in `zone`. Throws a `RangeError`
 * for anything else.
 */
export function instantIn(zone: string, text: string, repeated: RepeatedEnd): Instant {
  if (/(Z|[+-]\d\d:?\d\d)$/i.test(text)) return Temporal.Instant.from(text);
  return Temporal.PlainDateTime.from(text).toZonedDateTime(zone, { disambiguation: repeated }).toInstant();
}

export const before = (one: Instant, other: Instant): boolean => one.epochMilliseconds < other.epochMilliseconds;
