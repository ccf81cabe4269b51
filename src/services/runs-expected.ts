import type { Instant } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Run, RunKind } from "../jobs/runs.store.ts";
import type { Db } from "../store/store.ts";

/** So many proved runs say better than the catalogue how long it takes. */
const ENOUGH = 3;
const LOOKED_AT = 20;
/** From here on, what this run has done says more than what others took. */
const HALF_WAY = 0.5;

/** How long such runs take, in milliseconds. `within`: nine of ten end by then; null: only the catalogue says anything. */
export interface Usual {
  readonly medianMs: number;
  readonly withinMs: number | null;
}

/** A past run: how long it took, and whether it had the same parameters. */
export interface Took {
  readonly ms: number;
  readonly alike: boolean;
}

/**
 * What past runs say, those with the same parameters first; with too few, what the catalogue declares. Null: nobody
 * knows.
 */
export function usualOf(took: readonly Took[], declaredMs: number | null): Usual | null {
  const alike = took.filter((one) => one.alike);
  const best = alike.length >= ENOUGH ? alike : took;
  if (best.length >= ENOUGH) {
    const sorted = best.map(({ ms }) => ms).sort((a, b) => a - b);
    return { medianMs: percentile(sorted, 0.5), withinMs: percentile(sorted, 0.9) };
  }
  return declaredMs === null ? null : { medianMs: declaredMs, withinMs: null };
}

/** The smallest of the sorted values that at least this share of them does not exceed. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

export interface Course {
  readonly startedAt: Instant;
  readonly now: Instant;
  /** Not counted: for so long it stood still. */
  readonly pausedMs: number;
  readonly progress: Run["progress"];
}

/** How long the whole takes, paused time aside: from half-way on by its own pace, before that as usual. */
export function wholeMs(course: Course, usual: Usual | null): number | null {
  const share = shareDone(course.progress);
  const elapsed = elapsedMs(course);
  if (share !== null && share >= HALF_WAY && elapsed > 0) return Math.round(elapsed / share);
  return usual?.medianMs ?? null;
}

/** The instant at which it should end; in the past when it is over its time. */
export function expectedEnd(course: Course, usual: Usual | null): Instant | null {
  const whole = wholeMs(course, usual);
  return whole === null ? null : course.startedAt.add({ milliseconds: Math.round(whole + course.pausedMs) });
}

/** What is done of the whole, 0 to 1, by stages and counts; null when neither is told. */
export function shareDone(progress: Run["progress"]): number | null {
  if (progress === null) return null;
  const { stage, stages, done, total } = progress;
  const counted = done === undefined || total === undefined || total <= 0 ? null : clamp(done / total);
  if (stage === undefined || stages === undefined || stages <= 1) return counted;
  return clamp((Math.max(0, stage - 1) + (counted ?? 0)) / stages);
}

const clamp = (share: number): number => Math.min(1, Math.max(0, share));

const elapsedMs = ({ startedAt, now, pausedMs }: Course): number =>
  Math.max(0, now.epochMilliseconds - startedAt.epochMilliseconds - pausedMs);

/** `about 12 min to go (usually 18 min, 9 of 10 within 25 min)`; null when nobody knows. */
export function leftWords(course: Course, usual: Usual | null): string | null {
  const whole = wholeMs(course, usual);
  if (whole === null) return null;
  const elapsed = elapsedMs(course);
  const left = whole - elapsed;
  const beside = usual === null ? "" : ` (${usualWords(usual)})`;
  if (left > 0) return `about ${lasting(left)} to go${beside}`;
  const over = `${lasting(-left)} longer than usual`;
  const late = usual?.withinMs != null && elapsed > usual.withinMs ? "; 9 of 10 had ended by now" : "";
  return `${over}${beside}${late}`;
}

/** `usually 18 min, 9 of 10 within 25 min` */
export function usualWords({ medianMs, withinMs }: Usual): string {
  const within =
    withinMs === null || lasting(withinMs) === lasting(medianMs) ? "" : `, 9 of 10 within ${lasting(withinMs)}`;
  return withinMs === null ? `expected to take ${lasting(medianMs)}` : `usually ${lasting(medianMs)}${within}`;
}

/** What is compared: runs of the same job, environment and kind. */
export interface Like {
  readonly job: string;
  readonly environment: string;
  readonly kind: RunKind;
  readonly parameters: Run["parameters"];
}

/** How long runs like this one take: by the last proved successes, else by the catalogue. */
export async function usualFor(db: Db, like: Like, catalogue: Pick<Catalogue, "jobs">): Promise<Usual | null> {
  const declaredMs = like.kind === "run" ? (catalogue.jobs[like.job]?.expect.durationMs ?? null) : null;
  const rows = await db
    .selectFrom("runs")
    .select(["started_at", "finished_at", "paused_ms", "parameters"])
    .where("job", "=", like.job)
    .where("environment", "=", like.environment)
    .where("kind", "=", like.kind)
    .where("state", "=", "succeeded")
    .where("proved", "=", true)
    .where("resume_of", "is", null)
    .orderBy("id", "desc")
    .limit(LOOKED_AT)
    .execute();
  const own = canonical(like.parameters);
  const took = rows.flatMap(({ started_at: from, finished_at: to, paused_ms: pausedMs, parameters }): Took[] =>
    from === null || to === null
      ? []
      : [
          {
            ms: Math.max(0, to.epochMilliseconds - from.epochMilliseconds - pausedMs),
            alike: canonical(parameters) === own,
          },
        ],
  );
  return usualOf(took, declaredMs);
}

/** One text for equal parameters, whatever their order. */
function canonical(parameters: unknown): string {
  if (typeof parameters !== "object" || parameters === null) return JSON.stringify(parameters);
  return JSON.stringify(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where this run is in its course; null while it does not run, or nobody knows whether it does. */
export function courseOf(run: Run, now: Instant): Course | null {
  if (run.startedAt === null || run.state !== "running") return null;
  return { startedAt: run.startedAt, now, pausedMs: run.pausedMs, progress: run.progress };
}

/**
 * How much longer this run should take, as a sentence. Null when nobody can say, or nobody knows whether it runs.
 */
export async function timeLeft(
  db: Db,
  run: Run,
  by: { readonly catalogue: Pick<Catalogue, "jobs">; readonly now: Instant },
): Promise<string | null> {
  const course = courseOf(run, by.now);
  if (course === null) return null;
  const words = leftWords(course, await usualFor(db, run, by.catalogue));
  return words === null ? null : `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
