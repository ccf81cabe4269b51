import type { Selectable } from "kysely";
import { z } from "zod";
import type { Instant } from "../base/clock.ts";
import type { RunId } from "../base/ids.ts";
import type { DB } from "../store/database.ts";
import type { Db, Tx } from "../store/store.ts";
import type { Handle } from "./connectors/contract.ts";
import { isRunState, type RunState, TERMINAL_STATES } from "./states.ts";

/** A run as it is kept. */
export interface Run {
  readonly id: RunId;
  readonly number: number;
  readonly kind: RunKind;
  readonly intentKey: string;
  readonly job: string;
  readonly environment: string;
  readonly target: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly version: string | null;
  readonly state: RunState;
  readonly stateSince: Instant;
  readonly requestedBy: string;
  readonly requestedByKey: string;
  readonly requestedByName: string;
  readonly requestedAt: Instant;
  readonly surface: string;
  readonly incidentId: number | null;
  readonly parentId: number | null;
  readonly channel: string | null;
  readonly fence: number | null;
  readonly attempt: number;
  /** How often the step at hand failed in a row. */
  readonly stepAttempts: number;
  readonly handle: Handle | null;
  readonly cursor: unknown;
  readonly retryAt: Instant | null;
  readonly startCalledAt: Instant | null;
  readonly startedAt: Instant | null;
  readonly startHeardAt: Instant | null;
  readonly endedSeenAt: Instant | null;
  readonly endAmbiguousAt: Instant | null;
  readonly finishedAt: Instant | null;
  readonly progress: z.output<typeof progressSchema> | null;
  readonly error: { readonly kind: string; readonly message: string } | null;
  readonly proof: Proof | null;
  readonly proved: boolean;
  readonly restored: boolean;
  readonly abortRequestedAt: Instant | null;
  /** Actor id, key and name of who asked for the abort. */
  readonly abortRequestedBy: string | null;
  readonly abortRequestedByKey: string | null;
  readonly abortRequestedByName: string | null;
  readonly abortReason: string | null;
  readonly abortDeadlineAt: Instant | null;
  readonly abortSent: "soft" | "hard" | null;
  /** Machine time at which the target had answered the abort. */
  readonly abortToldAt: Instant | null;
  /** Why it was asked for, in the person's words; redacted. */
  readonly becauseAsked: string | null;
  /** What approvals are bound to. */
  readonly boundDigest: string | null;
  readonly approvalsNeeded: number;
  readonly approvalsRole: string | null;
  readonly approvalsExpireAt: Instant | null;
  readonly deferredUntil: Instant | null;
  readonly deferredBy: string | null;
  readonly freezeOverride: z.output<typeof overrideSchema> | null;
  readonly snapshot: KeptSnapshot | null;
  /** Of the restore that follows an abort. */
  readonly restoreHandle: Handle | null;
  readonly restoreAttempts: number;
  /** The execution that this run continues from where it failed. */
  readonly resumeOf: Handle | null;
  readonly pauseRequestedAt: Instant | null;
  readonly resumeRequestedAt: Instant | null;
  /** The same of who wishes that; null: nobody does, or Nightdesk itself. */
  readonly wishBy: string | null;
  readonly wishByKey: string | null;
  readonly wishByName: string | null;
  readonly pausedMs: number;
  readonly targetRetry: z.output<typeof targetRetrySchema> | null;
  readonly logUrl: string | null;
  readonly chainId: number | null;
  readonly chainPosition: number | null;
  /** The target's schedule is pinned to the version of this run when it has started. */
  readonly pinAfterStart: boolean;
  /** Executions of this run that are over and were followed by another attempt. */
  readonly executionsEnded: number;
  readonly revision: number;
}

/** `restore`: of its parent's snapshot · `fanout`: ids by reference · `compare`: the ids of two sides */
export type RunKind = "run" | "restore" | "fanout" | "compare";

/** A snapshot as it is kept with the run that it was taken for. */
export type KeptSnapshot = z.output<typeof snapshotSchema>;

/** Why a terminal state is believed. `person`: on somebody's word, never shown as proved. */
export interface Proof {
  readonly kind: "target" | "signal" | "person" | "not_started";
  readonly text: string;
}

/** One line of a run's history. */
export interface RunEventRow {
  readonly at: Instant;
  readonly fromState: string | null;
  readonly toState: string;
  readonly actorName: string;
  readonly reason: string;
  readonly evidence: unknown;
}

export async function readRun(db: Db, id: number): Promise<Run | null> {
  const row = await db.selectFrom("runs").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : runOf(row);
}

/** The run, locked until the transaction ends: whoever moves it goes through here. */
export async function lockRun(tx: Tx, id: number): Promise<Run> {
  const row = await tx.selectFrom("runs").selectAll().where("id", "=", id).forUpdate().executeTakeFirstOrThrow();
  return runOf(row);
}

export async function runNumbered(db: Db, number: number): Promise<Run | null> {
  const row = await db.selectFrom("runs").selectAll().where("number", "=", number).executeTakeFirst();
  return row === undefined ? null : runOf(row);
}

export async function runOfIntent(db: Db, intentKey: string): Promise<Run | null> {
  const row = await db.selectFrom("runs").selectAll().where("intent_key", "=", intentKey).executeTakeFirst();
  return row === undefined ? null : runOf(row);
}

/** Runs that have not ended, of these jobs (all when not given) in these environments. Oldest first. */
export async function activeRuns(
  db: Db,
  of: { jobs?: readonly string[]; environments?: readonly string[] },
): Promise<Run[]> {
  let query = db.selectFrom("runs").selectAll().where("state", "not in", TERMINAL_STATES).orderBy("id");
  if (of.jobs !== undefined) query = query.where("job", "in", [...of.jobs, ""]);
  if (of.environments !== undefined) query = query.where("environment", "in", [...of.environments, ""]);
  return (await query.execute()).map(runOf);
}

/** Newest first. */
export async function runHistory(
  db: Db,
  of: { job?: string; environment?: string; incidentId?: number; limit: number },
): Promise<Run[]> {
  let query = db.selectFrom("runs").selectAll().orderBy("id", "desc").limit(of.limit);
  if (of.job !== undefined) query = query.where("job", "=", of.job);
  if (of.environment !== undefined) query = query.where("environment", "=", of.environment);
  if (of.incidentId !== undefined) query = query.where("incident_id", "=", of.incidentId);
  return (await query.execute()).map(runOf);
}

/** The newest run of each job and environment. */
export async function lastRuns(db: Db): Promise<Run[]> {
  const rows = await db
    .selectFrom("runs")
    .selectAll()
    .distinctOn(["job", "environment"])
    .orderBy("job")
    .orderBy("environment")
    .orderBy("id", "desc")
    .execute();
  return rows.map(runOf);
}

/** In the order in which they happened. */
export async function runEvents(db: Db, runId: number): Promise<RunEventRow[]> {
  const rows = await db.selectFrom("run_events").selectAll().where("run_id", "=", runId).orderBy("id").execute();
  return rows.map((row) => ({
    at: row.at,
    fromState: row.from_state,
    toState: row.to_state,
    actorName: row.actor_name,
    reason: row.reason,
    evidence: row.evidence,
  }));
}

/** The reason of the newest event of each of these runs. */
export async function lastReasons(db: Db, runIds: readonly number[]): Promise<ReadonlyMap<number, string>> {
  if (runIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("run_events")
    .select(["run_id", "reason"])
    .distinctOn("run_id")
    .where("run_id", "in", [...runIds])
    .orderBy("run_id")
    .orderBy("id", "desc")
    .execute();
  return new Map(rows.map((row) => [row.run_id, row.reason]));
}

const progressSchema = z.object({
  stage: z.number().optional(),
  stages: z.number().optional(),
  done: z.number().optional(),
  total: z.number().optional(),
  unit: z.string().optional(),
});
const handleSchema = z.object({ scope: z.string(), externalId: z.string().nullable(), opaque: z.unknown().optional() });
const proofSchema = z.object({ kind: z.enum(["target", "signal", "person", "not_started"]), text: z.string() });
const errorSchema = z.object({ kind: z.string(), message: z.string() });
const overrideSchema = z.object({ freeze: z.string(), by: z.string(), reason: z.string(), until: z.string() });
const snapshotSchema = z.object({ ref: z.string(), takenAt: z.string(), evidence: z.string() });
const targetRetrySchema = z.object({ number: z.number(), of: z.number(), nextAt: z.string() });
const kindSchema = z.enum(["run", "restore", "fanout", "compare"]);
const parametersSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

export function runOf(row: Selectable<DB["runs"]>): Run {
  if (!isRunState(row.state)) throw new Error(`run ${row.number} is in the state ${row.state}, which does not exist`);
  return {
    id: row.id as RunId,
    number: row.number,
    kind: kindSchema.parse(row.kind),
    intentKey: row.intent_key,
    job: row.job,
    environment: row.environment,
    target: row.target,
    parameters: parametersSchema.parse(row.parameters),
    version: row.version,
    state: row.state,
    stateSince: row.state_since,
    requestedBy: row.requested_by,
    requestedByKey: row.requested_by_key,
    requestedByName: row.requested_by_name,
    requestedAt: row.requested_at,
    surface: row.surface,
    incidentId: row.incident_id,
    parentId: row.parent_id,
    channel: row.channel,
    fence: row.fence,
    attempt: row.attempt,
    stepAttempts: row.step_attempts,
    handle: handleSchema.nullable().parse(row.handle),
    cursor: row.cursor,
    retryAt: row.retry_at,
    startCalledAt: row.start_called_at,
    startedAt: row.started_at,
    startHeardAt: row.start_heard_at,
    endedSeenAt: row.ended_seen_at,
    endAmbiguousAt: row.end_ambiguous_at,
    finishedAt: row.finished_at,
    progress: progressSchema.nullable().parse(row.progress),
    error: errorSchema.nullable().parse(row.error),
    proof: proofSchema.nullable().parse(row.proof),
    proved: row.proved,
    restored: row.restored,
    abortRequestedAt: row.abort_requested_at,
    abortRequestedBy: row.abort_requested_by,
    abortRequestedByKey: row.abort_requested_by_key,
    abortRequestedByName: row.abort_requested_by_name,
    abortReason: row.abort_reason,
    abortDeadlineAt: row.abort_deadline_at,
    abortSent: row.abort_sent === "soft" || row.abort_sent === "hard" ? row.abort_sent : null,
    abortToldAt: row.abort_told_at,
    becauseAsked: row.because_asked,
    boundDigest: row.bound_digest,
    approvalsNeeded: row.approvals_needed,
    approvalsRole: row.approvals_role,
    approvalsExpireAt: row.approvals_expire_at,
    deferredUntil: row.deferred_until,
    deferredBy: row.deferred_by,
    freezeOverride: overrideSchema.nullable().parse(row.freeze_override),
    snapshot: snapshotSchema.nullable().parse(row.snapshot),
    restoreHandle: handleSchema.nullable().parse(row.restore_handle),
    restoreAttempts: row.restore_attempts,
    resumeOf: handleSchema.nullable().parse(row.resume_of),
    pauseRequestedAt: row.pause_requested_at,
    resumeRequestedAt: row.resume_requested_at,
    wishBy: row.wish_by,
    wishByKey: row.wish_by_key,
    wishByName: row.wish_by_name,
    pausedMs: row.paused_ms,
    targetRetry: targetRetrySchema.nullable().parse(row.target_retry),
    logUrl: row.log_url,
    chainId: row.chain_id,
    chainPosition: row.chain_position,
    pinAfterStart: row.pin_after_start,
    executionsEnded: row.executions_ended,
    revision: row.revision,
  };
}
