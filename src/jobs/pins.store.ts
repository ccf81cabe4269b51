import type { Selectable } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { DB } from "../store/database.ts";
import { requestWork } from "../store/outbox.ts";
import type { Db, Tx } from "../store/store.ts";
import { lockPlaces } from "./leases.ts";
import type { Run } from "./runs.store.ts";

/** `setting` and `clearing`: the target is being told; what is not proved yet is never shown as pinned or unpinned. */
export type PinState = "setting" | "set" | "clearing" | "cleared" | "failed";

/** A target's own schedule, held at a version. */
export interface Pin {
  readonly id: number;
  readonly job: string;
  readonly environment: string;
  readonly version: string;
  /** What the schedule pointed at before; null: the target did not tell. */
  readonly was: string | null;
  readonly state: PinState;
  /** The target's word, or why it failed. */
  readonly detail: string | null;
  readonly actor: string;
  readonly actorKey: string;
  readonly actorName: string;
  readonly because: string | null;
  readonly at: Instant;
  readonly runId: number | null;
  readonly replaces: number | null;
  readonly clearTo: string | null;
  readonly clearedBy: string | null;
  readonly clearedByName: string | null;
  readonly clearBecause: string | null;
}

const OPEN = ["setting", "set", "clearing"] as const satisfies readonly PinState[];

/** The pin of each place that has one: being set, set or being cleared. */
export async function openPins(db: Db): Promise<Pin[]> {
  const rows = await db.selectFrom("pins").selectAll().where("state", "in", OPEN).orderBy("id").execute();
  return rows.map(pinOf);
}

export async function openPin(db: Db, place: { job: string; environment: string }): Promise<Pin | null> {
  const row = await db
    .selectFrom("pins")
    .selectAll()
    .where("job", "=", place.job)
    .where("environment", "=", place.environment)
    .where("state", "in", OPEN)
    .executeTakeFirst();
  return row === undefined ? null : pinOf(row);
}

export async function readPin(db: Db, id: number): Promise<Pin | null> {
  const row = await db.selectFrom("pins").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : pinOf(row);
}

/** The pin that this request made, whichever of its deliveries it was. */
export async function pinOfRequest(db: Db, requestKey: string): Promise<Pin | null> {
  const row = await db
    .selectFrom("pins")
    .selectAll()
    .where((where) => where.or([where("request_key", "=", requestKey), where("clear_key", "=", requestKey)]))
    .executeTakeFirst();
  return row === undefined ? null : pinOf(row);
}

/** The newest pin that was asked for with this run's start. */
export async function pinOfRun(db: Db, runId: number): Promise<Pin | null> {
  const row = await db
    .selectFrom("pins")
    .selectAll()
    .where("run_id", "=", runId)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : pinOf(row);
}

export interface NewPin {
  readonly job: string;
  readonly environment: string;
  readonly version: string;
  readonly was: string | null;
  readonly actor: string;
  readonly actorKey: string;
  readonly actorName: string;
  readonly because: string | null;
  readonly at: Instant;
  readonly requestKey: string;
  readonly runId: number | null;
  /** When a worker tells the target, unless that was done by then. */
  readonly carryAt: Instant;
}

/**
 * Keeps the intent to hold a schedule, before anybody tells the target, and asks for the telling. A pin that is set there
 * gives its place to the new one. Null when one is being set or cleared at this moment; the same request again is the same
 * pin.
 */
export async function bearPin(tx: Tx, pin: NewPin): Promise<Pin | null> {
  await lockPlaces(tx, [pin]);
  const known = await pinOfRequest(tx, pin.requestKey);
  if (known !== null) return known;
  const before = await lockOpenPin(tx, pin);
  if (before !== null && before.state !== "set") return null;
  if (before !== null) await changePin(tx, before.id, { state: "cleared", cleared_at: pin.at });
  const row = await tx
    .insertInto("pins")
    .values({
      job: pin.job,
      environment: pin.environment,
      version: pin.version,
      // What it was before anybody held it, not what it was held at.
      was: before === null ? pin.was : before.was,
      state: "setting",
      actor: pin.actor,
      actor_key: pin.actorKey,
      actor_name: pin.actorName,
      because: pin.because,
      at: pin.at,
      request_key: pin.requestKey,
      run_id: pin.runId,
      replaces: before?.id ?? null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await requestWork(tx, { kind: "pin", ref: row.id, dueAt: pin.carryAt });
  return pinOf(row);
}

/**
 * The pin that was asked for with a run: kept when it has started, to the version that it runs. One that is being set or
 * cleared at this moment stands in its way: that is kept as a failure, and told.
 */
export async function pinWithStart(tx: Tx, run: Run, at: Instant): Promise<void> {
  if (run.version === null) return;
  const key = `run:${run.id}`;
  const { requestedBy: actor, requestedByKey: actorKey, requestedByName: actorName } = run;
  const about = { job: run.job, environment: run.environment, version: run.version, runId: run.id, at, carryAt: at };
  const pin = await bearPin(tx, {
    ...about,
    actor,
    actorKey,
    actorName,
    was: null,
    because: run.becauseAsked,
    requestKey: key,
  });
  if (pin !== null) return;
  await tx
    .insertInto("pins")
    .values({
      ...{ job: run.job, environment: run.environment, version: run.version, at, run_id: run.id },
      ...{ actor, actor_key: actorKey, actor_name: actorName },
      ...{ state: "failed", detail: "another pin of it was being set or cleared", request_key: key },
    })
    .execute();
}

/** The open pin of a place, locked until the transaction ends. */
export async function lockOpenPin(tx: Tx, place: { job: string; environment: string }): Promise<Pin | null> {
  const row = await tx
    .selectFrom("pins")
    .selectAll()
    .where("job", "=", place.job)
    .where("environment", "=", place.environment)
    .where("state", "in", OPEN)
    .forUpdate()
    .executeTakeFirst();
  return row === undefined ? null : pinOf(row);
}

export async function lockPin(tx: Tx, id: number): Promise<Pin | null> {
  const row = await tx.selectFrom("pins").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
  return row === undefined ? null : pinOf(row);
}

/** Only the services that settle a pin, and the birth of the next one, change it. */
export async function changePin(
  tx: Tx,
  id: number,
  set: {
    readonly state?: PinState;
    readonly detail?: string | null;
    readonly was?: string;
    readonly cleared_at?: Instant | null;
    readonly cleared_by?: string | null;
    readonly cleared_by_name?: string | null;
    readonly clear_to?: string | null;
    readonly clear_because?: string | null;
    readonly clear_key?: string | null;
  },
): Promise<Pin> {
  return pinOf(await tx.updateTable("pins").set(set).where("id", "=", id).returningAll().executeTakeFirstOrThrow());
}

function pinOf(row: Selectable<DB["pins"]>): Pin {
  return {
    id: row.id,
    job: row.job,
    environment: row.environment,
    version: row.version,
    was: row.was,
    state: row.state as PinState,
    detail: row.detail,
    actor: row.actor,
    actorKey: row.actor_key,
    actorName: row.actor_name,
    because: row.because,
    at: row.at,
    runId: row.run_id,
    replaces: row.replaces,
    clearTo: row.clear_to,
    clearedBy: row.cleared_by,
    clearedByName: row.cleared_by_name,
    clearBecause: row.clear_because,
  };
}
