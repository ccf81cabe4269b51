import type { Instant } from "../base/clock.ts";
import { type Actor, actorId, actorKey, actorName } from "../config/actor.ts";
import { requestWork } from "../store/outbox.ts";
import { jsonb, type Tx } from "../store/store.ts";
import { releaseLease } from "./leases.ts";
import { takenFrom } from "./lineage.store.ts";
import { pinWithStart } from "./pins.store.ts";
import { type Proof, type Run, runOf } from "./runs.store.ts";
import { isTerminal, type RunEvent, type RunState, transition } from "./states.ts";
import { tellIncident, tellNote } from "./tell.ts";

/** What a step changes beside the state. Absent: stays. */
export interface RunChange {
  readonly fence?: number;
  readonly attempt?: number;
  readonly stepAttempts?: number;
  readonly handle?: Run["handle"];
  readonly cursor?: unknown;
  readonly retryAt?: Instant | null;
  readonly startCalledAt?: Instant;
  readonly startedAt?: Instant | null;
  readonly startHeardAt?: Instant;
  readonly endedSeenAt?: Instant | null;
  readonly endAmbiguousAt?: Instant;
  readonly progress?: Readonly<Record<string, unknown>>;
  readonly version?: string;
  readonly error?: { readonly kind: string; readonly message: string } | null;
  readonly proof?: Proof;
  readonly proved?: boolean;
  readonly abortRequestedAt?: Instant;
  readonly abortRequestedBy?: Actor;
  readonly abortReason?: string | null;
  readonly abortDeadlineAt?: Instant;
  readonly abortSent?: "soft" | "hard";
  readonly abortToldAt?: Instant;
  readonly approvalsExpireAt?: Instant;
  readonly deferredUntil?: Instant | null;
  readonly deferredBy?: string | null;
  readonly freezeOverride?: Run["freezeOverride"];
  readonly snapshot?: Run["snapshot"];
  readonly restored?: boolean;
  readonly restoreHandle?: Run["handle"];
  readonly restoreAttempts?: number;
  readonly pauseRequestedAt?: Instant | null;
  readonly resumeRequestedAt?: Instant | null;
  /** Who wishes it to pause or to go on; null: Nightdesk itself. */
  readonly wishBy?: Actor | null;
  readonly pausedMs?: number;
  readonly targetRetry?: Run["targetRetry"];
  readonly logUrl?: string;
  readonly pinAfterStart?: boolean;
  readonly executionsEnded?: number;
}

/** Something happened to a run: who or what, why, and what shows it. */
export interface Happening {
  readonly at: Instant;
  readonly actor: Actor;
  /** One sentence, as people read it. */
  readonly reason: string;
  readonly evidence?: Readonly<Record<string, unknown>>;
  readonly set?: RunChange;
}

/**
 * Moves a run that this transaction has locked along one edge: the row (compare-and-set), one run event, the incident's
 * timeline and the work that shows it. Becoming terminal gives the lease back, here and nowhere else.
 * Throws `IllegalTransition` for an edge that does not exist.
 */
export async function moveRun(tx: Tx, run: Run, move: Happening & { readonly event: RunEvent }): Promise<Run> {
  const to = transition(run.state, move.event);
  const ended = isTerminal(to);
  const fence = move.set?.fence ?? run.fence;
  const moved = await write(tx, run, fence, {
    ...columns(move.set ?? {}),
    state: to,
    state_since: move.at,
    step_attempts: move.set?.stepAttempts ?? 0,
    ...(ended ? { finished_at: move.at, fence: null } : {}),
  });
  if (ended) await releaseLease(tx, run.id);
  await addEvent(tx, run, { ...move, to });
  await tellIncident(tx, moved, { ...move, to });
  await show(tx, moved, move.at);
  if (ended && moved.chainId !== null) await requestWork(tx, { kind: "chain", ref: moved.chainId, dueAt: move.at });
  if (to === "failed") await showBefore(tx, moved, move.at);
  // What was brought back or repaired is no longer offered by the run that left it.
  if (to === "succeeded" && moved.kind !== "run" && moved.parentId !== null) {
    for (const ref of await takenFrom(tx, moved.parentId))
      await requestWork(tx, { kind: "run-card", ref, dueAt: move.at });
  }
  if (to === "running" && moved.pinAfterStart) await pinWithStart(tx, moved, move.at);
  return moved;
}

/** Something worth telling happened, and the state is as it was. */
export async function noteRun(tx: Tx, run: Run, note: Happening): Promise<Run> {
  const noted = await write(tx, run, run.fence, columns(note.set ?? {}));
  await addEvent(tx, run, { ...note, to: run.state });
  await tellNote(tx, noted, note);
  await show(tx, noted, note.at);
  return noted;
}

/** Keeps what a step learned without telling anybody (a cursor, a count). `shown`: the card shows it. */
export async function keepRun(tx: Tx, run: Run, keep: { set: RunChange; shownAt?: Instant }): Promise<Run> {
  const kept = await write(tx, run, run.fence, columns(keep.set));
  if (keep.shownAt !== undefined) await show(tx, kept, keep.shownAt);
  return kept;
}

/** The first line of a run's history, and whatever shows it. The row was inserted in this transaction. */
export async function bearRun(tx: Tx, run: Run, birth: Happening): Promise<void> {
  await addEvent(tx, run, { ...birth, to: run.state, from: null });
  await tellIncident(tx, run, { ...birth, to: run.state });
  await show(tx, run, birth.at);
  await requestWork(tx, { kind: "run", ref: run.id, dueAt: birth.at });
}

/** Written only if nobody moved it since, and, under a fence, only while the lease is still this run's under that fence. */
async function write(tx: Tx, run: Run, fence: number | null, set: Record<string, unknown>): Promise<Run> {
  const lease = tx.selectFrom("leases").select("run_id").where("run_id", "=", run.id);
  const row = await tx
    .updateTable("runs")
    .set({ ...set, revision: run.revision + 1 })
    .where("id", "=", run.id)
    .where("revision", "=", run.revision)
    .$if(fence !== null, (update) => update.where(({ exists }) => exists(lease.where("fence", "=", fence))))
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw new StaleRun(run);
  return runOf(row);
}

/** The run was moved by another since it was read, or its lease is no longer its own. */
export class StaleRun extends Error {
  override readonly name = "StaleRun";
  constructor(run: Run) {
    super(`run ${run.number} was moved by another since revision ${run.revision} was read, or lost its lease`);
  }
}

function columns(set: RunChange): Record<string, unknown> {
  const { abortRequestedBy: by, wishBy, ...plain } = set;
  const named = Object.entries(plain)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [snake(name), JSON_COLUMNS.has(name) && value !== null ? jsonb(value) : value]);
  return {
    ...Object.fromEntries(named),
    ...(by === undefined ? {} : actorColumns("abort_requested_by", by)),
    ...(wishBy === undefined ? {} : actorColumns("wish_by", wishBy)),
  };
}

const actorColumns = (name: string, by: Actor | null): Record<string, string | null> => ({
  [name]: by === null ? null : actorId(by),
  [`${name}_key`]: by === null ? null : actorKey(by),
  [`${name}_name`]: by === null ? null : actorName(by),
});

const JSON_COLUMNS: ReadonlySet<string> = new Set([
  ...["handle", "cursor", "progress", "error", "proof"],
  ...["freezeOverride", "snapshot", "restoreHandle", "targetRetry"],
]);

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

async function addEvent(
  tx: Tx,
  run: Run,
  event: Happening & { readonly to: RunState; readonly from?: null },
): Promise<void> {
  await tx
    .insertInto("run_events")
    .values({
      run_id: run.id,
      at: event.at,
      from_state: event.from === null ? null : run.state,
      to_state: event.to,
      actor: actorId(event.actor),
      actor_key: actorKey(event.actor),
      actor_name: actorName(event.actor),
      reason: event.reason,
      evidence: event.evidence === undefined ? null : jsonb<never>(event.evidence as never),
    })
    .execute();
}

/** Two failures of the same kind say something about both: the card of the one before is looked at again. */
async function showBefore(tx: Tx, run: Run, at: Instant): Promise<void> {
  const before = await tx
    .selectFrom("runs")
    .select("id")
    .where("job", "=", run.job)
    .where("environment", "=", run.environment)
    .where("state", "=", "failed")
    .where("id", "<", run.id)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  if (before !== undefined) await requestWork(tx, { kind: "run-card", ref: before.id, dueAt: at });
}

async function show(tx: Tx, run: Run, at: Instant): Promise<void> {
  await requestWork(tx, { kind: "run-card", ref: run.id, dueAt: at });
  if (run.incidentId !== null) await requestWork(tx, { kind: "incident", ref: run.incidentId, dueAt: at });
}
