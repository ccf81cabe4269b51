import type { Instant } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Run } from "../jobs/runs.store.ts";
import type { Tx } from "../store/store.ts";

/** So many proved runs say better than the catalogue how long it takes. */
const ENOUGH = 3;
const LOOKED_AT = 9;

/**
 * How much longer this run should take, as a sentence: by what its last proved runs took, else by the catalogue. Null
 * when neither says, or nobody knows whether it runs.
 */
export async function timeLeft(
  tx: Tx,
  run: Run,
  by: { readonly catalogue: Catalogue; readonly now: Instant },
): Promise<string | null> {
  if (run.startedAt === null || run.state !== "running") return null;
  const usualMs = (await usualDurationMs(tx, run)) ?? by.catalogue.jobs[run.job]?.expect.durationMs ?? null;
  if (usualMs === null) return null;
  const leftMs = run.startedAt.epochMilliseconds + usualMs - by.now.epochMilliseconds;
  const usual = `It usually takes ${lasting(usualMs)}`;
  return leftMs > 0 ? `${usual}: about ${lasting(leftMs)} to go.` : `${usual} and is ${lasting(-leftMs)} over that.`;
}

/** The middle one of the last proved successes, in milliseconds; null when there were too few. */
async function usualDurationMs(tx: Tx, run: Run): Promise<number | null> {
  const rows = await tx
    .selectFrom("runs")
    .select(["started_at", "finished_at"])
    .where("job", "=", run.job)
    .where("environment", "=", run.environment)
    .where("state", "=", "succeeded")
    .where("proved", "=", true)
    .where("started_at", "is not", null)
    .where("finished_at", "is not", null)
    .orderBy("id", "desc")
    .limit(LOOKED_AT)
    .execute();
  const took = rows
    .flatMap(({ started_at: from, finished_at: to }) =>
      from === null || to === null ? [] : [to.epochMilliseconds - from.epochMilliseconds],
    )
    .sort((a, b) => a - b);
  return took.length < ENOUGH ? null : (took[Math.floor(took.length / 2)] ?? null);
}

/** `40 s`, `12 min`, `2 h 5 min` */
export function lasting(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
