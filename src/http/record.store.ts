import { sql } from "kysely";
import type { Clock } from "../base/clock.ts";
import { workAhead } from "../store/outbox.ts";
import type { Db } from "../store/store.ts";

/** What the API tells beside incidents and runs: audit, refusals, and whether all is done. Lists are oldest first. */

export interface AuditLine {
  readonly at: string;
  readonly action: string;
  readonly by: string;
  readonly outcome: string;
  readonly reason: string;
  readonly job: string | null;
  readonly environment: string | null;
  readonly incident: number | null;
  readonly run: number | null;
  readonly surface: string;
  readonly details: unknown;
}

/** The newest `limit` attempts, in the order in which they were made. */
export async function auditLines(db: Db, limit: number): Promise<AuditLine[]> {
  const rows = await db
    .selectFrom("audit")
    .leftJoin("incidents", "incidents.id", "audit.incident_id")
    .leftJoin("runs", "runs.id", "audit.run_id")
    .selectAll("audit")
    .select(["incidents.number as incident", "runs.number as run"])
    .orderBy("audit.id", "desc")
    .limit(limit)
    .execute();
  return rows.reverse().map((row) => ({
    at: row.at.toString(),
    action: row.action,
    by: row.actor_key,
    outcome: row.outcome,
    reason: row.reason,
    job: row.job,
    environment: row.environment,
    incident: row.incident,
    run: row.run,
    surface: row.surface,
    details: row.details,
  }));
}

export interface RefusedLine {
  readonly id: number;
  readonly source: string;
  readonly resource: string | null;
  readonly reason: string | null;
  readonly receivedAt: string;
  readonly body: string;
  /** What follows the source's name in the address, without the secret: all that a ping says. */
  readonly path: string;
}

const BODY_SHOWN = 2_000;

/** Authenticated deliveries that were kept with a reason, each with the beginning of its body. */
export async function refusedLines(db: Db, limit: number): Promise<RefusedLine[]> {
  const rows = await db
    .selectFrom("inbox")
    .select(["id", "source", "resource", "reason", "received_at"])
    .select([sql<string>`left(body, ${BODY_SHOWN})`.as("body"), sql<string>`request->>'path'`.as("path")])
    .where("state", "=", "refused")
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.reverse().map(({ received_at, ...row }) => ({ ...row, receivedAt: received_at.toString() }));
}

export interface Settled {
  readonly settled: boolean;
  /** What is still to be done, in words. */
  readonly waiting: readonly string[];
  /** When something next falls due (domain time), null when nothing ever will. */
  readonly nextDueAt: string | null;
}

/** Nothing due, nothing in flight: inbox, outbox and commands are empty of work. */
export async function readSettled(db: Db, clock: Pick<Clock, "now">): Promise<Settled> {
  const inbox = await db
    .selectFrom("inbox")
    .select((select) => select.fn.countAll<number>().as("count"))
    .where("state", "=", "pending")
    .executeTakeFirstOrThrow();
  const commands = await db
    .selectFrom("command_requests")
    .select(["id", "answered_at"])
    .where((where) => where.or([where("answered_at", "is", null), where("delivered_at", "is", null)]))
    // An answer that no way leads to stays undelivered: nothing more will come of it.
    .where(sql<boolean>`coalesce(delivery ->> 'state', '') <> 'undeliverable'`)
    .orderBy("id")
    .limit(20)
    .execute();
  // Last: whoever empties inbox or a command puts what follows from it here in the same transaction, due at its own now,
  // which may be later than the beginning of this look.
  const { due, nextDueAt } = await workAhead(db, clock.now());
  const waiting = [
    ...(inbox.count === 0 ? [] : [`${inbox.count} in the inbox`]),
    ...commands.map(({ id, answered_at }) => `command ${id} ${answered_at === null ? "unanswered" : "undelivered"}`),
    ...due,
  ];
  return { settled: waiting.length === 0, waiting, nextDueAt: nextDueAt?.toString() ?? null };
}
