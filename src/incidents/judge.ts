import type { Kin } from "./kin.ts";
import { distance, type Evidence, evidence, pairOf, type Told } from "./pair.ts";
import { afterJob, ofCommonUpstream, ofService, ofUpstream, sameContract, sameError } from "./reasons.ts";
import { saidBy } from "./said.ts";

/** So many points make it one trouble. No single piece of weak evidence brings them, and time alone never does. */
export const ENOUGH = 100;

/** Longer than this after the last word of it nothing is the same trouble, whatever it says. */
const RUN_MS = 24 * 3_600_000;
const JOB_MS = 4 * 3_600_000;

/** What two tell of each other, or null when they cannot belong together. The order of the two does not count. */
export function judge(signal: Told, trace: Told, kin: Kin): Evidence | null {
  const places = togetherIn(signal.place, trace.place, kin);
  if (places === "apart") return null;
  const sure = surely(signal, trace, { kin, places });
  if (sure !== null || places === "maybe") return sure;
  const pair = pairOf(signal, trace, kin);
  const found = [
    sameContract(pair),
    sameError(pair),
    ofUpstream(pair),
    ofCommonUpstream(pair),
    afterJob(pair),
    ofService(pair),
  ];
  // The first that is enough says it best: the same words tell more than the same place.
  const enough = found.find((one) => one !== null && one.points >= ENOUGH);
  if (enough !== undefined) return enough;
  return found.reduce((best, one) => (one !== null && (best === null || one.points > best.points) ? one : best), null);
}

/** `nimdta|prod` of a sender that does not say which: see `environmentPart` of folding.ts. */
export function placeOf(signal: {
  readonly environment: string | null;
  readonly environments: readonly string[];
}): string {
  return signal.environment ?? [...signal.environments].sort().join("|");
}

/**
 * `same`: one environment, or the same candidates. `maybe`: one may be the other's; only what is certain joins them, and
 * never what a protected environment might get from one that is not.
 */
function togetherIn(a: string, b: string, kin: Kin): "same" | "maybe" | "apart" {
  if (a === "" || b === "") return "apart";
  const [mine, others] = [a.split("|"), b.split("|")];
  const all = [...mine, ...others];
  if (!all.every((one) => kin.isProtected(one) === kin.isProtected(all[0] ?? ""))) return "apart";
  if (a === b) return "same";
  if (mine.length === 1 && others.length === 1) return "apart";
  return mine.some((one) => others.includes(one)) ? "maybe" : "apart";
}

/** What needs no second reason: one execution, one job. */
function surely(a: Told, b: Told, by: { kin: Kin; places: "same" | "maybe" }): Evidence | null {
  const apartMs = distance(a, b);
  const sameJob = a.job !== null && a.job === b.job;
  if (a.rid !== null && a.rid === b.rid && apartMs <= RUN_MS) {
    const own = sameJob || (a.service !== null && a.service === b.service) || isLong(a.rid);
    const others = a.job !== null && b.job !== null && a.job !== b.job;
    if (own && !others) return evidence("same-run", 140, `the same run ${a.rid}`);
  }
  if (sameJob && apartMs <= JOB_MS) return evidence("same-job", 130, `the same job ${a.job} in ${placeWords(a.place)}`);
  if (by.places === "maybe") return null;
  for (const [speaker, other] of [
    [a, b],
    [b, a],
  ] as const) {
    if (other.job === null || sameJob || apartMs > by.kin.reachOf(other.job, a.place)) continue;
    if (!saidBy(speaker, by.kin).jobs.has(other.job)) continue;
    return evidence("same-job", 120, `it speaks of the job ${other.job} in ${placeWords(a.place)}`);
  }
  return null;
}

/** An id that nobody else uses; not a number or a day. */
const isLong = (rid: string): boolean => rid.length >= 10 && !/^[\d:TZ.-]+$/.test(rid);

const placeWords = (place: string): string => place.split("|").join(" or ");
