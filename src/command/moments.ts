import { Temporal } from "temporal-polyfill";
import type { Instant } from "../base/clock.ts";
import { usage } from "./names.ts";

/** Slack's clock, which stamps messages, may be ahead of ours. */
const CLOCKS_DIFFER_MS = 120_000;

/**
 * When something happened, as people type it: `14:30` (the last one there was, in the catalogue's zone),
 * `2021-03-16 14:30`, or an ISO instant. Throws `UserError` for anything else and for what is still to come.
 */
export function momentOf(text: string, now: Instant, zone: string): Instant {
  const at = readMoment(text.trim(), now, zone);
  if (at === null) throw usage(`"${text}" is no time.`, 'Write 14:30, "2021-03-16 14:30" or 2021-03-16T14:30Z.');
  const aheadMs = at.epochMilliseconds - now.epochMilliseconds;
  if (aheadMs > CLOCKS_DIFFER_MS) throw usage(`"${text}" is still to come.`, "Give a time in the past.");
  return aheadMs > 0 ? now : at;
}

function readMoment(text: string, now: Instant, zone: string): Instant | null {
  const clockTime = /^(\d{1,2}):(\d{2})$/.exec(text);
  try {
    if (clockTime !== null) {
      const time = Temporal.PlainTime.from(
        { hour: Number(clockTime[1]), minute: Number(clockTime[2]) },
        { overflow: "reject" },
      );
      const local = now.toZonedDateTimeISO(zone);
      const today = local.withPlainTime(time);
      const past = Temporal.ZonedDateTime.compare(today, local) <= 0;
      return (past ? today : today.subtract({ days: 1 })).toInstant();
    }
    if (/(?:Z|[+-]\d{2}:?\d{2})$/.test(text)) return Temporal.Instant.from(text);
    return Temporal.PlainDateTime.from(text.replace(" ", "T")).toZonedDateTime(zone).toInstant();
  } catch {
    return null;
  }
}

/**
 * A moment to come, as people type it: `05:00` (the next one after `now`, in `zone`), `2026-12-24 17:00`, a day, or an
 * ISO instant. Throws `UserError` for anything else.
 */
export function comingMoment(text: string, now: Instant, zone: string): Instant {
  const clockTime = /^(\d{1,2}):(\d{2})$/.test(text.trim());
  const at = readMoment(text.trim(), now, zone);
  if (at === null) throw usage(`"${text}" is no time.`, 'Write 05:00, "2026-12-24 17:00" or 2026-12-24T17:00Z.');
  return clockTime && at.epochMilliseconds <= now.epochMilliseconds
    ? at.toZonedDateTimeISO(zone).add({ days: 1 }).toInstant()
    : at;
}
