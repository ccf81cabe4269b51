import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { beginAbort } from "./abort.ts";
import type { Observation } from "./connectors/contract.ts";
import { keepLocated } from "./locate.ts";
import { ended, keepLook, lose, loseTarget, SILENT_LOOKS } from "./look.ts";
import { LOST_MS } from "./lost.ts";
import { askToPause, paused } from "./pause.ts";
import { keepRun, moveRun, noteRun } from "./record.ts";
import type { Run } from "./runs.store.ts";
import { notStarted } from "./start.ts";
import { again, clamp, DONE, errorOf, inMs, type Line, lineOf, ours, type Stepping, settle } from "./step.ts";

/** A target that no longer runs it gets this long to be followed by the message that says how it ended. */
export const END_GRACE_MS = 30_000;
const FIRST_POLL_MS = 5_000;
const LOG_POLL_MS = 2_000;
const LOG_YOUNG_MS = 2 * 60_000;
const LOCATE_POLL_MS = 2_000;
const SLOWEST_POLL_MS = 30_000;
/** How long after a failure told by a message the target is asked whether it is stuck. */
export const STUCK_CHECK_MS = 10_000;

/** running: one look at the target. */
export async function watch(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const line = lineOf(stepping, run);
  if (line === null) return settle(stepping, run, (tx, fresh) => loseTarget(tx, stepping, fresh));
  if (wantsAbort(run, line)) return abortNow(stepping, run);
  if (run.handle === null && line.connection.capabilities.startKey !== "none") {
    await keepLocated(stepping, run, line);
    return inMs(stepping.clock, LOCATE_POLL_MS);
  }
  const asked = await askToPause(stepping, run, line);
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
      case "paused":
        return paused(tx, stepping, heard, seen);
      case "running":
      case "unknown":
        return asked ?? inMs(stepping.clock, pollMs(heard, line, stepping.clock));
    }
  });
}

/** unknown: may the target tell after all? Where only a message or a person can, nothing is asked. */
export async function lookAgain(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const { clock } = stepping;
  const line = lineOf(stepping, run);
  const laterMs = clamp((clock.now().epochMilliseconds - run.stateSince.epochMilliseconds) / 10, 60_000, 600_000);
  if (line === null) return inMs(clock, LOST_MS);
  const { capabilities } = line.connection;
  if (run.handle !== null && wantsAbort(run, line)) return abortNow(stepping, run);
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
    if (seen.phase === "running" || seen.phase === "paused") {
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
    const running = await moveRun(tx, fresh, {
      event: "started",
      ...ours(clock, `${run.target} has it`, {
        set: { handle: located.handle, startedAt: fresh.startedAt ?? clock.now() },
      }),
    });
    if (line !== null && wantsAbort(running, line)) await beginAbort(tx, stepping, running);
    return again(clock.now());
  });
}

const wantsAbort = (run: Run, { connection }: Line): boolean =>
  run.abortRequestedAt !== null && run.kind !== "restore" && connection.capabilities.abort !== "none";

const abortNow = (stepping: Stepping, run: Run): Promise<WorkOutcome> =>
  settle(stepping, run, async (tx, fresh) => {
    await beginAbort(tx, stepping, fresh);
    return again(stepping.clock.now());
  });

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

/**
 * Often at first, then less: a tenth of how long it has been running. A log that people follow is fetched so often that
 * its first line is there within five seconds.
 */
function pollMs(run: Run, { connection }: Line, clock: Stepping["clock"]): number {
  const ageMs = clock.now().epochMilliseconds - (run.startCalledAt ?? run.stateSince).epochMilliseconds;
  const follows = connection.capabilities.logs && ageMs < LOG_YOUNG_MS;
  return follows ? LOG_POLL_MS : clamp(ageMs / 10, FIRST_POLL_MS, SLOWEST_POLL_MS);
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
