import type { Instant } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import type { Problem, Unsure } from "./judge.ts";
import type { Missed } from "./missed.ts";
import type { Limit } from "./usual.ts";

/** What people read of a problem. Sentences that are kept: times are those of the monitor's zone, and say so. */
export interface Told {
  readonly job: string;
  readonly environment: string;
  readonly zone: string;
  readonly tooFastMs: number | null;
  readonly minRows: number | null;
  readonly limit: Limit | null;
  /** `03:45`: when what it writes is read. */
  readonly before: string | null;
  /** Slots of which the same is missing; null: this one alone. */
  readonly missed: Missed | null;
  /** When it is told. */
  readonly now: Instant;
}

/**
 * `ndw-etl has not finished in prod, 25 min before the load at 03:45: started 02:00:04, due by 03:20 (Europe/London)`. What
 * matters first: a thread's headline is cut.
 */
export function titleOf(problem: Problem, told: Told): string {
  const { job, environment: place, zone, now } = told;
  const { execution, at, slot } = problem;
  const day = (instant: Instant) => clock(instant, zone, now);
  const where = `${place}${loadWords(problem, told)}`;
  const which = execution === null ? "" : named(execution);
  const scheduled =
    told.missed === null
      ? `scheduled for ${day(slot?.at ?? at)}, `
      : `missed ${told.missed.times} times, since ${day(told.missed.since)}, `;
  const last = told.missed === null ? "" : "last ";
  const somewhere = execution?.unsure?.among.join(" or ") ?? place;
  if (problem.unsure != null && (problem.what === "not_started" || problem.what === "not_finished")) {
    const verb = problem.what === "not_started" ? "started" : "finished";
    const times = told.missed === null ? "" : scheduled;
    return `${job} may not have ${verb} in ${where}: ${unsureWords(problem.unsure, { ...told, verb })}; ${times}${last}due by ${day(at)} (${zone})`;
  }
  switch (problem.what) {
    case "not_started":
      return `${job} has not started in ${where}: ${scheduled}${last}due by ${day(at)} (${zone})`;
    case "not_finished": {
      if (execution === null) {
        return `${job} has not run in ${where}: ${scheduled}${last}to be finished by ${day(at)} (${zone}), and no start was heard`;
      }
      const since = told.missed === null ? "" : scheduled;
      if (execution.outcome === "running") {
        const more = problem.others === 0 ? "" : `, and ${problem.others} more of it run`;
        return `${job} has not finished in ${where}: ${since}started ${seconds(execution.startedAt ?? at, zone, now)}${which}${more}, ${last}due by ${day(at)} (${zone})`;
      }
      const end = execution.endedAt ?? at;
      const how = execution.outcome === "failed" ? "failed" : "ended without a word";
      return `${job} has not finished in ${where}: ${since}it ${how} at ${day(end)}${which}, ${last}due by ${day(at)} (${zone})`;
    }
    case "overrun": {
      const begun = execution?.startedAt ?? at;
      const because = told.limit === null ? "" : ` (${told.limit.because})`;
      return `${job} runs too long in ${somewhere}: for ${lasting(between(begun, now))}${because}, since ${seconds(begun, zone, now)} (${zone})${which}`;
    }
    case "too_fast": {
      const lasted = lasting(between(execution?.startedAt ?? at, at));
      return `${job} finished too fast in ${somewhere}: in ${lasted}, at least ${lasting(told.tooFastMs ?? 0)} are expected${which}`;
    }
    case "too_few":
      return `${job} finished with too few rows in ${somewhere}: ${count(execution?.rows ?? 0)}, at least ${count(told.minRows ?? 0)} are expected${which}`;
    case "no_start":
      return `${job} finished in ${somewhere} at ${day(at)} (${zone})${which}, and its start was never heard`;
  }
}

/** `one of prod, nimdta finished at 02:20; which one is not known` */
function unsureWords(unsure: Unsure, { zone, now, verb }: Told & { readonly verb: string }): string {
  const { times, among, last } = unsure;
  const places = among.join(", ");
  const at = clock(last, zone, now);
  return times === 1
    ? `one of ${places} ${verb} at ${at}; which one is not known`
    : `${times} of ${places} ${verb}, the last at ${at}; which ones is not known`;
}

function loadWords({ slot }: Problem, { before, now }: Told): string {
  if (slot?.beforeAt == null || before === null) return "";
  const left = between(now, slot.beforeAt);
  // Found within its minute: what is to begin now is in no time, not over.
  return left >= -60_000
    ? `, ${minutesOf(left)} before the load at ${before}`
    : `, ${lasting(-left)} after the load at ${before}`;
}

const named = ({ run, rid }: { run: number | null; rid: string | null }): string =>
  run !== null ? ` as run ${run}` : rid !== null ? ` (${rid})` : "";

const between = (from: Instant, to: Instant): number => to.epochMilliseconds - from.epochMilliseconds;
const minutesOf = (ms: number): string => (ms < 60_000 ? "0 min" : lasting(ms));
const count = (number: number): string => number.toLocaleString("en-GB");

/** `02:00`, with its day where that is not the reader's: `16 Jan 02:00`. */
export function clock(at: Instant, zone: string, now: Instant): string {
  return dayOf(at, zone, now) + at.toZonedDateTimeISO(zone).toPlainTime().toString({ smallestUnit: "minute" });
}

export function seconds(at: Instant, zone: string, now: Instant): string {
  return dayOf(at, zone, now) + at.toZonedDateTimeISO(zone).toPlainTime().toString({ smallestUnit: "second" });
}

const FAR_MS = 18 * 3_600_000;

function dayOf(at: Instant, zone: string, now: Instant): string {
  if (Math.abs(between(at, now)) < FAR_MS) return "";
  const day = at.toZonedDateTimeISO(zone);
  return `${day.day} ${day.toLocaleString("en-GB", { month: "short" })} `;
}
