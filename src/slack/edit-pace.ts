import type { Instant } from "../base/clock.ts";
import type { PostRow } from "./posts.store.ts";

/** An edit tells nobody anything; too many only cost calls. */
const EDIT_EVERY_MS = 3_000;
/** What only counts upward is edited less often the longer it goes on, up to this. */
const COUNT_EDIT_LONGEST_MS = 9_000;
/** In a storm at 3, 6, 12 s, and then so often, until it has settled. */
const STORM_EDIT_LONGEST_MS = 12_000;

/** Counts go up fast: edited seldom, and once more as soon as nothing has come until `settlesAt` (machine time). */
export interface Storm {
  readonly settlesAt: Instant;
}

/**
 * 3 s after the last edit; counts that only grow later and later. In a storm they wait even longer while they run, and
 * are made right at once when it is over.
 */
export function nextEditAt(
  known: Pick<PostRow, "editedAt" | "sentAt" | "gistHash">,
  { gistHash, storm }: { gistHash: string | null; storm: Storm | undefined },
  now: Instant,
): Instant {
  const last = known.editedAt ?? known.sentAt;
  const soonest = last.add({ milliseconds: EDIT_EVERY_MS });
  if (gistHash === null || gistHash !== known.gistHash) return soonest;
  const ageMs = now.epochMilliseconds - known.sentAt.epochMilliseconds;
  const pauseMs = (growingMs: number, longestMs: number) =>
    Math.min(longestMs, Math.max(EDIT_EVERY_MS, Math.floor(growingMs)));
  if (storm === undefined) return last.add({ milliseconds: pauseMs(ageMs / 3, COUNT_EDIT_LONGEST_MS) });
  const lastAgeMs = last.epochMilliseconds - known.sentAt.epochMilliseconds;
  const running = last.add({ milliseconds: pauseMs(lastAgeMs, STORM_EDIT_LONGEST_MS) });
  const settled = isBefore(storm.settlesAt, soonest) ? soonest : storm.settlesAt;
  return isBefore(settled, running) ? settled : running;
}

export const isBefore = (one: Instant, other: Instant): boolean => one.epochMilliseconds < other.epochMilliseconds;
