import type { RelationName } from "../config/catalogue.ts";
import type { Fingerprint } from "./fingerprint.ts";
import type { Kin } from "./kin.ts";
import { type Said, saidBy, type Teller } from "./said.ts";

export interface Evidence {
  readonly points: number;
  readonly rule: RelationName;
  readonly why: string;
  /** What both are among: the upstream or the contract that others of the same incident may share with them. */
  readonly among: string | null;
}

/** A teller with when it began and was last said (epoch milliseconds). */
export type Told = Teller & { readonly since: number; readonly last: number };

export const MINUTE = 60_000;
/** What was said so lately is still going on. */
export const ONGOING_MS = 15 * MINUTE;
const LATELY_MS = 60 * MINUTE;

/** Two that are compared, and what both say. */
export interface Pair {
  readonly a: Told;
  readonly b: Told;
  readonly kin: Kin;
  readonly prints: readonly [Fingerprint, Fingerprint];
  readonly said: readonly [Said, Said];
  readonly texts: readonly [string, string];
  /** Points for having begun together. */
  readonly time: number;
  /** The same, and not little while the other still goes on: for what names a particular thing. */
  readonly ongoing: number;
  readonly apartMs: number;
}

export function pairOf(a: Told, b: Told, kin: Kin): Pair {
  const said = [saidBy(a, kin), saidBy(b, kin)] as const;
  const texts = [said[0].text, said[1].text] as const;
  const prints = [said[0].print, said[1].print] as const;
  const time = timePoints(a, b, { kin, prints });
  const apartMs = distance(a, b);
  return {
    a,
    b,
    kin,
    said,
    texts,
    prints,
    time,
    ongoing: Math.max(time, apartMs <= ONGOING_MS ? 15 : apartMs <= LATELY_MS ? 10 : 0),
    apartMs,
  };
}

/** How long after one the other began, or was said while the other still was. */
export function distance(a: Told, b: Told): number {
  if (a.since <= b.last && b.since <= a.last) return 0;
  return a.since > b.last ? a.since - b.last : b.since - a.last;
}

function timePoints(a: Told, b: Told, by: { kin: Kin; prints: Pair["prints"] }): number {
  const onset = Math.abs(a.since - b.since) / MINUTE;
  const near = onset <= 2 ? 25 : onset <= 5 ? 20 : onset <= 10 ? 15 : onset <= 15 ? 10 : onset <= 30 ? 5 : 0;
  return Math.max(near, lateReach(a, b, by) || lateReach(b, a, { ...by, prints: [by.prints[1], by.prints[0]] }));
}

/** A missed deadline is told long after what made the job miss it. */
function lateReach(late: Told, cause: Told, by: { kin: Kin; prints: Pair["prints"] }): number {
  if (late.job === null || !by.prints[0].kinds.has("late") || late.service === null || late.service !== cause.service)
    return 0;
  const before = late.since - cause.since;
  return before >= 0 && before <= by.kin.reachOf(late.job, late.place) ? 15 : 0;
}

export const evidence = (rule: RelationName, points: number, why: string): Evidence => ({
  rule,
  points,
  why,
  among: null,
});
