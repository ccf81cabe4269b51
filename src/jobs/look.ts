import { redactorOf } from "../incidents/redact.ts";
import type { WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import type { Observation } from "./connectors/contract.ts";
import { LOST_MS, wayOutOfLost, whyLost } from "./lost.ts";
import { keepRun, moveRun, noteRun } from "./record.ts";
import { appendLogLines } from "./run-log.store.ts";
import type { Run } from "./runs.store.ts";
import type { RunEvent } from "./states.ts";
import { again, backoffMs, inMs, ours, type Stepping } from "./step.ts";

/** Failed looks in a row after which the run's history says that the target does not answer. */
export const SILENT_LOOKS = 3;

/** What a look taught: the cursor, how far it is, its log, that it runs (again), that the target answers again. */
export async function keepLook(tx: Tx, stepping: Stepping, run: Run, seen: Observation): Promise<Run> {
  const { clock } = stepping;
  const redact = redactorOf(stepping.catalogue);
  const progressed = seen.progress !== undefined && JSON.stringify(seen.progress) !== JSON.stringify(run.progress);
  const retrying = seen.retry === undefined ? null : { ...seen.retry, nextAt: seen.retry.nextAt.toString() };
  const retryChanged = JSON.stringify(retrying) !== JSON.stringify(run.targetRetry);
  const lines = (seen.logLines ?? []).map(redact);
  if (lines.length > 0) await appendLogLines(tx, run.id, { lines, at: clock.now() });
  const backAgain = run.stepAttempts >= SILENT_LOOKS;
  const set = {
    ...(seen.cursor === undefined || same(seen.cursor, run.cursor) ? {} : { cursor: seen.cursor }),
    ...(progressed ? { progress: { ...seen.progress } } : {}),
    ...(retryChanged ? { targetRetry: retrying } : {}),
    ...(seen.logUrl === undefined || seen.logUrl === run.logUrl ? {} : { logUrl: seen.logUrl }),
    ...(seen.version === undefined || seen.version === run.version ? {} : { version: seen.version }),
    ...(seen.phase === "running" && run.endedSeenAt !== null ? { endedSeenAt: null } : {}),
    ...(run.stepAttempts > 0 ? { stepAttempts: 0 } : {}),
  };
  if (backAgain) return noteRun(tx, run, ours(clock, `the target answers again: ${seen.evidence}`, { set }));
  const shown = progressed || retryChanged || lines.length > 0;
  if (Object.keys(set).length === 0 && !shown) return run;
  return keepRun(tx, run, { set, ...(shown ? { shownAt: clock.now() } : {}) });
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/**
 * A terminal state by the target's own word. An abort that nobody asked Nightdesk for is a failure. A failure of which the
 * target itself says that it may pass is tried again, as often as the catalogue allows; no other one ever is.
 */
export async function ended(tx: Tx, stepping: Stepping, run: Run, seen: Observation): Promise<WorkOutcome> {
  const { clock } = stepping;
  const asked = run.state === "aborting" || run.state === "abort_unconfirmed";
  const event: RunEvent =
    seen.phase === "succeeded" ? "succeed" : seen.phase === "aborted" && asked ? "aborted" : "fail";
  const error = event === "fail" ? (seen.error ?? errorBy(seen)) : null;
  if (error !== null && mayRetry(stepping, run, seen)) return retry(tx, stepping, run, { ...error, seen });
  const back = event === "fail" && asked && run.snapshot !== null ? "; Restore brings the snapshot back" : "";
  const fullyDone = event === "succeed" && run.kind === "restore" ? { restored: true } : {};
  await moveRun(tx, run, {
    event,
    ...ours(clock, `${seen.evidence}${back}`, {
      evidence: { observation: seen },
      set: {
        proved: true,
        proof: { kind: "target", text: seen.evidence },
        ...fullyDone,
        ...(error === null ? {} : { error: { kind: error.kind, message: error.message } }),
      },
    }),
  });
  return again(clock.now());
}

function errorBy({ phase, evidence }: Observation): { kind: string; message: string } {
  return { kind: phase === "aborted" ? "aborted_there" : "target", message: evidence };
}

function mayRetry({ catalogue }: Stepping, run: Run, seen: Observation): boolean {
  const most = catalogue.jobs[run.job]?.maxAttempts ?? 1;
  const passes = seen.phase === "failed" && seen.error?.retryable === true;
  return passes && run.state === "running" && run.attempt < most && run.abortRequestedAt === null;
}

/** running -> retry_wait: the next attempt is an execution of its own, under a key of its own. */
async function retry(
  tx: Tx,
  stepping: Stepping,
  run: Run,
  why: { kind: string; message: string; seen: Observation },
): Promise<WorkOutcome> {
  const { clock, catalogue } = stepping;
  const job = catalogue.jobs[run.job];
  const retryAt = clock.now().add({ milliseconds: Math.round(backoffMs(job, run.attempt)) });
  const reason = `attempt ${run.attempt} of ${job?.maxAttempts ?? 1} failed, and ${run.target} says that it may pass: ${why.message}`;
  await moveRun(tx, run, {
    event: "retry",
    ...ours(clock, reason, {
      evidence: { observation: why.seen, handle: run.handle },
      set: {
        error: { kind: why.kind, message: why.message },
        retryAt,
        executionsEnded: run.executionsEnded + 1,
        ...{ handle: null, cursor: null, startedAt: null, endedSeenAt: null },
      },
    }),
  });
  return again(retryAt);
}

/**
 * running -> unknown: its target cannot be asked any more. People are told the way out; whether the catalogue has it again
 * is looked at now and then, and costs nobody anything.
 */
export async function loseTarget(tx: Tx, stepping: Stepping, run: Run): Promise<WorkOutcome> {
  await moveRun(tx, run, { event: "lose_track", ...ours(stepping.clock, lostReason(stepping, run)) });
  return inMs(stepping.clock, LOST_MS);
}

export const lostReason = (stepping: Stepping, run: Run): string =>
  `${whyLost(stepping, run) ?? `${run.target} cannot be asked`}, so nobody can ask how far it is, and it may go on. ${wayOutOfLost(run)}`;

/** Its end was seen, and not how it ended. */
export async function lose(tx: Tx, stepping: Stepping, run: Run, reason: string): Promise<WorkOutcome> {
  await moveRun(tx, run, { event: "lose_track", ...ours(stepping.clock, reason) });
  return inMs(stepping.clock, 60_000);
}
