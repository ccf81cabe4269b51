import { Cron } from "croner";
import { Temporal } from "temporal-polyfill";
import type { Instant } from "../base/clock.ts";

/** When something is scheduled: a cron of five or six fields, read on the wall clock of `zone`. */
export interface Schedule {
  readonly cron: string;
  readonly zone: string;
}

/** No zone's clock is changed by more at once, short of moving across the date line. */
const MOST_CHANGED_MS = 3 * 3_600_000;

/**
 * The times of a schedule after `from` and up to `to`, at most `most`, oldest first. In the nights when the clock is changed:
 * a time that the clock skips is due as much later as the clock was put forward (01:30 at 02:30); one that it shows twice is
 * due at the first. A schedule whose hours are `*` counts hours that pass, not hours that are shown: it is due in both of
 * two equal hours, and skips what is skipped.
 */
export function occurrences(schedule: Schedule, range: { from: Instant; to: Instant; most: number }): Instant[] {
  const { from, to, most } = range;
  const { zone } = schedule;
  const wall = (at: Instant) => Date.parse(`${at.toZonedDateTimeISO(zone).toPlainDateTime().toString()}Z`);
  const last = wall(to) + MOST_CHANGED_MS;
  const everyHour = hoursOf(schedule.cron).includes("*");
  // On a clock that is never changed: what is skipped and what is shown twice is decided below.
  const cron = new Cron(schedule.cron, { timezone: "UTC", paused: true });
  const found = new Map<number, Instant>();
  let shown = cron.nextRun(new Date(wall(from) - MOST_CHANGED_MS));
  for (; shown !== null && shown.getTime() <= last; shown = cron.nextRun(shown)) {
    for (const at of instantsOf(shown, zone, everyHour)) {
      const ms = at.epochMilliseconds;
      if (ms > from.epochMilliseconds && ms <= to.epochMilliseconds) found.set(ms, at);
    }
    // What comes later on the wall may come earlier in time by no more than a change of the clock.
    if (found.size >= most + 200) break;
  }
  return [...found.values()].sort((a, b) => a.epochMilliseconds - b.epochMilliseconds).slice(0, most);
}

/** The first time after `from`, within `HORIZON`; null: it never comes. */
export function nextOccurrence(schedule: Schedule, from: Instant): Instant | null {
  for (const days of [2, 40, 400, 1_500]) {
    const to = from.add({ hours: days * 24 });
    const [first] = occurrences(schedule, { from, to, most: 1 });
    if (first !== undefined) return first;
  }
  return null;
}

/** The next instant, not before `from`, at which the clock of `zone` shows `time` (`03:45`). */
export function nextWallTime(time: string, from: Instant, zone: string): Instant {
  const local = from.toZonedDateTimeISO(zone);
  for (const days of [0, 1]) {
    const at = local
      .toPlainDate()
      .add({ days })
      .toPlainDateTime(Temporal.PlainTime.from(time))
      .toZonedDateTime(zone)
      .toInstant();
    if (at.epochMilliseconds >= from.epochMilliseconds) return at;
  }
  return from.add({ hours: 24 });
}

function instantsOf(shown: Date, zone: string, everyHour: boolean): Instant[] {
  const wall = Temporal.PlainDateTime.from(shown.toISOString().slice(0, 19));
  const first = wall.toZonedDateTime(zone, { disambiguation: "earlier" });
  const second = wall.toZonedDateTime(zone, { disambiguation: "later" });
  if (first.epochMilliseconds === second.epochMilliseconds) return [first.toInstant()];
  const skipped = !first.toPlainDateTime().equals(wall);
  if (skipped) return everyHour ? [] : [second.toInstant()];
  return everyHour ? [first.toInstant(), second.toInstant()] : [first.toInstant()];
}

function hoursOf(cron: string): string {
  const fields = cron.trim().split(/\s+/);
  return (fields.length === 6 ? fields[2] : fields[1]) ?? "*";
}
