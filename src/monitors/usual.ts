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
    return { ms: expectedMs * 2, because: `${spell(expectedMs)} are expected` };
  }
  const median = newest[Math.floor((newest.length - 1) / 2)] ?? 0;
  const place = Math.ceil(newest.length * 0.95);
  const most = newest[place - 1] ?? 0;
  const ms = Math.max(most * FACTOR, most + LEAST_MORE_MS);
  return { ms, because: `usually ${spell(median)}, ${place} of ${newest.length} within ${spell(most)}` };
}

/** `45 s`, `18 min`, `1 h 05 min`, `2 d 3 h` */
export function spell(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  const two = (number: number) => String(number).padStart(2, "0");
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${two(minutes % 60)} min`;
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
