import type { WorkOutcome } from "../store/outbox.ts";
import type { AbortReply, Observation } from "./connectors/contract.ts";
import { keepRun, moveRun, noteRun } from "./record.ts";
import type { Run } from "./runs.store.ts";
import { again, DONE, errorOf, inMs, type Line, lineOf, ours, type Stepping, settle } from "./step.ts";
import { ended, keepLook } from "./watch.ts";

const POLL_MS = 5_000;
/** After an abort was accepted, this long without the run at the target is taken for the end. */
const GONE_MS = 10_000;
const RECHECK_MS = 60_000;

/** aborting: ask the target to stop, look, ask harder at the deadline, and say honestly when it is not known. */
export async function stop(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const { clock } = stepping;
  const line = lineOf(stepping, run);
  const late = run.abortDeadlineAt === null || clock.now().epochMilliseconds >= run.abortDeadlineAt.epochMilliseconds;
  if (line === null) return doubt(stepping, run, `the catalogue no longer has ${run.target}`);
  if (run.abortSent === null) return send(stepping, run, { line, mode: "soft", late });
  const seen = await line.connection
    .observe(line.handle, line.intent, run.cursor)
    .catch((error: unknown) => errorOf(stepping, error).message);
  if (typeof seen !== "string" && seen.phase !== "running" && seen.phase !== "unknown")
    return stopped(stepping, run, seen);
  if (!late) return inMs(clock, POLL_MS);
  if (run.abortSent === "soft" && line.connection.capabilities.abort === "hard") {
    return send(stepping, run, { line, mode: "hard", late });
  }
  return doubt(stepping, run, typeof seen === "string" ? `the target does not answer: ${seen}` : seen.evidence);
}

/** abort_unconfirmed: looked at every minute, for as long as nobody settles it. */
export async function recheckAbort(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const { clock } = stepping;
  const line = lineOf(stepping, run);
  const seen =
    line === null ? null : await line.connection.observe(line.handle, line.intent, run.cursor).catch(() => null);
  if (seen === null || seen.phase === "running" || seen.phase === "unknown") return inMs(clock, RECHECK_MS);
  return stopped(stepping, run, seen);
}

async function send(
  stepping: Stepping,
  run: Run,
  how: { line: Line; mode: "soft" | "hard"; late: boolean },
): Promise<WorkOutcome> {
  const { clock, catalogue } = stepping;
  const { line, mode } = how;
  let reply: AbortReply;
  try {
    reply = await line.connection.abort(line.handle, line.intent, mode);
  } catch (error) {
    const { message } = errorOf(stepping, error);
    // An abort may be sent again: asking twice to stop does no harm.
    return how.late ? doubt(stepping, run, `the abort could not be delivered: ${message}`) : inMs(clock, POLL_MS);
  }
  if (reply === "unsupported") return doubt(stepping, run, `${run.target} says that it cannot be stopped`);
  return settle(stepping, run, async (tx, fresh) => {
    const deadlineMs = catalogue.jobs[fresh.job]?.abortDeadlineMs ?? 120_000;
    const reason =
      reply === "accepted" ? `${run.target} accepted the abort` : `${run.target} says that it has ended already`;
    const set = {
      abortSent: mode,
      endedSeenAt: null,
      ...(mode === "hard" ? { abortDeadlineAt: clock.now().add({ milliseconds: deadlineMs }) } : {}),
    };
    await noteRun(tx, fresh, ours(clock, mode === "hard" ? `${reason}, the hard way` : reason, { set }));
    return again(clock.now());
  });
}

/** It no longer runs there: by its own word, or twice seen gone after it had accepted the abort. */
async function stopped(stepping: Stepping, run: Run, seen: Observation): Promise<WorkOutcome> {
  const { clock } = stepping;
  return settle(stepping, run, async (tx, locked) => {
    const fresh = await keepLook(tx, stepping, locked, seen);
    if (seen.phase === "succeeded" || seen.phase === "failed" || seen.phase === "aborted") {
      return ended(tx, stepping, fresh, seen);
    }
    const now = clock.now();
    if (fresh.endedSeenAt === null) {
      await keepRun(tx, fresh, { set: { endedSeenAt: now } });
      return inMs(clock, GONE_MS);
    }
    const goneMs = now.epochMilliseconds - fresh.endedSeenAt.epochMilliseconds;
    if (goneMs < GONE_MS) return inMs(clock, GONE_MS - goneMs);
    const text = `${fresh.abortSent === null ? "an abort was asked for" : "the target accepted the abort"}, and now ${seen.evidence}`;
    await moveRun(tx, fresh, {
      event: "aborted",
      ...ours(clock, text, { evidence: { observation: seen }, set: { proved: true, proof: { kind: "target", text } } }),
    });
    return DONE;
  });
}

async function doubt(stepping: Stepping, run: Run, why: string): Promise<WorkOutcome> {
  return settle(stepping, run, async (tx, fresh) => {
    const reason = `the abort is not confirmed: ${why}. It may go on; it is asked again every minute`;
    await moveRun(tx, fresh, { event: "doubt_abort", ...ours(stepping.clock, reason) });
    return inMs(stepping.clock, RECHECK_MS);
  });
}
