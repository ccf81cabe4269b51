import type { Instant } from "../base/clock.ts";
import { type Actor, actorId, actorKey, actorName } from "../config/actor.ts";
import { jsonb, type Tx } from "../store/store.ts";

export type AuditDetails = Readonly<Record<string, string | number | boolean | null>>;

/** One attempt, whatever came of it. `action` is noun.verb (`run.request`, `incident.open`). */
export interface AuditEntry {
  readonly at: Instant;
  readonly actor: Actor;
  readonly action: string;
  readonly outcome: "allowed" | "asked" | "denied";
  readonly reason: string;
  readonly surface: string;
  readonly job?: string | null;
  readonly environment?: string | null;
  /** Row ids. */
  readonly incidentId?: number | null;
  readonly runId?: number | null;
  readonly details?: AuditDetails;
}

export async function writeAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  await tx
    .insertInto("audit")
    .values({
      at: entry.at,
      actor: actorId(entry.actor),
      actor_key: actorKey(entry.actor),
      actor_name: actorName(entry.actor),
      action: entry.action,
      outcome: entry.outcome,
      reason: entry.reason,
      job: entry.job ?? null,
      environment: entry.environment ?? null,
      incident_id: entry.incidentId ?? null,
      run_id: entry.runId ?? null,
      surface: entry.surface,
      details: jsonb({ ...entry.details }),
    })
    .execute();
}
