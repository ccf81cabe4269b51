import { lasting } from "../base/duration.ts";

/** How long executions of a job take, by those before. */
export interface Limit {
  /** An execution that runs for longer ran too long. */
  readonly ms: number;
  /** By what: `usually 18 min, 19 of 20 within 25 min`. */
  readonly because: string;
}

const LEAST = 5;
const MOST = 20;
const FACTOR = 1.5;
/** A job of seconds is not late by a second. */
const LEAST_MORE_MS = 60_000;

/**
 * One and a half times what 95 of 100 of the last twenty successful executions took, and a minute more than that at least. With
 * fewer than five of them, twice what the catalogue expects; else nobody can say.
 */
export function limitOf(durationsMs: readonly number[], expectedMs: number | null): Limit | null {
  const newest = durationsMs.slice(-MOST).sort((a, b) => a - b);
  if (newest.length < LEAST) {
    if (expectedMs === null) return null;
    return { ms: expectedMs * 2, because: `${lasting(expectedMs)} are expected` };
  }
  const median = newest[Math.floor((newest.length - 1) / 2)] ?? 0;
  const place = Math.ceil(newest.length * 0.95);
  const most = newest[place - 1] ?? 0;
  const ms = Math.max(most * FACTOR, most + LEAST_MORE_MS);
  return { ms, because: `usually ${lasting(median)}, ${place} of ${newest.length} within ${lasting(most)}` };
}
