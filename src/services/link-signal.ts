import type { Instant } from "../base/clock.ts";
import type { SignalKind } from "../config/catalogue.ts";
import { candidateRuns, lateRunOf, runOfRid } from "../jobs/evidence.store.ts";
import { type Alert, tellLate } from "../jobs/late.ts";
import {
  countAmbiguousEnd,
  endExecution,
  endStaleObserved,
  keepEnded,
  keepStarted,
  type OpenExecution,
  openExecutions,
  STALE_MS,
} from "../jobs/observed.store.ts";
import { keepRun, moveRun, noteRun } from "../jobs/record.ts";
import { lockRun, type Run } from "../jobs/runs.store.ts";
import { can, type RunEvent } from "../jobs/states.ts";
import { STUCK_CHECK_MS } from "../jobs/watch.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { whose } from "./named-execution.ts";

/** The part of a stored signal that can be evidence: names are the catalogue's own, texts are redacted. */
export interface EvidenceSignal {
  readonly kind: SignalKind;
  readonly source: string;
  readonly title: string;
  readonly job: string | null;
  readonly environment: string | null;
  readonly environments: readonly string[];
  readonly rid: string | null;
  readonly at: Instant;
  readonly error: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** The run that a signal is evidence for (row ids): the signal is kept with it, and with its incident. */
export interface LinkedRun {
  readonly runId: number;
  readonly incidentId: number | null;
}

/** Clocks of senders and ours differ by a little; a message may come a little after what it tells of. */
const EARLY_MS = 5_000;
const LATE_MS = 60_000;

/**
 * Makes a job's message evidence for a run, or for an execution that Nightdesk did not start. It is a run's only when
 * exactly one execution of that job, in all the environments that it may speak of, can have sent it; otherwise nobody's:
 * the run goes on until its end is seen, and then people are asked. `now` is domain time.
 */
export async function linkSignal(
  tx: Tx,
  signal: EvidenceSignal,
  now: Instant,
  alert: Alert,
): Promise<LinkedRun | null> {
  const environments = signal.environment === null ? signal.environments : [signal.environment];
  if (signal.job === null || environments.length === 0) return null;
  // What a person pastes into the channel was sent by no execution: an alert it may be, a proof never.
  if (signal.tags["slack.author"] === "person") return null;
  const heard = { ...signal, job: signal.job, environments, now, alert };
  await endStaleObserved(tx, { jobs: [signal.job], before: now.subtract({ milliseconds: STALE_MS }), at: now });
  switch (signal.kind) {
    case "started":
      return linkStart(tx, heard);
    case "finished":
    case "failed":
      return linkEnd(tx, heard);
    case "progress":
      // Neither a success nor a failure, and over: it is not waited for any longer.
      if (signal.tags["execution.ended"] !== undefined) await endNamed(tx, heard);
      return null;
    case "firing":
    case "resolved":
    case "deployed":
    case "noted":
      return null;
  }
}

type Heard = EvidenceSignal & {
  readonly job: string;
  readonly environments: readonly string[];
  readonly now: Instant;
  readonly alert: Alert;
};

async function linkStart(tx: Tx, heard: Heard): Promise<LinkedRun | null> {
  const own = (await possibleRuns(tx, heard)).filter((run) => run.startHeardAt === null);
  const others = await openExecutions(tx, { jobs: [heard.job], environments: heard.environments });
  const [only] = own;
  const certain = (await runNamed(tx, heard)) ?? (own.length === 1 && others.length === 0 ? only : undefined);
  if (certain !== undefined) return startRun(tx, heard, certain);
  // Every run whose start was accepted sends one such message. Which is whose cannot be told; that it is one of theirs,
  // and not one more execution, keeps the count right. It is evidence for nobody.
  const claimed = own.find((run) => run.handle !== null);
  if (claimed !== undefined) await keepRun(tx, await lockRun(tx, claimed.id), { set: { startHeardAt: heard.at } });
  else await keepStarted(tx, { ...heard, detail: heard.title });
  return null;
}

async function startRun(tx: Tx, heard: Heard, run: Run): Promise<LinkedRun> {
  const fresh = await lockRun(tx, run.id);
  const set = { startHeardAt: heard.at, startedAt: fresh.startedAt ?? heard.at };
  const reason = `"${heard.title}" was heard, and only this run can have sent it`;
  if ((fresh.state === "starting" || fresh.state === "unknown") && fresh.endedSeenAt === null) {
    await moveRun(tx, fresh, { event: "started", ...by(heard, reason), set });
    await wake(tx, fresh, heard.now);
  } else {
    await keepRun(tx, fresh, { set });
  }
  return linkedTo(fresh);
}

async function linkEnd(tx: Tx, heard: Heard): Promise<LinkedRun | null> {
  const known = await runNamed(tx, heard);
  if (known !== null) {
    // Its start may have been heard before its target had told who it is.
    await endNamed(tx, heard);
    return endRun(tx, heard, known);
  }
  const others = (await openExecutions(tx, { jobs: [heard.job], environments: heard.environments })).filter((other) =>
    couldBe(other, heard),
  );
  const paired = others.find((other) => heard.rid !== null && other.rid === heard.rid);
  if (paired !== undefined) return endOther(tx, heard, paired);

  const runs = await possibleRuns(tx, heard);
  const [run] = runs;
  const [other] = others;
  if (runs.length + others.length > 1) return endAmbiguous(tx, heard, { runs, others });
  if (run !== undefined) return run.endAmbiguousAt === null ? endRun(tx, heard, run) : null;
  if (other !== undefined) return endOther(tx, heard, other);
  const aborted = heard.kind === "finished" ? await lateRunOf(tx, heard) : null;
  if (aborted !== null) return endLate(tx, heard, aborted);
  await keepEnded(
    tx,
    { ...heard, detail: heard.error ?? heard.title },
    heard.kind === "failed" ? "failed" : "succeeded",
  );
  return null;
}

async function endRun(tx: Tx, heard: Heard, run: Run): Promise<LinkedRun | null> {
  const fresh = await lockRun(tx, run.id);
  const event: RunEvent = heard.kind === "failed" ? "fail" : "succeed";
  const text = heard.error === null ? heard.title : `${heard.title}: ${heard.error}`;
  const set = {
    proved: true,
    proof: { kind: "signal" as const, text },
    ...(event === "fail" ? { error: { kind: "target", message: heard.error ?? heard.title } } : { error: null }),
  };
  // The message was faster than the answer to the start call: it started, then.
  const running =
    fresh.state === "starting"
      ? await moveRun(tx, fresh, { event: "started", ...by(heard, "its end was heard") })
      : fresh;
  if (!can(running.state, event)) {
    await noteRun(tx, running, by(heard, `"${text}" was heard while it was ${running.state}`));
    return linkedTo(fresh);
  }
  await moveRun(tx, running, {
    event,
    ...by(heard, `"${text}" was heard, and only this run can have sent it`),
    evidence: { signal: heard.kind, rid: heard.rid, heardFrom: heard.source, happenedAt: heard.at.toString() },
    set,
  });
  await wake(tx, fresh, event === "fail" ? heard.now.add({ milliseconds: STUCK_CHECK_MS }) : heard.now);
  return linkedTo(fresh);
}

/** A success that is told of a run that was aborted: the state stands, and people see it. */
async function endLate(tx: Tx, heard: Heard, run: Run): Promise<LinkedRun> {
  const evidence = `"${heard.title}" was heard, and nothing else is known that can have sent it`;
  const { alert, source, now } = heard;
  await tellLate(tx, { alert, run, phase: "succeeded", evidence, at: now, actor: { kind: "source", name: source } });
  return linkedTo(run);
}

async function endOther(tx: Tx, heard: Heard, other: OpenExecution): Promise<null> {
  await endExecution(tx, other.id, {
    state: heard.kind === "failed" ? "failed" : "succeeded",
    at: heard.at,
    detail: heard.error ?? heard.title,
  });
  return null;
}

/**
 * One of several has ended, and nothing says which. No later message may be taken for one of these runs' either. When
 * as many ends were heard as there are executions, those that nobody watches are over.
 */
async function endAmbiguous(
  tx: Tx,
  heard: Heard,
  which: { runs: readonly Run[]; others: readonly OpenExecution[] },
): Promise<null> {
  const count = which.runs.length + which.others.length;
  for (const run of which.runs) {
    const fresh = await lockRun(tx, run.id);
    if (fresh.endAmbiguousAt !== null) continue;
    const reason = `"${heard.title}" was heard; ${count} executions in ${heard.environments.join(" and ")} can have sent it, so it proves nothing about this one`;
    await noteRun(tx, fresh, { ...by(heard, reason), set: { endAmbiguousAt: heard.at } });
    await wake(tx, fresh, heard.now);
  }
  for (const other of which.others) {
    await countAmbiguousEnd(tx, other.id);
    if (other.ambiguousEnds + 1 < count) continue;
    await endExecution(tx, other.id, { state: "ended", at: heard.at, detail: null });
  }
  return null;
}

/** The run that the message names, by our key or by the target's own name for the execution. */
async function runNamed(tx: Tx, heard: Heard): Promise<Run | null> {
  const known = await runOfRid(tx, heard);
  if (known !== null) return known;
  const runs = await candidateRuns(tx, heard);
  return runs.find((run) => run.startCalledAt !== null && whose(heard, run) === "own") ?? null;
}

/** What was thought to be an execution of something else, by the same id. */
async function endNamed(tx: Tx, heard: Heard): Promise<void> {
  if (heard.rid === null) return;
  const open = await openExecutions(tx, { jobs: [heard.job], environments: heard.environments });
  for (const other of open.filter(({ rid }) => rid === heard.rid)) {
    await endExecution(tx, other.id, { state: "ended", at: heard.at, detail: heard.title });
  }
}

/**
 * Runs that can have sent it: called before it was sent and, where another environment may have spoken, not long seen to
 * be over by then.
 */
async function possibleRuns(tx: Tx, heard: Heard): Promise<Run[]> {
  const runs = await candidateRuns(tx, heard);
  return runs.filter(
    (run) =>
      run.startCalledAt !== null &&
      whose(heard, run) !== "other" &&
      run.startCalledAt.epochMilliseconds - EARLY_MS <= heard.at.epochMilliseconds &&
      (run.endedSeenAt === null ||
        heard.environments.length === 1 ||
        heard.at.epochMilliseconds <= run.endedSeenAt.epochMilliseconds + LATE_MS),
  );
}

function couldBe(other: OpenExecution, heard: Heard): boolean {
  if (heard.rid !== null && other.rid !== null && other.rid !== heard.rid) return false;
  return other.startedAt === null || other.startedAt.epochMilliseconds <= heard.at.epochMilliseconds + EARLY_MS;
}

const by = (heard: Heard, reason: string) => ({
  at: heard.now,
  actor: { kind: "source", name: heard.source } as const,
  reason,
});

const wake = (tx: Tx, run: Run, dueAt: Instant): Promise<void> => requestWork(tx, { kind: "run", ref: run.id, dueAt });

const linkedTo = (run: Run): LinkedRun => ({ runId: run.id, incidentId: run.incidentId });
