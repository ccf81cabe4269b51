import { sql } from "kysely";
import type { IncidentId } from "../base/ids.ts";
import type { Tx } from "../store/store.ts";
import type { Split } from "./apart.ts";
import type { IncidentKey } from "./folding.ts";
import type { Incident } from "./incident.ts";
import { lockIncidents } from "./incidents.store.ts";

/** What some signals may touch. */
export interface Reach {
  readonly keys: readonly IncidentKey[];
  /** Conditions that they end, wherever these fire. */
  readonly conditions: readonly string[];
  /** Incidents that they are known to be about. */
  readonly incidents: readonly IncidentId[];
}

/** Incidents in reach, and the keys by which they were found. Not held yet. */
export interface Found {
  readonly incidents: readonly IncidentId[];
  readonly keys: ReadonlyMap<IncidentId, readonly IncidentKey[]>;
}

/** The newest incidents with a key that are looked at. */
const MOST_CANDIDATES = 5;

/**
 * Holds folding keys (without their environment) until the transaction ends, also those that no incident has yet: who
 * folds the same key waits, and so does who splits or merges an incident that has it. Taken in one order, so that nobody waits
 * in a circle.
 */
export async function lockKeys(tx: Tx, keys: readonly string[]): Promise<void> {
  await sql`
    select pg_advisory_xact_lock(key)
      from (select distinct hashtextextended(name, 0) as key from unnest(${[...keys]}::text[]) as name order by key) as keys
  `.execute(tx);
}

/** The incidents in reach. */
export async function findCandidates(tx: Tx, reach: Reach): Promise<Found> {
  const wanted = [...new Map(reach.keys.map((one) => [`${one.rule}\n${one.key}`, one])).values()];
  const result = await sql<{ id: IncidentId; rule: string | null; key: string | null }>`
    select newest.incident_id as id, wanted.rule, wanted.key
      from unnest(${wanted.map(({ rule }) => rule)}::text[], ${wanted.map(({ key }) => key)}::text[]) as wanted (rule, key)
     cross join lateral (select incident_id from incident_keys where rule = wanted.rule and key = wanted.key
                          order by incident_id desc limit ${MOST_CANDIDATES}) as newest
    union all
    select id, null, null from incidents
     where status in ('open', 'acknowledged', 'mitigated')
       and conditions ?| ${[...new Set(reach.conditions)]}::text[]
    union all
    select unnest(${[...reach.incidents]}::bigint[]), null, null
  `.execute(tx);
  const keys = new Map<IncidentId, IncidentKey[]>();
  for (const { id, rule, key } of result.rows) {
    if (rule !== null && key !== null) keys.set(id, [...(keys.get(id) ?? []), { rule, key }]);
  }
  return { incidents: [...new Set(result.rows.map(({ id }) => id))], keys };
}

/** Reads and holds the incidents in reach. */
export async function lockCandidates(tx: Tx, reach: Reach): Promise<Incident[]> {
  return lockIncidents(tx, (await findCandidates(tx, reach)).incidents);
}

/** The splits that concern any of these incidents. */
export async function splitsOf(tx: Tx, incidents: readonly IncidentId[]): Promise<Split[]> {
  if (incidents.length === 0) return [];
  const rows = await tx
    .selectFrom("incident_splits")
    .selectAll()
    .where((where) => where.or([where("from_id", "in", [...incidents]), where("to_id", "in", [...incidents])]))
    .orderBy("id")
    .execute();
  return rows.map(({ from_id, to_id, service, job, cause, condition }) => ({
    from: from_id as IncidentId,
    to: to_id as IncidentId,
    service,
    job,
    cause,
    condition,
  }));
}

export interface NewKey extends IncidentKey {
  readonly incident: IncidentId;
  readonly rest: string;
}

/** Lets incidents be found by further keys. */
export async function addKeys(tx: Tx, keys: readonly NewKey[]): Promise<void> {
  if (keys.length === 0) return;
  await tx
    .insertInto("incident_keys")
    .values(keys.map(({ incident, ...key }) => ({ ...key, incident_id: incident })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
