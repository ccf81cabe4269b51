import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import type { Observation } from "./connectors/contract.ts";
import { keepRun, moveRun, noteRun } from "./record.ts";
import type { Run } from "./runs.store.ts";
import { notStarted } from "./start.ts";
import type { RunEvent } from "./states.ts";
import { again, clamp, DONE, errorOf, inMs, lineOf, ours, type Stepping, settle } from "./step.ts";

/** A target that no longer runs it gets this long to be followed by the message that says how it ended. */
export const END_GRACE_MS = 30_000;
const FIRST_POLL_MS = 5_000;
const SLOWEST_POLL_MS = 30_000;
/** Failed looks in a row after which the run's history says that the target does not answer. */
const SILENT_LOOKS = 3;
/** How long after a failure told by a message the target is asked whether it is stuck. */
export const STUCK_CHECK_MS = 10_000;

/** running: one look at the target. */
export async function watch(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const line = lineOf(stepping, run);
  if (line === null) return inMs(stepping.clock, 60_000);
  if (run.abortRequestedAt !== null && line.connection.capabilities.abort !== "none") return beginAbort(stepping, run);
  let seen: Observation;
  try {
    seen = await line.connection.observe(line.handle, line.intent, run.cursor);
  } catch (error) {
    return silent(stepping, run, errorOf(stepping, error).message);
  }
  return settle(stepping, run, async (tx, fresh) => {
    const heard = await keepLook(tx, stepping, fresh, seen);
    switch (seen.phase) {
      case "succeeded":
      case "failed":
      case "aborted":
        return ended(tx, stepping, heard, seen);
      case "not_found":
        return lose(tx, stepping, heard, `${seen.evidence}; how it ended is not known`);
      case "not_running":
        return notRunning(tx, stepping, heard, seen);
      case "running":
      case "paused":
      case "unknown":
        return inMs(stepping.clock, pollMs(stepping, heard));
    }
  });
}

/** unknown: may the target tell after all? Where only a message or a person can, nothing is asked. */
export async function lookAgain(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const { clock } = stepping;
  const line = lineOf(stepping, run);
  const laterMs = clamp((clock.now().epochMilliseconds - run.stateSince.epochMilliseconds) / 10, 60_000, 600_000);
  if (line === null) return inMs(clock, laterMs);
  const { capabilities } = line.connection;
  if (run.abortRequestedAt !== null && run.handle !== null && capabilities.abort !== "none")
    return beginAbort(stepping, run);
  if (run.handle === null) {
    if (capabilities.startKey === "none") return DONE;
    return relocate(stepping, run, laterMs);
  }
  if (capabilities.evidence === "signals") return DONE;
  let seen: Observation;
  try {
    seen = await line.connection.observe(line.handle, line.intent, run.cursor);
  } catch {
    return inMs(clock, laterMs);
  }
  return settle(stepping, run, async (tx, fresh) => {
    if (seen.phase === "running") {
      await moveRun(tx, fresh, { event: "started", ...ours(clock, seen.evidence, { set: { endedSeenAt: null } }) });
      return inMs(clock, FIRST_POLL_MS);
    }
    if (seen.phase === "succeeded" || seen.phase === "failed" || seen.phase === "aborted") {
      return ended(tx, stepping, fresh, seen);
    }
    return inMs(clock, laterMs);
  });
}

async function relocate(stepping: Stepping, run: Run, laterMs: number): Promise<WorkOutcome> {
  const { clock } = stepping;
  const line = lineOf(stepping, run);
  const located = line === null ? null : await line.connection.locate(line.intent).catch(() => null);
  if (located?.kind === "not_found") {
    return notStarted(stepping, run, { kind: "not_found", message: `${run.target} has never seen it`, afterMs: 0 });
  }
  if (located?.kind !== "found") return inMs(clock, laterMs);
  return settle(stepping, run, async (tx, fresh) => {
    await moveRun(tx, fresh, {
      event: "started",
      ...ours(clock, `${run.target} has it`, {
        set: { handle: located.handle, startedAt: fresh.startedAt ?? clock.now() },
      }),
    });
    return again(clock.now());
  });
}

/** The abort that was asked for while nobody knew where the run was. */
async function beginAbort(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const { clock, catalogue } = stepping;
  return settle(stepping, run, async (tx, fresh) => {
    const deadlineMs = catalogue.jobs[fresh.job]?.abortDeadlineMs ?? 120_000;
    const by = fresh.abortRequestedByName ?? "somebody";
    await moveRun(tx, fresh, {
      event: "abort",
      ...ours(clock, `it is located now, and ${by} had asked for an abort`, {
        set: { abortDeadlineAt: clock.now().add({ milliseconds: deadlineMs }) },
      }),
    });
    return again(clock.now());
  });
}

/** A terminal state by the target's own word. An abort that nobody asked Nightdesk for is a failure. */
export async function ended(tx: Tx, stepping: Stepping, run: Run, seen: Observation): Promise<WorkOutcome> {
  const asked = run.state === "aborting" || run.state === "abort_unconfirmed";
  const event: RunEvent =
    seen.phase === "succeeded" ? "succeed" : seen.phase === "aborted" && asked ? "aborted" : "fail";
  const error =
    event !== "fail"
      ? {}
      : {
          error:
            seen.error ??
            (seen.phase === "aborted"
              ? { kind: "aborted_there", message: seen.evidence }
              : { kind: "target", message: seen.evidence }),
        };
  await moveRun(tx, run, {
    event,
    ...ours(stepping.clock, seen.evidence, {
      evidence: { observation: seen },
      set: { proved: true, proof: { kind: "target", text: seen.evidence }, ...error },
    }),
  });
  return DONE;
}

async function notRunning(tx: Tx, stepping: Stepping, run: Run, seen: Observation): Promise<WorkOutcome> {
  const { clock } = stepping;
  const now = clock.now();
  if (run.endedSeenAt === null) {
    await keepRun(tx, run, { set: { endedSeenAt: now } });
    return inMs(clock, END_GRACE_MS / 2);
  }
  const goneMs = now.epochMilliseconds - run.endedSeenAt.epochMilliseconds;
  if (goneMs < END_GRACE_MS) return inMs(clock, END_GRACE_MS - goneMs);
  const what =
    run.endAmbiguousAt === null ? "no message told how it ended" : "the end that was heard may be another execution's";
  return lose(tx, stepping, run, `it ended: ${seen.evidence}; ${what}`);
}

async function lose(tx: Tx, stepping: Stepping, run: Run, reason: string): Promise<WorkOutcome> {
  await moveRun(tx, run, { event: "lose_track", ...ours(stepping.clock, reason) });
  return inMs(stepping.clock, 60_000);
}

async function silent(stepping: Stepping, run: Run, why: string): Promise<WorkOutcome> {
  return settle(stepping, run, async (tx, fresh) => {
    const looks = fresh.stepAttempts + 1;
    const set = { stepAttempts: looks };
    if (looks === SILENT_LOOKS) {
      await noteRun(
        tx,
        fresh,
        ours(stepping.clock, `the target does not answer, it may go on meanwhile: ${why}`, { set }),
      );
    } else {
      await keepRun(tx, fresh, { set });
    }
    return inMs(stepping.clock, SLOWEST_POLL_MS);
  });
}

/** What a look taught: the cursor, how far it is, that it runs (again), that the target answers again. */
export async function keepLook(tx: Tx, stepping: Stepping, run: Run, seen: Observation): Promise<Run> {
  const progressed = seen.progress !== undefined && JSON.stringify(seen.progress) !== JSON.stringify(run.progress);
  const backAgain = run.stepAttempts >= SILENT_LOOKS;
  const set = {
    ...(seen.cursor === undefined ? {} : { cursor: seen.cursor }),
    ...(progressed ? { progress: { ...seen.progress } } : {}),
    ...(seen.version === undefined || seen.version === run.version ? {} : { version: seen.version }),
    ...(seen.phase === "running" && run.endedSeenAt !== null ? { endedSeenAt: null } : {}),
    ...(run.stepAttempts > 0 ? { stepAttempts: 0 } : {}),
  };
  if (backAgain) return noteRun(tx, run, ours(stepping.clock, `the target answers again: ${seen.evidence}`, { set }));
  if (Object.keys(set).length === 0) return run;
  return keepRun(tx, run, { set, ...(progressed ? { shownAt: stepping.clock.now() } : {}) });
}

/** Often at first, then less: a tenth of how long it has been running. */
function pollMs(stepping: Stepping, run: Run): number {
  const since = run.startCalledAt ?? run.stateSince;
  return clamp((stepping.clock.now().epochMilliseconds - since.epochMilliseconds) / 10, FIRST_POLL_MS, SLOWEST_POLL_MS);
}

/**
 * failed, by a message: some targets then go on saying "running" and refuse every start until they are restarted.
 * Looked at once, and said.
 */
export async function checkStuck(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const { clock } = stepping;
  if (run.state !== "failed" || run.proof?.kind !== "signal" || run.stepAttempts > 0) return DONE;
  const dueAt = run.stateSince.add({ milliseconds: STUCK_CHECK_MS });
  if (clock.now().epochMilliseconds < dueAt.epochMilliseconds) return again(dueAt);
  const line = lineOf(stepping, run);
  const seen = line === null ? null : await line.connection.look(line.intent).catch(() => null);
  return settle(stepping, run, async (tx, fresh) => {
    const set = { stepAttempts: 1 };
    if (seen?.phase !== "running") {
      await keepRun(tx, fresh, { set });
      return DONE;
    }
    const reason = `it failed, and yet ${seen.evidence}: it may be stuck and refuse every start until its service is restarted`;
    await noteRun(tx, fresh, ours(clock, reason, { set, evidence: { stuck: true } }));
    if (fresh.incidentId !== null)
      await requestWork(tx, { kind: "incident", ref: fresh.incidentId, dueAt: clock.now() });
    return DONE;
  });
}
