import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import { familyOf } from "../incidents/family.store.ts";
import type { Incident } from "../incidents/incident.ts";
import { incidentsById } from "../incidents/incidents.store.ts";
import { candidatesOf } from "../incidents/signals.store.ts";
import type { Db } from "../store/store.ts";
import type { Troubled } from "./rank.ts";

/**
 * What of an incident decides which deploys are suspects: the whole, and, when others were merged into it, each part as it
 * began by itself. What was suspected of a part is a suspect of the whole.
 */
export async function troublesOf(db: Db, incident: Incident): Promise<readonly Troubled[]> {
  const whole = {
    services: incident.services,
    environments: await environmentsOf(db, incident),
    firstSeenAt: incident.firstSeenAt,
  };
  const family = await familyOf(db, incident.id);
  if (family.length <= 1) return [whole];
  const began = await beginnings(db, incident.id);
  const parts: Troubled[] = [];
  for (const part of await incidentsById(db, family)) {
    const own = part.id === incident.id;
    const found = began.get(own ? null : part.id);
    parts.push({
      of: part.number,
      services: found?.services ?? part.services,
      environments: own ? whole.environments : await environmentsOf(db, part),
      firstSeenAt: found?.first ?? (own ? part.openedAt : part.firstSeenAt),
    });
  }
  return [whole, ...parts];
}

async function environmentsOf(db: Db, { id, environment }: Incident): Promise<readonly string[]> {
  return environment === null ? ((await candidatesOf(db, [id])).get(id) ?? []) : [environment];
}

/** Of the alerts that an incident has now: when and on which services those began that came with each merge, and its own (null). */
async function beginnings(
  db: Db,
  incident: IncidentId,
): Promise<ReadonlyMap<number | null, { readonly first: Instant; readonly services: readonly string[] }>> {
  const found = await sql<{ part: number | null; first: Instant; services: string[] }>`
    select merged_from as part, min(at) as first,
           coalesce(array_agg(distinct service) filter (where service is not null), '{}') as services
      from signals where incident_id = ${incident} and kind in ('firing', 'failed') group by merged_from`.execute(db);
  return new Map(found.rows.map(({ part, ...began }) => [part, began]));
}
