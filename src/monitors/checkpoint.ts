import type { Instant } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import type { CheckpointMonitor, Severity } from "../config/catalogue.ts";
import { earliest } from "./judge.ts";
import { clock } from "./words.ts";

/** Where a follower stands, as it was last told. */
export interface Place {
  /** The instant in the log up to which it has read; null: it never said. */
  readonly placeAt: Instant | null;
  readonly position: string | null;
  readonly toldAt: Instant | null;
  readonly movedAt: Instant | null;
  /** Runs of its job that succeeded since it moved. */
  readonly successes: number;
  /** Why it could not be asked; null: it could. */
  readonly trouble: string | null;
}

/** 0: well · 1: warn · 2: page · 3: lost, what it has not read may be gone from the log. */
export type Level = 0 | 1 | 2 | 3;

export const LEVEL_SEVERITY: Readonly<Record<1 | 2 | 3, Severity>> = { 1: "sev3", 2: "sev2", 3: "sev2" };

type Limits = Pick<CheckpointMonitor, "retention" | "warn" | "page">;

/**
 * How near its place is to the end of the log. A place that was never told is as old as the watch over it. It ages whether
 * or not anything happens in the stream: what keeps a place alive is that it moves, be it by a heartbeat.
 */
export function levelAt(place: Pick<Place, "placeAt">, limits: Limits, at: { now: Instant; knownAt: Instant }): Level {
  const age = ageMs(place, at);
  if (age >= limits.retention) return 3;
  if (age >= limits.page * limits.retention) return 2;
  return age >= limits.warn * limits.retention ? 1 : 0;
}

export function ageMs({ placeAt }: Pick<Place, "placeAt">, at: { now: Instant; knownAt: Instant }): number {
  return Math.max(0, at.now.epochMilliseconds - (placeAt ?? at.knownAt).epochMilliseconds);
}

/** When it will be a level worse if it is not heard of again; null: it cannot be worse. */
export function worseAt(
  place: Pick<Place, "placeAt">,
  limits: Limits,
  at: { now: Instant; knownAt: Instant },
): Instant | null {
  const from = place.placeAt ?? at.knownAt;
  const ahead = [limits.warn, limits.page, 1]
    .map((share) => from.add({ milliseconds: Math.ceil(share * limits.retention) }))
    .filter((one) => one.epochMilliseconds > at.now.epochMilliseconds);
  return earliest(ahead);
}

/** When that level was reached: its deadline. */
export function reachedAt(
  place: Pick<Place, "placeAt">,
  limits: Limits,
  of: { level: Level; knownAt: Instant },
): Instant {
  const share = of.level === 3 ? 1 : of.level === 2 ? limits.page : limits.warn;
  return (place.placeAt ?? of.knownAt).add({ milliseconds: Math.ceil(share * limits.retention) });
}

/** Successes that move nothing are a sign of their own only when there were some. */
const SUCCESSES_SAID = 3;

/** `Checkpoint of reval-cdc in prod is 1 h 30 min old, half of the 3 h that its log keeps: …` */
export function checkpointTitle(
  about: { name: string; environment: string; zone: string; place: Place; level: Level } & Limits,
  at: { now: Instant; knownAt: Instant },
): string {
  const { name, environment, zone, place, level, retention } = about;
  const share = Math.floor((ageMs(place, at) / retention) * 100);
  const age = lasting(ageMs(place, at));
  const kept = `${share} % of the ${lasting(retention)} that its log keeps`;
  const since = place.placeAt === null ? null : clock(place.placeAt, zone, at.now);
  const where =
    since === null
      ? `${name} in ${environment} has not told its place for ${age}, ${kept}`
      : `The place of ${name} in ${environment} is ${age} old, ${kept}: it stands at ${since} (${zone})`;
  if (level === 0) {
    return since === null
      ? `${name} in ${environment} is watched again`
      : `${name} in ${environment} moves again: it stands at ${since} (${zone})`;
  }
  if (level === 3) {
    const from = since === null ? "an unknown place" : since;
    const lost = clock(at.now.subtract({ milliseconds: retention }), zone, at.now);
    return `${name} in ${environment} has lost its place: it stands at ${from}, and its log keeps only what is newer than ${lost} (${zone}). What changed in between is read by nobody until it is reset and resynced`;
  }
  return where;
}

/** What else is known, for the line below the title. */
export function checkpointDetail(about: {
  name: string;
  job: string | null;
  place: Place;
  level: Level;
  reset: boolean;
  environment: string;
}): string {
  const { place, job, level } = about;
  return [
    place.trouble === null ? "" : `It could not be asked: ${place.trouble}.`,
    job !== null && place.successes >= SUCCESSES_SAID
      ? `${place.successes} runs of ${job} succeeded since, and none moved it.`
      : "",
    about.reset && level >= 2
      ? `\`/sync reset-checkpoint ${about.name} ${about.environment}\` shows the gap and asks before it resets.`
      : "",
  ]
    .filter((sentence) => sentence !== "")
    .join(" ");
}
