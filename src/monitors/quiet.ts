import { Temporal } from "temporal-polyfill";
import type { Instant } from "../base/clock.ts";

/** `22:00-06:30`, read on the wall clock of a zone; one that ends before it begins goes over midnight. */
export const QUIET = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

/** When the quiet hours end that hold at `at`, those that follow without a gap together; null: none hold. */
export function quietUntil(quiet: readonly string[], at: Instant, zone: string): Instant | null {
  let until: Instant | null = null;
  // Each window may begin where another ends; more changes than windows would be a whole day of quiet.
  for (let windows = 0; windows <= quiet.length; windows += 1) {
    const from: Instant = until ?? at;
    const end = quiet.map((window) => endIfWithin(window, from, zone)).find((one) => one !== null);
    if (end === undefined || end === null) return until;
    until = end;
  }
  return until;
}

function endIfWithin(window: string, at: Instant, zone: string): Instant | null {
  const match = QUIET.exec(window);
  if (match === null) return null;
  const [begin = 0, end = 0] = [minutes(match[1], match[2]), minutes(match[3], match[4])];
  const local = at.toZonedDateTimeISO(zone);
  const now = local.hour * 60 + local.minute;
  const overnight = end <= begin;
  const within = overnight ? now >= begin || now < end : now >= begin && now < end;
  if (!within) return null;
  const days = overnight && now >= begin ? 1 : 0;
  const time = Temporal.PlainTime.from({ hour: Math.floor(end / 60), minute: end % 60 });
  const ends = local.toPlainDate().add({ days }).toPlainDateTime(time).toZonedDateTime(zone).toInstant();
  // The clock was put back meanwhile: the minute that ends it has been, and comes again.
  return ends.epochMilliseconds > at.epochMilliseconds ? ends : at.add({ minutes: 1 });
}

const minutes = (hours = "0", rest = "0"): number => Number(hours) * 60 + Number(rest);
