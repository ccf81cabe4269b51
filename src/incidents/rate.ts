import type { Instant } from "../base/clock.ts";

/** Signals by minute (epoch minutes as text, as jsonb keeps keys). */
export type Rate = Readonly<Record<string, number>>;

/** Minutes that are kept, the newest: an incident that fires for days keeps its row small. */
const MOST_MINUTES = 180;

/** Counts one more signal in the minute of `at`. A minute older than all that are kept is not counted. */
export function countIn(rate: Rate, at: Instant): Rate {
  const minute = minuteOf(at);
  const counted: Record<string, number> = { ...rate, [minute]: (rate[minute] ?? 0) + 1 };
  return newest(counted);
}

/** Both together. */
export function sumOf(a: Rate, b: Rate): Rate {
  const minutes = new Set([...Object.keys(a), ...Object.keys(b)]);
  return newest(Object.fromEntries([...minutes].map((minute) => [minute, (a[minute] ?? 0) + (b[minute] ?? 0)])));
}

/** What is left of `rate` without what `part` counts. */
export function without(rate: Rate, part: Rate): Rate {
  const left = Object.entries(rate).map(([minute, count]) => [minute, count - (part[minute] ?? 0)] as const);
  return Object.fromEntries(left.filter(([, count]) => count > 0));
}

function newest(rate: Rate): Rate {
  const minutes = Object.keys(rate).map(Number);
  if (minutes.length <= MOST_MINUTES) return rate;
  const kept = minutes.sort((a, b) => b - a).slice(0, MOST_MINUTES);
  return Object.fromEntries(kept.map((kept) => [kept, rate[kept] ?? 0]));
}

/**
 * `points` sums for a sparkline, oldest first, the last one ending with the minute of `until`. Each point covers as many
 * minutes as it takes to reach back to `since`, at least one, at most what is kept.
 */
export function seriesOf(rate: Rate, span: { since: Instant; until: Instant; points: number }): number[] {
  const last = minuteOf(span.until);
  const minutes = Math.min(MOST_MINUTES, Math.max(1, last - minuteOf(span.since) + 1));
  const width = Math.max(1, Math.ceil(minutes / span.points));
  const series = new Array<number>(span.points).fill(0);
  for (const [minute, count] of Object.entries(rate)) {
    const back = Math.floor((last - Number(minute)) / width);
    const index = span.points - 1 - back;
    if (index >= 0 && index < span.points) series[index] = (series[index] ?? 0) + count;
  }
  return series;
}

const minuteOf = (at: Instant): number => Math.floor(at.epochMilliseconds / 60_000);
