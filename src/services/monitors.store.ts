import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import { requestWork } from "../store/outbox.ts";
import type { Db, Tx } from "../store/store.ts";

/** Incidents that are not over and that this monitor has told something to, newest first. */
export async function openIncidentsOf(db: Db, monitor: string): Promise<{ id: IncidentId; number: number }[]> {
  const rows = await db
    .selectFrom("incidents")
    .select(["id", "number"])
    .where("status", "!=", "resolved")
    .where((where) =>
      where.exists(
        where
          .selectFrom("signals")
          .select("signals.id")
          .whereRef("signals.incident_id", "=", "incidents.id")
          .where("signals.source", "=", "monitor")
          .where(sql<string>`signals.tags ->> 'monitor'`, "=", monitor),
      ),
    )
    .orderBy("id", "desc")
    .execute();
  return rows.map(({ id, number }) => ({ id: id as IncidentId, number }));
}

/** Asks for the cards of what this monitor has told. */
export async function redrawTold(tx: Tx, monitor: string, now: Instant): Promise<void> {
  for (const { id } of await openIncidentsOf(tx, monitor)) {
    await requestWork(tx, { kind: "incident", ref: id, dueAt: now });
  }
}

/** The gap that a question was about: what was shown is what is done. */
export async function gapOfQuestion(db: Db, id: string): Promise<{ from: string; to: string } | null> {
  const row = await db.selectFrom("confirmations").select("request").where("id", "=", id).executeTakeFirst();
  const request = row?.request;
  if (typeof request !== "object" || request === null || !("gapFrom" in request) || !("gapTo" in request)) return null;
  const { gapFrom, gapTo } = request;
  return typeof gapFrom === "string" && typeof gapTo === "string" ? { from: gapFrom, to: gapTo } : null;
}

/** Whether a run with these parameters copies or has copied that gap. */
export async function isResynced(
  db: Db,
  gap: { job: string; environment: string; parameters: Readonly<Record<string, string>> },
): Promise<boolean> {
  const row = await db
    .selectFrom("runs")
    .select("id")
    .where("job", "=", gap.job)
    .where("environment", "=", gap.environment)
    .where("state", "not in", ["failed", "aborted", "refused", "rejected", "expired", "withdrawn"])
    .where(sql<boolean>`parameters @> ${JSON.stringify(gap.parameters)}::jsonb`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
