import type { Instant } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Run } from "../jobs/runs.store.ts";
import type { Tx } from "../store/store.ts";
import type { Unstoppable } from "./contract.ts";
import { courseOf, expectedEnd, leftWords, type Usual, usualFor, usualWords } from "./runs-expected.ts";

/** What can be told of a run that cannot be stopped. */
export async function unstoppable(
  tx: Tx,
  run: Run,
  by: { readonly catalogue: Catalogue; readonly now: Instant },
): Promise<Unstoppable> {
  const { catalogue, now } = by;
  const job = catalogue.jobs[run.job];
  const course = courseOf(run, now);
  const usual = course === null ? null : await usualFor(tx, run, catalogue);
  const end = course === null ? null : expectedEnd(course, usual);
  const left = course === null ? null : leftWords(course, usual);
  const readers = job?.readers ?? null;
  const about = {
    title: job?.title ?? run.job,
    environment: run.environment,
    since: run.startedAt,
    zone: catalogue.zone,
  };
  return { left, readers, notice: noticeFor({ ...about, end, now, readers }) };
}

/**
 * A paragraph that needs no knowledge of the job: what goes on, until about when, what is seen meanwhile. It promises
 * nothing that nobody can know.
 */
export function noticeFor(of: {
  readonly title: string;
  readonly environment: string;
  /** `ahead`: it is about to start; null: when it began is not known. */
  readonly since: Instant | "ahead" | null;
  readonly end: Instant | null;
  readonly now: Instant;
  readonly zone: string;
  readonly readers: string | null;
}): string {
  const time = (at: Instant) => `${at.toZonedDateTimeISO(of.zone).toPlainTime().toString().slice(0, 5)} (${of.zone})`;
  const runs =
    of.since === "ahead"
      ? `is about to run in ${of.environment}`
      : `has been running in ${of.environment}${of.since === null ? "" : ` since ${time(of.since)}`}`;
  const ahead = of.end !== null && of.end.epochMilliseconds > of.now.epochMilliseconds ? of.end : null;
  const until =
    ahead === null
      ? "When it ends is not known yet."
      : `It should end at about ${time(ahead)}, in ${lasting(ahead.epochMilliseconds - of.now.epochMilliseconds)}.`;
  const seen =
    of.readers === null ? "Until then data may be missing or out of date." : `Until then: ${sentence(of.readers)}`;
  return `"${of.title}" ${runs} and cannot be stopped before its end. ${until} ${seen} Please don't correct anything by hand meanwhile; we will tell you here when it has ended.`;
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** What is said before a start at a target that cannot be stopped: how long it takes, what is seen, a text to copy. */
export function beforeStart(of: {
  readonly title: string;
  readonly environment: string;
  readonly readers: string | null;
  readonly usual: Usual | null;
  readonly now: Instant;
  readonly zone: string;
}): string[] {
  const { usual, readers } = of;
  const end = usual === null ? null : of.now.add({ milliseconds: Math.round(usual.medianMs) });
  const takes = usual === null ? "How long it takes is not known." : `It ${usualVerb(usual)}.`;
  return [
    `:warning: Once started it cannot be stopped from here. ${takes}`,
    ...(readers === null ? [] : [`Until it has ended: ${sentence(readers)}`]),
    `For its users, to copy: ${noticeFor({ ...of, since: "ahead", end })}`,
  ];
}

const usualVerb = (usual: Usual): string =>
  usual.withinMs === null ? `is ${usualWords(usual)}` : `takes ${usualWords(usual)}`;
