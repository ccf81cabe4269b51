import type { WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { stopLeftover } from "./abort.ts";
import type { Connection, Handle, Intent, Observation } from "./connectors/contract.ts";
import { leftBefore, leftWords } from "./left-before.store.ts";
import { handleOf } from "./locate.ts";
import { keepLook } from "./look.ts";
import { whyLost } from "./lost.ts";
import { type Happening, keepRun, moveRun, noteRun } from "./record.ts";
import { type Run, readRun } from "./runs.store.ts";
import { again, backoffMs, clamp, errorOf, inMs, type Line, lineOf, ours, type Stepping, settle } from "./step.ts";

/** A handle of a restore and the line to the target that has it. */
interface At {
  readonly line: Line;
  readonly handle: Handle;
}

const FIRST_POLL_MS = 1_000;
const SLOWEST_POLL_MS = 10_000;
/** A restore that nothing is heard of, or that stays paused, for so long is said not to have come to its end. */
const SILENT_MS = 10 * 60_000;
/** How long "not there" has to stand before it is believed. */
const GONE_MS = 10_000;

/**
 * aborting, abort_unconfirmed, restore_failed -> restoring. The attempt is counted here, before the target is asked: its
 * number is part of the key, so that asking twice for one attempt is asking once.
 */
export async function beginRestore(tx: Tx, run: Run, why: Happening): Promise<Run> {
  // An attempt of which nobody knows whether it was taken is asked for again, under its own key.
  const known = run.restoreAttempts === 0 || run.restoreHandle !== null;
  const before = await leftBefore(tx, run);
  const left = before === null ? "" : `. ${leftWords(before)}`;
  return moveRun(tx, run, {
    ...why,
    event: "restore",
    reason: `${why.reason}; now the snapshot of ${run.snapshot?.takenAt ?? "before"} is brought back${left}`,
    set: {
      ...why.set,
      cursor: null,
      ...UNTROUBLED,
      restoreHandle: null,
      restoreAttempts: known ? run.restoreAttempts + 1 : run.restoreAttempts,
      error: null,
      retryAt: null,
    },
  });
}

/** Neither missed nor found paused at its target. */
const UNTROUBLED = { endedSeenAt: null, resumeRequestedAt: null } as const;

/** What the target is told of the restore that follows an abort: the same run, under a key of its own. */
export function restoreIntent(run: Run, intent: Intent): Intent {
  const nth = run.restoreAttempts > 1 ? `:${run.restoreAttempts}` : "";
  return { ...intent, intentKey: `${run.intentKey}:restore${nth}` };
}

/** restoring: ask for it once, then look until it is proved. Nothing interrupts it. */
export async function restoring(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const { clock } = stepping;
  const line = lineOf(stepping, run);
  if (line === null) {
    return settle(stepping, run, (tx, fresh) =>
      silent(tx, stepping, fresh, whyLost(stepping, run) ?? `${run.target} cannot be asked`),
    );
  }
  if (run.retryAt !== null && clock.now().epochMilliseconds < run.retryAt.epochMilliseconds) return again(run.retryAt);
  return run.restoreHandle === null
    ? ask(stepping, run, line)
    : look(stepping, run, { line, handle: run.restoreHandle });
}

async function ask(stepping: Stepping, run: Run, line: Line): Promise<WorkOutcome> {
  const { snapshot } = run;
  if (snapshot === null) return giveUp(stepping, run, "no snapshot was kept");
  let handle: Handle;
  try {
    handle = await callRestore(line.connection, restoreIntent(run, line.intent), snapshot.ref);
  } catch (error) {
    const { kind, message, afterMs } = errorOf(stepping, error);
    if (kind === "conflict") {
      const before = await underWay(run, line);
      if (before !== null)
        return follow(stepping, run, { handle: before, reason: "a restore before is still under way" });
      await stopLeftover(stepping, run, line);
    }
    const passing = kind === "retryable" || kind === "unavailable" || kind === "ambiguous" || kind === "conflict";
    return passing ? askAgain(stepping, run, { message, afterMs }) : giveUp(stepping, run, message);
  }
  return follow(stepping, run, { handle, reason: `${run.target} brings the snapshot ${snapshot.ref} back` });
}

function follow(stepping: Stepping, run: Run, what: { handle: Handle; reason: string }): Promise<WorkOutcome> {
  const { clock } = stepping;
  return settle(stepping, run, async (tx, fresh) => {
    const set = { restoreHandle: what.handle, stepAttempts: 0 };
    await noteRun(tx, fresh, ours(clock, what.reason, { evidence: { handle: what.handle }, set }));
    return inMs(clock, FIRST_POLL_MS);
  });
}

/** An earlier attempt of which the target had said that it was not there, and which runs all the same. */
async function underWay(run: Run, line: Line): Promise<Handle | null> {
  for (let nth = run.restoreAttempts - 1; nth >= 1; nth -= 1) {
    const intent = restoreIntent({ ...run, restoreAttempts: nth }, line.intent);
    const handle = await handleOf({ ...line, intent });
    const seen = handle === null ? null : await line.connection.observe(handle, intent, null).catch(() => null);
    if (handle !== null && (seen?.phase === "running" || seen?.phase === "paused")) return handle;
  }
  return null;
}

/** The one place that tells a target to bring a snapshot back. */
export async function callRestore(connection: Connection, intent: Intent, ref: string): Promise<Handle> {
  if (connection.restore === undefined) throw new Error("the target declares no restore");
  return connection.restore(intent, ref);
}

/** The snapshot that a run of kind `restore` brings back: its parent's. */
export async function snapshotOfParent(stepping: Stepping, run: Run): Promise<string | null> {
  const parent = run.parentId === null ? null : await readRun(stepping.store.db, run.parentId);
  return parent?.snapshot?.ref ?? null;
}

/** No answer, or none that tells: the same question under the same key, later each time. */
async function askAgain(stepping: Stepping, run: Run, why: { message: string; afterMs: number }): Promise<WorkOutcome> {
  const asks = run.stepAttempts + 1;
  if (asks >= mostAttempts(stepping, run)) return giveUp(stepping, run, `${why.message} (asked ${asks} times)`);
  return settle(stepping, run, async (tx, fresh) => {
    const waitMs = Math.max(why.afterMs, backoffMs(stepping.catalogue.jobs[run.job], asks));
    const retryAt = stepping.clock.now().add({ milliseconds: Math.round(waitMs) });
    const reason = `the restore could not be asked for yet: ${why.message}`;
    await noteRun(tx, fresh, ours(stepping.clock, reason, { set: { stepAttempts: asks, retryAt } }));
    return again(retryAt);
  });
}

async function look(stepping: Stepping, run: Run, at: At): Promise<WorkOutcome> {
  const { clock } = stepping;
  const intent = restoreIntent(run, at.line.intent);
  let seen: Observation;
  try {
    seen = await at.line.connection.observe(at.handle, intent, run.cursor);
  } catch (error) {
    const why = `the target does not answer: ${errorOf(stepping, error).message}`;
    return settle(stepping, run, (tx, fresh) => silent(tx, stepping, fresh, why));
  }
  if (seen.phase === "paused") await goOn(stepping, at, intent);
  return settle(stepping, run, async (tx, locked) => {
    const fresh = await keepLook(tx, stepping, locked, seen);
    switch (seen.phase) {
      case "succeeded": {
        const before = await leftBefore(tx, fresh);
        const left = before === null ? "" : `. ${leftWords(before)}`;
        await moveRun(tx, fresh, {
          event: "aborted",
          ...ours(clock, `it is stopped, and what was there before is back: ${seen.evidence}${left}`, {
            evidence: { observation: seen },
            set: { restored: true, proved: true, proof: { kind: "target", text: seen.evidence } },
          }),
        });
        return again(clock.now());
      }
      case "failed":
      case "aborted":
        return failed(tx, stepping, fresh, seen.error?.message ?? seen.evidence);
      case "not_running":
      case "not_found":
        return gone(tx, stepping, fresh, seen);
      case "unknown":
        return silent(tx, stepping, fresh, seen.evidence);
      case "paused":
        return stalled(tx, stepping, fresh, seen);
      case "running":
        if (fresh.resumeRequestedAt !== null) await keepRun(tx, fresh, { set: { resumeRequestedAt: null } });
        return inMs(clock, pollMs(stepping, fresh));
    }
  });
}

/** Nothing interrupts a restore, so one that was paused there is told to go on; a later look shows whether it does. */
async function goOn(stepping: Stepping, { line, handle }: At, intent: Intent): Promise<void> {
  try {
    await line.connection.resume?.(handle, intent);
  } catch (error) {
    const { message } = errorOf(stepping, error);
    stepping.log.warn({ intent: intent.intentKey, error: message }, "a paused restore could not be told to go on");
  }
}

/** Paused at its target by another's hand: said once, and after a while people are asked. */
async function stalled(tx: Tx, stepping: Stepping, run: Run, seen: Observation): Promise<WorkOutcome> {
  const { clock } = stepping;
  const since = run.resumeRequestedAt;
  if (since === null) {
    const able = stepping.connections.of(run.target)?.resume !== undefined;
    const way = able ? "it is told to go on" : `let it go on at ${run.target}, which cannot be told to from here`;
    const reason = `the restore is paused there: ${seen.evidence}; ${way}`;
    await noteRun(tx, run, ours(clock, reason, { set: { ...UNTROUBLED, resumeRequestedAt: clock.now() } }));
    return inMs(clock, FIRST_POLL_MS);
  }
  if (clock.now().epochMilliseconds - since.epochMilliseconds < SILENT_MS) return inMs(clock, pollMs(stepping, run));
  return give(tx, stepping, run, `the restore stays paused there: ${seen.evidence}`);
}

async function gone(tx: Tx, stepping: Stepping, run: Run, seen: Observation): Promise<WorkOutcome> {
  const { clock } = stepping;
  if (run.endedSeenAt === null) {
    await keepRun(tx, run, { set: { endedSeenAt: clock.now() } });
    return inMs(clock, GONE_MS);
  }
  const goneMs = clock.now().epochMilliseconds - run.endedSeenAt.epochMilliseconds;
  if (goneMs < GONE_MS) return inMs(clock, GONE_MS - goneMs);
  return failed(tx, stepping, run, `${seen.evidence}; how the restore ended is not known`);
}

/** One attempt is over without success: another one under a key of its own, or people are asked. */
async function failed(tx: Tx, stepping: Stepping, run: Run, why: string): Promise<WorkOutcome> {
  const { clock, catalogue } = stepping;
  if (run.restoreAttempts >= mostAttempts(stepping, run)) return give(tx, stepping, run, why);
  const retryAt = clock
    .now()
    .add({ milliseconds: Math.round(backoffMs(catalogue.jobs[run.job], run.restoreAttempts)) });
  const reason = `restore ${run.restoreAttempts} of ${mostAttempts(stepping, run)} failed, it is tried again: ${why}`;
  const set = {
    restoreAttempts: run.restoreAttempts + 1,
    restoreHandle: null,
    cursor: null,
    ...UNTROUBLED,
    retryAt,
  };
  await noteRun(tx, run, ours(clock, reason, { set }));
  return again(retryAt);
}

/** The target does not tell: looked at on, and after a while said. */
async function silent(tx: Tx, stepping: Stepping, run: Run, why: string): Promise<WorkOutcome> {
  const { clock } = stepping;
  const since = run.endedSeenAt ?? clock.now();
  if (clock.now().epochMilliseconds - since.epochMilliseconds >= SILENT_MS) return give(tx, stepping, run, why);
  if (run.endedSeenAt === null) await keepRun(tx, run, { set: { endedSeenAt: since } });
  return inMs(clock, SLOWEST_POLL_MS);
}

const giveUp = (stepping: Stepping, run: Run, why: string): Promise<WorkOutcome> =>
  settle(stepping, run, (tx, fresh) => give(tx, stepping, fresh, why));

async function give(tx: Tx, stepping: Stepping, run: Run, why: string): Promise<WorkOutcome> {
  const { clock } = stepping;
  const reason = `it is stopped, and what was there before is not back: ${why}. Restore tries again; Settle, when it was repaired by hand`;
  await moveRun(tx, run, {
    event: "restore_failed",
    ...ours(clock, reason, { set: { error: { kind: "restore", message: why }, retryAt: null } }),
  });
  return { done: true };
}

const mostAttempts = ({ catalogue }: Stepping, run: Run): number => catalogue.jobs[run.job]?.maxAttempts ?? 1;

function pollMs({ clock }: Stepping, run: Run): number {
  const ageMs = clock.now().epochMilliseconds - run.stateSince.epochMilliseconds;
  return clamp(ageMs / 10, FIRST_POLL_MS, SLOWEST_POLL_MS);
}
