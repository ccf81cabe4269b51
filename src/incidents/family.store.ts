import { sql } from "kysely";
import type { IncidentId } from "../base/ids.ts";
import type { Db } from "../store/store.ts";

/** An incident and all that were merged into it. */
export async function familyOf(db: Db, incident: IncidentId): Promise<IncidentId[]> {
  const found = await sql<{ id: IncidentId }>`
    with recursive family as (
      select ${incident}::bigint as id
      union
      select incidents.id from incidents join family on incidents.merged_into = family.id
    )
    select id from family order by id`.execute(db);
  return found.rows.map(({ id }) => id);
}

/** The incident in which one that was merged goes on; itself when it was not. */
export async function survivorOf(db: Db, incident: IncidentId): Promise<IncidentId> {
  const found = await sql<{ id: IncidentId }>`
    with recursive way as (
      select id, merged_into, 0 as steps from incidents where id = ${incident}
      union all
      select incidents.id, incidents.merged_into, way.steps + 1 from incidents join way on incidents.id = way.merged_into
    )
    select id from way order by steps desc limit 1`.execute(db);
  return found.rows[0]?.id ?? incident;
}
