import { sql } from "kysely";
import type { IncidentId } from "../base/ids.ts";
import type { Tx } from "../store/store.ts";

/** The incident that is open about a target's dead letters, however long ago it was opened; null: none is. */
export async function openIncidentOf(tx: Tx, target: string): Promise<IncidentId | null> {
  const row = await tx
    .selectFrom("signals")
    .innerJoin("incidents", "incidents.id", "signals.incident_id")
    .select("incidents.id")
    .where("signals.source", "=", "nightdesk")
    .where(sql<string>`signals.tags ->> 'dead-letters.target'`, "=", target)
    .where("incidents.status", "<>", "resolved")
    .orderBy("signals.id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : (row.id as IncidentId);
}
