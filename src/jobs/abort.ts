import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { abortIntentOf } from "./connections.ts";
import type { AbortReply } from "./connectors/contract.ts";
import { handleOf } from "./locate.ts";
import { LOST_MS, whyLost } from "./lost.ts";
import { moveRun, noteRun } from "./record.ts";
import { lockRun, type Run, readRun } from "./runs.store.ts";
import { DONE, errorOf, inMs, type Line, lineOf, ours, type Stepping, settle } from "./step.ts";

/** An abort that could not be delivered is sent again so soon, and so soon once people were asked. */
const RETELL_MS = 1_000;
const RETELL_DOUBTED_MS = 30_000;
const RECHECK_MS = 60_000;

export type TellAbort = (runId: number) => Promise<WorkOutcome>;

/**
 * Work of kind `abort`: tells the target to stop. It has a row and a lane of its own, so that no step of the run, and no
 * other target, holds it up; what it decides on is read anew. Telling twice does no harm.
 */
export function createTellAbort(stepping: Stepping): TellAbort {
  return async (runId) => {
    const run = await readRun(stepping.store.db, runId);
    if (run === null || run.abortSent !== null || !isStopping(run)) return DONE;
    const line = await locatedLine(stepping, run);
    if (line === null) {
      const lost = whyLost(stepping, run) !== null;
      return inMs(stepping.clock, lost ? LOST_MS : run.state === "aborting" ? RETELL_MS : RETELL_DOUBTED_MS);
    }
    return tell(stepping, run, { line, mode: "soft" });
  };
}

const isStopping = (run: Run): boolean => run.state === "aborting" || run.state === "abort_unconfirmed";

/** The line with the execution's handle, found by its key where it is not kept yet. */
async function locatedLine(stepping: Stepping, run: Run): Promise<Line | null> {
  const line = lineOf(stepping, run);
  if (line === null || run.handle !== null || line.connection.capabilities.startKey === "none") return line;
  const handle = await handleOf(line);
  return handle === null ? null : { ...line, handle };
}

/** Asks the target to stop and keeps its answer, whatever else became known of the run meanwhile. */
export async function tell(
  stepping: Stepping,
  run: Run,
  how: { line: Line; mode: "soft" | "hard" },
): Promise<WorkOutcome> {
  const { clock } = stepping;
  const { line, mode } = how;
  let reply: AbortReply;
  try {
    reply = await line.connection.abort(line.handle, abortIntentOf(run, line.intent, stepping.catalogue), mode);
  } catch (error) {
    const { message } = errorOf(stepping, error);
    if (isLate(stepping, run)) await doubt(stepping, run, `the abort could not be delivered: ${message}`);
    return inMs(clock, run.state === "aborting" ? RETELL_MS : RETELL_DOUBTED_MS);
  }
  if (reply === "unsupported") {
    await doubt(stepping, run, `${run.target} says that it cannot be stopped`);
    return DONE;
  }
  const toldAt = clock.machineNow();
  await stepping.store.tx(async (tx) => {
    const fresh = await lockRun(tx, run.id);
    if (!isStopping(fresh) || fresh.abortSent === mode || fresh.abortSent === "hard") return;
    const deadlineMs = stepping.catalogue.jobs[fresh.job]?.abortDeadlineMs ?? DEADLINE_MS;
    const said =
      reply === "accepted" ? `${run.target} accepted the abort` : `${run.target} says that it has ended already`;
    const set = {
      abortSent: mode,
      abortToldAt: fresh.abortToldAt ?? toldAt,
      endedSeenAt: null,
      ...(line.handle.externalId !== null && fresh.handle === null ? { handle: line.handle } : {}),
      ...(mode === "hard" ? { abortDeadlineAt: clock.now().add({ milliseconds: deadlineMs }) } : {}),
    };
    await noteRun(tx, fresh, ours(clock, mode === "hard" ? `${said}, the hard way` : said, { set }));
    await requestWork(tx, { kind: "run", ref: run.id, dueAt: clock.now() });
  });
  return DONE;
}

/**
 * The target refuses a restore because something runs there. Is it this run's own execution, of which the target had said
 * that it was stopped, it is told to stop once more; anything else is left alone.
 */
export async function stopLeftover(stepping: Stepping, run: Run, line: Line): Promise<void> {
  if (run.handle === null) return;
  try {
    const seen = await line.connection.observe(line.handle, line.intent, null);
    if (seen.phase !== "running" && seen.phase !== "paused") return;
    const intent = abortIntentOf(run, line.intent, stepping.catalogue);
    await line.connection.abort(line.handle, intent, run.abortSent ?? "soft");
  } catch (error) {
    const { message } = errorOf(stepping, error);
    stepping.log.warn({ run: run.number, error: message }, "what a restore waits for could not be told to stop");
  }
}

/** How long a target may take to stop when the catalogue does not say. */
export const DEADLINE_MS = 120_000;

export function isLate({ clock }: Pick<Stepping, "clock">, run: Run): boolean {
  return run.abortDeadlineAt === null || clock.now().epochMilliseconds >= run.abortDeadlineAt.epochMilliseconds;
}

/** The abort that was asked for while nobody knew where the run was: it is located now. */
export async function beginAbort(tx: Tx, stepping: Stepping, run: Run): Promise<void> {
  const { clock, catalogue } = stepping;
  const deadlineMs = catalogue.jobs[run.job]?.abortDeadlineMs ?? DEADLINE_MS;
  const by = run.abortRequestedByName ?? "somebody";
  await moveRun(tx, run, {
    event: "abort",
    ...ours(clock, `it is located now, and ${by} had asked for an abort`, {
      set: { abortDeadlineAt: clock.now().add({ milliseconds: deadlineMs }), ...ANEW },
    }),
  });
  await requestWork(tx, { kind: "abort", ref: run.id, dueAt: clock.now() });
}

/** What an abort sets aside. */
export const ANEW = { endedSeenAt: null, pauseRequestedAt: null, resumeRequestedAt: null } as const;

/** Without proof in time: said so, the lease stays, people are asked and the target every minute. */
export async function doubt(stepping: Stepping, run: Run, why: string): Promise<WorkOutcome> {
  const { clock } = stepping;
  return settle(stepping, run, async (tx, fresh) => {
    if (fresh.state !== "aborting") return inMs(clock, RECHECK_MS);
    const goesOn = whyLost(stepping, fresh) === null ? ". It may go on; it is asked again every minute" : "";
    const reason = `the abort is not confirmed: ${why}${goesOn}`;
    await moveRun(tx, fresh, { event: "doubt_abort", ...ours(clock, reason) });
    await requestWork(tx, { kind: "run", ref: run.id, dueAt: clock.now().add({ milliseconds: RECHECK_MS }) });
    return inMs(clock, RECHECK_MS);
  });
}
