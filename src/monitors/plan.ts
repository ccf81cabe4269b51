import { createHash } from "node:crypto";
import type { Instant } from "../base/clock.ts";
import type { Monitor, ScheduleMonitor } from "../config/catalogue.ts";
import type { Slot } from "./judge.ts";
import { nextOccurrence, nextWallTime, occurrences } from "./schedule.ts";

/** What was missed while nobody looked is caught up on for so long, and for so many times of a schedule. */
const LOOK_BACK_MS = 48 * 3_600_000;
const MOST_MISSED = 200;
const MOST_IN_LOOK_BACK = 200_000;

/** Those after `planned` up to now, and the next one: a slot is known before its time comes. */
export function slotsToPlan(monitor: ScheduleMonitor, at: { planned: Instant; now: Instant }): Slot[] {
  const { now } = at;
  const schedule = { cron: monitor.schedule, zone: monitor.zone };
  const since = now.subtract({ milliseconds: LOOK_BACK_MS });
  const from = at.planned.epochMilliseconds < since.epochMilliseconds ? since : at.planned;
  if (from.epochMilliseconds > now.epochMilliseconds) return [];
  const missed = occurrences(schedule, { from, to: now, most: MOST_IN_LOOK_BACK }).slice(-MOST_MISSED);
  const next = nextOccurrence(schedule, now);
  return [...missed, ...(next === null ? [] : [next])].map((one) => slotAt(monitor, one));
}

/** The deadlines of one time of its schedule. What is read at `before` has to be finished by then at the latest. */
export function slotAt(monitor: ScheduleMonitor, at: Instant): Slot {
  const { startBy, finishBy, before, zone } = monitor;
  const beforeAt = before === undefined ? null : nextWallTime(before, at, zone);
  const finishAt = finishBy === undefined ? null : at.add({ milliseconds: finishBy });
  const beforeIsFirst =
    beforeAt !== null && (finishAt === null || beforeAt.epochMilliseconds < finishAt.epochMilliseconds);
  return {
    at,
    startByAt: startBy === undefined ? null : at.add({ milliseconds: startBy }),
    finishByAt: beforeIsFirst ? beforeAt : finishAt,
    beforeAt,
  };
}

/** What a monitor watches: another job or environment is another monitor. And what it expects of it. */
export function digestOf(monitor: Monitor): string {
  const watched = "checkpoint" in monitor ? `place of ${monitor.service}` : monitor.job;
  const hash = createHash("sha256").update(JSON.stringify(monitor)).digest("base64url").slice(0, 16);
  return `${watched} in ${monitor.environment} ${hash}`;
}

export const sameWatched = (one: string, other: string): boolean =>
  one.slice(0, one.lastIndexOf(" ")) === other.slice(0, other.lastIndexOf(" "));
