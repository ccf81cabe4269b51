import type { WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { beginAbort } from "./abort.ts";
import { ConnectorError, type Finding, type Handle, type Located } from "./connectors/contract.ts";
import { acquireLease, holdsLease } from "./leases.ts";
import { lostReason } from "./look.ts";
import { endFreeObserved } from "./observed.store.ts";
import { allFindings, ownFindings } from "./preflight.ts";
import { keepRun, moveRun } from "./record.ts";
import { callRestore, snapshotOfParent } from "./restore.ts";
import { lockRun, type Run } from "./runs.store.ts";
import { secureSnapshot } from "./snapshot.ts";
import { isTerminal } from "./states.ts";
import {
  again,
  backoffMs,
  DONE,
  errorOf,
  inMs,
  isTransient,
  type Line,
  lineOf,
  ours,
  type Stepping,
  settle,
} from "./step.ts";
import { passDoor } from "./waiting.ts";

/** A target that cannot be asked before the start is asked this often, at least. */
const LEAST_PREFLIGHTS = 3;

/** queued, retry_wait -> preparing: takes the lease. */
export async function prepare(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const { clock } = stepping;
  const now = clock.now();
  if (run.state === "retry_wait" && run.retryAt !== null && now.epochMilliseconds < run.retryAt.epochMilliseconds) {
    return again(run.retryAt);
  }
  return passDoor(stepping, run, async (tx, fresh) => {
    const fence = await acquireLease(tx, fresh, { runId: fresh.id, at: now });
    if (fence === null) return inMs(clock, 5_000);
    await moveRun(tx, fresh, {
      event: "prepare",
      ...ours(clock, "its place is free and taken", {
        evidence: { fence },
        set: { fence, attempt: fresh.attempt + 1, retryAt: null },
      }),
    });
    return again(now);
  });
}

/** preparing -> refused | starting, and then the call itself. */
export async function start(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const { clock } = stepping;
  const place = stepping.catalogue.jobs[run.job]?.environments[run.environment];
  if (place?.target !== run.target) {
    return refuse(stepping, run, {
      text: `the catalogue has changed since it was asked for: ${run.job} in ${run.environment} is no longer at ${run.target}`,
      wayOut: "Ask for it again.",
    });
  }
  const line = lineOf(stepping, run);
  if (line === null)
    return refuse(stepping, run, { text: `the catalogue has no target ${run.target} that can be used` });
  const askedAt = clock.now();
  const { capabilities } = line.connection;
  const own = await ownFindings(stepping.store.db, run, { catalogue: stepping.catalogue, capabilities });
  let findings: readonly Finding[];
  try {
    findings = allFindings(run.kind, await line.connection.preflight(line.intent), own);
  } catch (error) {
    return preflightFailed(stepping, run, error);
  }
  const block = findings.find((finding) => finding.level === "block");
  if (block !== undefined) return refuse(stepping, run, block, findings);

  const secured = await secureSnapshot(stepping, run, line);
  if (secured.kind === "refused") return refuse(stepping, run, secured, findings);
  if (secured.kind === "later") return secured.outcome;

  let called: Run | null = null;
  const outcome = await settle(stepping, secured.run, async (tx, fresh) => {
    if (fresh.fence === null || !(await holdsLease(tx, fresh.id, fresh.fence))) {
      throw new Error(`run ${fresh.number} is preparing without its lease`);
    }
    if (findings.some((finding) => finding.check === "running" && finding.level === "info")) {
      await endFreeObserved(tx, { job: fresh.job, environment: fresh.environment, before: askedAt, at: clock.now() });
    }
    called = await moveRun(tx, fresh, {
      event: "call_start",
      ...ours(clock, findings.map((finding) => finding.text).join("; ") || "nothing speaks against it", {
        evidence: { findings },
        set: { startCalledAt: clock.now() },
      }),
    });
    return DONE;
  });
  return called === null ? outcome : call(stepping, called, line);
}

async function call(stepping: Stepping, run: Run, line: Line): Promise<WorkOutcome> {
  let handle: Handle;
  try {
    handle = await begin(stepping, run, line);
  } catch (error) {
    const { kind, message, afterMs } = errorOf(stepping, error);
    return kind === "ambiguous"
      ? locate(stepping, run, line, message)
      : notStarted(stepping, run, { kind, message, afterMs });
  }
  return started(stepping, run, { handle, reason: `${run.target} accepted the start` });
}

/** The call that begins it at the target. A run of kind `restore` brings its parent's snapshot back. */
async function begin(stepping: Stepping, run: Run, line: Line): Promise<Handle> {
  if (run.kind !== "restore") return line.connection.start(line.intent);
  const ref = await snapshotOfParent(stepping, run);
  if (ref === null) throw new ConnectorError("invalid", "the run that it restores kept no snapshot");
  return callRestore(line.connection, line.intent, ref);
}

/**
 * starting, without anybody in the call: Nightdesk was interrupted after it had decided to call. The target is asked;
 * nothing is ever started twice.
 */
export async function recover(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const line = lineOf(stepping, run);
  const why = "Nightdesk was interrupted while it called the start";
  if (line === null) return loseTrack(stepping, run, `${why}; it may have started. ${lostReason(stepping, run)}`);
  return locate(stepping, run, line, why);
}

async function locate(stepping: Stepping, run: Run, line: Line, why: string): Promise<WorkOutcome> {
  let located: Located;
  try {
    located = await line.connection.locate(line.intent);
  } catch (error) {
    return loseTrack(stepping, run, `it may have started: ${why}; ${errorOf(stepping, error).message}`);
  }
  switch (located.kind) {
    case "found":
      return started(stepping, run, { handle: located.handle, reason: `${why}; ${run.target} has it` });
    case "not_found": {
      const message = `${why}; ${run.target} has never seen it`;
      return notStarted(stepping, run, { kind: "not_found", message, afterMs: 0, mayRetry: true });
    }
    case "unknown":
      return loseTrack(stepping, run, `it may have started: ${why}; ${located.why}`);
  }
}

/**
 * The handle is kept whatever became of the run meanwhile, short of its end: a message may have been faster, or another
 * worker, that found nobody in the call, lost track of it.
 */
async function started(stepping: Stepping, run: Run, what: { handle: Handle; reason: string }): Promise<WorkOutcome> {
  const { clock } = stepping;
  const { handle, reason } = what;
  return stepping.store.tx(async (tx) => {
    const fresh = await lockRun(tx, run.id);
    if (fresh.state === "starting" || (fresh.state === "unknown" && fresh.handle === null)) {
      const set = { handle, startedAt: fresh.startedAt ?? clock.now() };
      const running = await moveRun(tx, fresh, {
        event: "started",
        ...ours(clock, reason, { evidence: { handle }, set }),
      });
      if (running.abortRequestedAt !== null && mayStop(stepping, running)) await beginAbort(tx, stepping, running);
    } else if (fresh.handle === null && !isTerminal(fresh.state)) {
      await keepRun(tx, fresh, { set: { handle } });
    }
    return again(clock.now());
  });
}

const mayStop = (stepping: Stepping, run: Run): boolean =>
  run.kind !== "restore" && stepping.connections.of(run.target)?.capabilities.abort !== "none";

/** starting | unknown -> retry_wait | failed: the target proved that nothing was begun. */
export async function notStarted(
  stepping: Stepping,
  run: Run,
  why: { kind: string; message: string; afterMs: number; mayRetry?: boolean },
): Promise<WorkOutcome> {
  const { clock, catalogue } = stepping;
  const job = catalogue.jobs[run.job];
  const error = { kind: why.kind, message: why.message };
  return settle(stepping, run, async (tx, fresh) => {
    const transient = why.mayRetry === true || why.kind === "retryable" || why.kind === "unavailable";
    const left =
      fresh.state === "starting" && fresh.attempt < (job?.maxAttempts ?? 1) && fresh.abortRequestedAt === null;
    if (transient && left) {
      const waitMs = Math.max(why.afterMs, backoffMs(job, fresh.attempt));
      const retryAt = clock.now().add({ milliseconds: Math.round(waitMs) });
      const reason = `attempt ${fresh.attempt} of ${job?.maxAttempts ?? 1} had no effect: ${why.message}`;
      await moveRun(tx, fresh, { event: "retry", ...ours(clock, reason, { set: { error, retryAt } }) });
      return again(retryAt);
    }
    const ran = fresh.executionsEnded > 0;
    const reason = ran
      ? `attempt ${fresh.attempt} was not started, and the one before had failed: ${why.message}`
      : `it was not started: ${why.message}`;
    const proof = { kind: ran ? "target" : "not_started", text: why.message } as const;
    await moveRun(tx, fresh, { event: "fail", ...ours(clock, reason, { set: { error, proved: true, proof } }) });
    return DONE;
  });
}

async function preflightFailed(stepping: Stepping, run: Run, thrown: unknown): Promise<WorkOutcome> {
  const { clock, catalogue } = stepping;
  const { kind, message, afterMs } = errorOf(stepping, thrown);
  const job = catalogue.jobs[run.job];
  const most = Math.max(LEAST_PREFLIGHTS, job?.maxAttempts ?? 1);
  const tries = run.stepAttempts + 1;
  if (!isTransient(kind) || tries >= most) {
    const times = isTransient(kind) ? ` (asked ${tries} times)` : "";
    return refuse(stepping, run, { text: `${message}${times}` });
  }
  return settle(stepping, run, async (tx, fresh) => {
    await keepRun(tx, fresh, { set: { stepAttempts: tries, error: { kind, message } } });
    return inMs(clock, Math.max(afterMs, backoffMs(job, tries)));
  });
}

async function refuse(
  stepping: Stepping,
  run: Run,
  why: { text: string; wayOut?: string },
  findings: readonly Finding[] = [],
): Promise<WorkOutcome> {
  return settle(stepping, run, async (tx, fresh) => {
    if (fresh.executionsEnded > 0) return notAgain(tx, stepping, fresh, why.text);
    const reason = `nothing was started: ${why.text}${why.wayOut === undefined ? "" : `. ${why.wayOut}`}`;
    await moveRun(tx, fresh, {
      event: "refuse",
      ...ours(stepping.clock, reason, {
        evidence: { findings },
        set: { error: { kind: "refused", message: why.text }, proof: { kind: "not_started", text: why.text } },
      }),
    });
    return DONE;
  });
}

/** An attempt before did run and fail: what keeps the next from starting does not make it untouched. */
async function notAgain(tx: Tx, stepping: Stepping, run: Run, why: string): Promise<WorkOutcome> {
  const starting = await moveRun(tx, run, {
    event: "call_start",
    ...ours(stepping.clock, `attempt ${run.attempt} was checked before its start`),
  });
  await moveRun(tx, starting, {
    event: "fail",
    ...ours(stepping.clock, `it had failed, and is not started again: ${why}`, {
      set: { error: { kind: "refused", message: why }, proved: true, proof: { kind: "target", text: why } },
    }),
  });
  return DONE;
}

async function loseTrack(stepping: Stepping, run: Run, reason: string): Promise<WorkOutcome> {
  return settle(stepping, run, async (tx, fresh) => {
    await moveRun(tx, fresh, { event: "lose_track", ...ours(stepping.clock, reason) });
    return inMs(stepping.clock, 60_000);
  });
}
