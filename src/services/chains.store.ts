import type { Selectable } from "kysely";
import type { Instant } from "../base/clock.ts";
import { type Run, runOf } from "../jobs/runs.store.ts";
import type { DB } from "../store/database.ts";
import type { Db, Tx } from "../store/store.ts";

/** Jobs one after the other, as they are kept. Positions count from 1. */
export interface Chain {
  readonly id: number;
  readonly environment: string;
  readonly jobs: readonly string[];
  /** Whose run is to be asked for next; beyond the last: all were. */
  readonly nextPosition: number;
  readonly state: "running" | "done" | "stopped";
  /** Why it stopped. */
  readonly said: string | null;
  readonly requestedBy: string;
  readonly requestedByKey: string;
  readonly requestedByName: string;
  readonly surface: string;
  readonly channel: string | null;
  readonly channelName: string | null;
  readonly incidentId: number | null;
  readonly because: string | null;
  /** Why each run of it starts in spite of a freeze. */
  readonly override: string | null;
}

export type NewChain = Omit<Chain, "id" | "nextPosition" | "state" | "said"> & {
  readonly requestKey: string;
  readonly askedAt: Instant;
};

export async function insertChain(tx: Tx, chain: NewChain): Promise<Chain> {
  const row = await tx
    .insertInto("chains")
    .values({
      request_key: chain.requestKey,
      environment: chain.environment,
      jobs: [...chain.jobs],
      state: "running",
      requested_by: chain.requestedBy,
      requested_by_key: chain.requestedByKey,
      requested_by_name: chain.requestedByName,
      surface: chain.surface,
      channel: chain.channel,
      channel_name: chain.channelName,
      incident_id: chain.incidentId,
      because: chain.because,
      override: chain.override,
      asked_at: chain.askedAt,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return chainOf(row);
}

export async function readChain(db: Db, id: number): Promise<Chain | null> {
  const row = await db.selectFrom("chains").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : chainOf(row);
}

export async function chainOfRequest(db: Db, requestKey: string): Promise<Chain | null> {
  const row = await db.selectFrom("chains").selectAll().where("request_key", "=", requestKey).executeTakeFirst();
  return row === undefined ? null : chainOf(row);
}

export async function lockChain(tx: Tx, id: number): Promise<Chain> {
  const row = await tx.selectFrom("chains").selectAll().where("id", "=", id).forUpdate().executeTakeFirstOrThrow();
  return chainOf(row);
}

export async function changeChain(
  tx: Tx,
  id: number,
  set: { readonly state?: Chain["state"]; readonly said?: string; readonly next_position?: number },
): Promise<void> {
  await tx.updateTable("chains").set(set).where("id", "=", id).execute();
}

/** The runs that were made for a chain, in order. */
export async function runsOfChain(db: Db, id: number): Promise<Run[]> {
  const rows = await db.selectFrom("runs").selectAll().where("chain_id", "=", id).orderBy("chain_position").execute();
  return rows.map(runOf);
}

/** By row id. */
export async function chainsById(db: Db, ids: readonly number[]): Promise<ReadonlyMap<number, Chain>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom("chains")
    .selectAll()
    .where("id", "in", [...ids])
    .execute();
  return new Map(rows.map((row) => [row.id, chainOf(row)]));
}

function chainOf(row: Selectable<DB["chains"]>): Chain {
  return {
    id: row.id,
    environment: row.environment,
    jobs: row.jobs,
    nextPosition: row.next_position,
    state: row.state === "done" || row.state === "stopped" ? row.state : "running",
    said: row.said,
    requestedBy: row.requested_by,
    requestedByKey: row.requested_by_key,
    requestedByName: row.requested_by_name,
    surface: row.surface,
    channel: row.channel,
    channelName: row.channel_name,
    incidentId: row.incident_id,
    because: row.because,
    override: row.override,
  };
}
