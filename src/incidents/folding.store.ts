import { sql } from "kysely";
import type { IncidentId } from "../base/ids.ts";
import type { Tx } from "../store/store.ts";
import type { Incident } from "./incident.ts";
import { lockIncidents } from "./incidents.store.ts";

/** What some signals may touch. */
export interface Reach {
  readonly keys: readonly { readonly rule: string; readonly key: string }[];
  /** Conditions that they end, wherever these fire. */
  readonly conditions: readonly string[];
  /** Incidents that they are known to be about. */
  readonly incidents: readonly IncidentId[];
}

/** The newest incidents with a key that are looked at. */
const MOST_CANDIDATES = 5;

/**
 * Holds folding keys (without their environment) until the transaction ends, also those that no incident has yet: who
 * folds the same key waits. Taken in one order, so that nobody waits in a circle.
 */
export async function lockKeys(tx: Tx, keys: readonly string[]): Promise<void> {
  await sql`
    select pg_advisory_xact_lock(key)
      from (select distinct hashtextextended(name, 0) as key from unnest(${[...keys]}::text[]) as name order by key) as keys
  `.execute(tx);
}

/** Reads and holds the incidents in reach. */
export async function lockCandidates(tx: Tx, reach: Reach): Promise<Incident[]> {
  const keys = [...new Map(reach.keys.map((one) => [`${one.rule}\n${one.key}`, one])).values()];
  const result = await sql<{ id: number }>`
    select newest.id
      from unnest(${keys.map(({ rule }) => rule)}::text[], ${keys.map(({ key }) => key)}::text[]) as wanted (rule, key)
     cross join lateral (select id from incidents where folding_rule = wanted.rule and folding_key = wanted.key
                          order by id desc limit ${MOST_CANDIDATES}) as newest
    union
    select id from incidents
     where status in ('open', 'acknowledged', 'mitigated')
       and conditions ?| ${[...new Set(reach.conditions)]}::text[]
    union
    select unnest(${[...reach.incidents]}::bigint[])
  `.execute(tx);
  return lockIncidents(
    tx,
    result.rows.map((row) => row.id),
  );
}
