import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import { type Db, jsonb, type Tx } from "../store/store.ts";
import type { Deploy } from "./deploy.ts";
import { deployOfRow } from "./deploys.store.ts";

/** A suspect of an incident as it was reckoned last. */
export interface Suspect {
  readonly deploy: Deploy;
  /** 1 is first. */
  readonly rank: number;
  readonly reason: string;
}

/** Suspects of some incidents, each incident's in their order. */
export async function suspectsOf(
  db: Db,
  incidents: readonly IncidentId[],
): Promise<ReadonlyMap<IncidentId, readonly Suspect[]>> {
  const found = new Map<IncidentId, Suspect[]>();
  if (incidents.length === 0) return found;
  const rows = await db
    .selectFrom("suspects")
    .innerJoin("deploys", "deploys.id", "suspects.deploy_id")
    .selectAll("deploys")
    .select(["suspects.incident_id", "suspects.rank", "suspects.reason"])
    .where("suspects.incident_id", "in", [...incidents])
    .where("suspects.rank", "is not", null)
    .orderBy("suspects.incident_id")
    .orderBy("suspects.rank")
    .execute();
  for (const row of rows) {
    const incident = row.incident_id as IncidentId;
    const suspect = { deploy: deployOfRow(row), rank: row.rank ?? 0, reason: row.reason };
    found.set(incident, [...(found.get(incident) ?? []), suspect]);
  }
  return found;
}

/** What is kept of a suspect of some incidents, also of one that is none any more. */
export interface KeptSuspect {
  readonly deployId: number;
  readonly rank: number | null;
  readonly reason: string;
}

export async function keptSuspects(db: Db, incidents: readonly IncidentId[]): Promise<KeptSuspect[]> {
  const rows = await db
    .selectFrom("suspects")
    .select(["deploy_id", "rank", "reason"])
    .where("incident_id", "in", [...incidents])
    .execute();
  return rows.map((row) => ({ deployId: row.deploy_id, rank: row.rank, reason: row.reason }));
}

/** Writes the suspects of an incident as they are now, first first; all others lose their rank. */
export async function writeSuspects(
  tx: Tx,
  incident: IncidentId,
  now: { readonly at: Instant; readonly suspects: readonly { deployId: number; depth: number; reason: string }[] },
): Promise<void> {
  const rows = now.suspects.map((one, index) => ({
    deploy_id: one.deployId,
    rank: index + 1,
    depth: one.depth,
    reason: one.reason,
  }));
  await sql`
    update suspects set rank = null
     where incident_id = ${incident} and rank is not null
       and deploy_id <> all (${now.suspects.map(({ deployId }) => deployId)}::bigint[])`.execute(tx);
  await sql`
    insert into suspects (incident_id, deploy_id, rank, depth, reason, told_at)
    select ${incident}::bigint, deploy_id, rank, depth, reason, ${now.at}::timestamptz
      from jsonb_to_recordset(${jsonb(rows)}::jsonb) as row (deploy_id bigint, rank int, depth int, reason text)
    on conflict (incident_id, deploy_id)
    do update set rank = excluded.rank, depth = excluded.depth, reason = excluded.reason`.execute(tx);
}

/** What the suspects of an incident were last reckoned from; null: never. */
export async function basisOf(db: Db, incident: IncidentId): Promise<string | null> {
  const row = await db
    .selectFrom("suspect_bases")
    .select("basis")
    .where("incident_id", "=", incident)
    .executeTakeFirst();
  return row?.basis ?? null;
}

export async function keepBasis(tx: Tx, incident: IncidentId, basis: string): Promise<void> {
  await tx
    .insertInto("suspect_bases")
    .values({ incident_id: incident, basis })
    .onConflict((conflict) => conflict.column("incident_id").doUpdateSet({ basis }))
    .execute();
}

/** Incidents that began in a time and have one of these services; and those into which others were merged, which may have. */
export async function incidentsBegun(
  db: Db,
  within: { readonly from: Instant; readonly to: Instant; readonly services: readonly string[] },
): Promise<IncidentId[]> {
  const { from, to, services } = within;
  const found = await sql<{ id: IncidentId }>`
    select id from incidents
     where first_seen_at between ${from}::timestamptz and ${to}::timestamptz and services && ${[...services]}::text[]
    union
    select id from incidents
     where id in (select merged_into from incidents where merged_into is not null)
       and first_seen_at <= ${to}::timestamptz and last_seen_at >= ${from}::timestamptz
       and services && ${[...services]}::text[]
     order by id`.execute(db);
  return found.rows.map(({ id }) => id);
}

/** Of these deploys those whose signal folding put on the incident's timeline already. */
export async function deploysTold(db: Db, incident: IncidentId, deploys: readonly number[]): Promise<Set<number>> {
  if (deploys.length === 0) return new Set();
  const rows = await db
    .selectFrom("deploys")
    .innerJoin("signals", "signals.id", "deploys.signal_id")
    .select("deploys.id")
    .where("deploys.id", "in", [...deploys])
    .where("signals.incident_id", "=", incident)
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/** Incidents that a deploy is a suspect of. */
export async function suspectedIn(db: Db, deployId: number): Promise<IncidentId[]> {
  const rows = await db
    .selectFrom("suspects")
    .select("incident_id")
    .where("deploy_id", "=", deployId)
    .orderBy("incident_id")
    .execute();
  return rows.map((row) => row.incident_id as IncidentId);
}
