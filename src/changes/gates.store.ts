import { type Selectable, sql } from "kysely";
import { z } from "zod";
import type { Instant } from "../base/clock.ts";
import { type Actor, actorId, actorKey, actorName } from "../config/actor.ts";
import { nextNumber } from "../store/counters.ts";
import type { Gates } from "../store/database.ts";
import { requestWork } from "../store/outbox.ts";
import { type Db, jsonb, type Tx } from "../store/store.ts";
import { type GateRequirement, gateRequirement } from "./gates.ts";

export type GateState = "held" | "approved" | "refused";
/** Why it is in its state. */
export type GateCode = "waits" | "approved" | "met" | "rejected" | "timeout" | "superseded" | "withdrawn";

/** A pipeline's question, as its row says. */
export interface Gate {
  readonly id: number;
  /** What people type: gate `number`. */
  readonly number: number;
  readonly key: string;
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  /** Who deploys, as the pipeline wrote it, and the person of the catalogue whom it means. */
  readonly author: string | null;
  readonly authorKey: string | null;
  readonly url: string | null;
  readonly requirements: readonly GateRequirement[];
  readonly probes: Readonly<Record<string, ProbeAnswer>>;
  readonly state: GateState;
  readonly code: GateCode;
  readonly because: string;
  readonly role: string | null;
  readonly byItself: boolean;
  readonly channel: string;
  readonly mention: string | null;
  readonly askedAt: Instant;
  readonly expiresAt: Instant;
  readonly decidedAt: Instant | null;
  readonly decidedBy: string | null;
  readonly decidedByName: string | null;
  readonly supersededBy: number | null;
}

const probeAnswer = z.object({ ok: z.boolean(), said: z.string() });
export type ProbeAnswer = z.output<typeof probeAnswer>;

export type NewGate = Omit<
  Gate,
  | "id"
  | "number"
  | "state"
  | "code"
  | "because"
  | "probes"
  | "decidedAt"
  | "decidedBy"
  | "decidedByName"
  | "supersededBy"
>;

/** Opens a question, and asks for its card. */
export async function insertGate(tx: Tx, gate: NewGate): Promise<Gate> {
  const row = await tx
    .insertInto("gates")
    .values({
      number: await nextNumber(tx, "gate"),
      key: gate.key,
      service: gate.service,
      environment: gate.environment,
      version: gate.version,
      author: gate.author,
      author_key: gate.authorKey,
      url: gate.url,
      requirements: jsonb([...gate.requirements]),
      state: "held",
      code: "waits",
      because: "it waits for a person's word",
      role: gate.role,
      by_itself: gate.byItself,
      channel: gate.channel,
      mention: gate.mention,
      asked_at: gate.askedAt,
      expires_at: gate.expiresAt,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await requestWork(tx, { kind: "gate", ref: row.id, dueAt: gate.askedAt });
  await requestWork(tx, { kind: "gate-card", ref: row.id, dueAt: gate.askedAt });
  return gateOf(row);
}

/** Ends the question. The caller holds its row. */
export async function decideGate(
  tx: Tx,
  gate: Gate,
  as: { state: "approved" | "refused"; code: GateCode; because: string; by: Actor; at: Instant; supersededBy?: number },
): Promise<Gate> {
  const row = await tx
    .updateTable("gates")
    .set({
      state: as.state,
      code: as.code,
      because: as.because,
      decided_at: as.at,
      decided_by: actorId(as.by),
      decided_by_key: actorKey(as.by),
      decided_by_name: actorName(as.by),
      superseded_by: as.supersededBy ?? null,
    })
    .where("id", "=", gate.id)
    .where("state", "=", "held")
    .returningAll()
    .executeTakeFirstOrThrow();
  await requestWork(tx, { kind: "gate-card", ref: gate.id, dueAt: as.at });
  return gateOf(row);
}

/** Keeps what probes answered; the card shows it. */
export async function keepProbes(
  tx: Tx,
  gate: Gate,
  answers: Readonly<Record<string, ProbeAnswer>>,
  now: Instant,
): Promise<void> {
  await tx
    .updateTable("gates")
    .set({ probes: jsonb(answers) })
    .where("id", "=", gate.id)
    .execute();
  await requestWork(tx, { kind: "gate-card", ref: gate.id, dueAt: now });
}

export async function gateById(db: Db, id: number): Promise<Gate | null> {
  const row = await db.selectFrom("gates").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : gateOf(row);
}

export async function gateByNumber(db: Db, number: number): Promise<Gate | null> {
  const row = await db.selectFrom("gates").selectAll().where("number", "=", number).executeTakeFirst();
  return row === undefined ? null : gateOf(row);
}

/** Reads a gate and holds it until the transaction ends. */
export async function lockGate(tx: Tx, id: number): Promise<Gate> {
  const row = await tx.selectFrom("gates").selectAll().where("id", "=", id).forUpdate().executeTakeFirstOrThrow();
  return gateOf(row);
}

/** Questions about one place are taken one after the other. */
export async function holdPlace(tx: Tx, place: { service: string; environment: string }): Promise<void> {
  const name = `gates of ${place.service} in ${place.environment}`;
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(tx);
}

/** The newest gate that the same question opened. */
export async function newestByKey(tx: Tx, key: string): Promise<Gate | null> {
  const row = await tx.selectFrom("gates").selectAll().where("key", "=", key).orderBy("id", "desc").executeTakeFirst();
  return row === undefined ? null : gateOf(row);
}

/** Held gates of a place, held themselves until the transaction ends, oldest first. */
export async function lockHeld(tx: Tx, place: { service: string; environment: string }): Promise<Gate[]> {
  const rows = await tx
    .selectFrom("gates")
    .selectAll()
    .where("service", "=", place.service)
    .where("environment", "=", place.environment)
    .where("state", "=", "held")
    .orderBy("id")
    .forUpdate()
    .execute();
  return rows.map(gateOf);
}

/** The newest gates first: those that wait, or all. */
export async function listGates(db: Db, filter: { all: boolean; limit: number }): Promise<Gate[]> {
  const rows = await db
    .selectFrom("gates")
    .selectAll()
    .$if(!filter.all, (query) => query.where("state", "=", "held"))
    .orderBy("id", "desc")
    .limit(filter.limit)
    .execute();
  return rows.map(gateOf);
}

/** A deploy of `service` was heard: whoever requires it looks again. */
export async function wakeGatesOf(tx: Tx, service: string, now: Instant): Promise<void> {
  const held = await tx.selectFrom("gates").select(["id", "requirements"]).where("state", "=", "held").execute();
  for (const gate of held) {
    const needs = z.array(gateRequirement).parse(gate.requirements);
    if (!needs.some((one) => one.kind === "version" && one.service === service)) continue;
    await requestWork(tx, { kind: "gate", ref: gate.id, dueAt: now });
    await requestWork(tx, { kind: "gate-card", ref: gate.id, dueAt: now });
  }
}

function gateOf(row: Selectable<Gates>): Gate {
  return {
    id: row.id,
    number: row.number,
    key: row.key,
    service: row.service,
    environment: row.environment,
    version: row.version,
    author: row.author,
    authorKey: row.author_key,
    url: row.url,
    requirements: z.array(gateRequirement).parse(row.requirements),
    probes: z.record(z.string(), probeAnswer).parse(row.probes),
    state: row.state as GateState,
    code: row.code as GateCode,
    because: row.because,
    role: row.role,
    byItself: row.by_itself,
    channel: row.channel,
    mention: row.mention,
    askedAt: row.asked_at,
    expiresAt: row.expires_at,
    decidedAt: row.decided_at,
    decidedBy: row.decided_by,
    decidedByName: row.decided_by_name,
    supersededBy: row.superseded_by,
  };
}
