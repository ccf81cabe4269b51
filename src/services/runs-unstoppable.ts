import type { Instant } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Run } from "../jobs/runs.store.ts";
import type { Tx } from "../store/store.ts";
import type { Unstoppable } from "./contract.ts";
import { courseOf, expectedEnd, lasting, leftWords, usualFor } from "./runs-expected.ts";

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
  readonly since: Instant | null;
  readonly end: Instant | null;
  readonly now: Instant;
  readonly zone: string;
  readonly readers: string | null;
}): string {
  const time = (at: Instant) => `${at.toZonedDateTimeISO(of.zone).toPlainTime().toString().slice(0, 5)} (${of.zone})`;
  const since = of.since === null ? "" : ` since ${time(of.since)}`;
  const ahead = of.end !== null && of.end.epochMilliseconds > of.now.epochMilliseconds ? of.end : null;
  const until =
    ahead === null
      ? "When it ends is not known yet."
      : `It should end at about ${time(ahead)}, in ${lasting(ahead.epochMilliseconds - of.now.epochMilliseconds)}.`;
  const seen =
    of.readers === null ? "Until then data may be missing or out of date." : `Until then: ${sentence(of.readers)}`;
  return `"${of.title}" has been running in ${of.environment}${since} and cannot be stopped before its end. ${until} ${seen} Please don't correct anything by hand meanwhile; we will tell you here when it has ended.`;
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
