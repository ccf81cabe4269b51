import { type Selectable, sql } from "kysely";
import type { IncidentId } from "../base/ids.ts";
import type { Severity } from "../config/catalogue.ts";
import type { Incidents } from "../store/database.ts";
import type { Db, Tx } from "../store/store.ts";
import type { Conditions } from "./conditions.ts";
import type { Flapping } from "./flapping.ts";
import type { Incident, IncidentStatus } from "./incident.ts";
import type { Rate } from "./rate.ts";

/** An incident that is about to be opened; `requestKey` of the command that opens it by hand. */
export type NewIncident = Omit<Incident, "id"> & { readonly requestKey?: string };

/** By row id (what the outbox names). */
export async function incidentById(db: Db, id: IncidentId): Promise<Incident | null> {
  const row = await db.selectFrom("incidents").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : incidentOf(row);
}

/** By number (what people type: INC-`number`). */
export async function incidentByNumber(db: Db, number: number): Promise<Incident | null> {
  const row = await db.selectFrom("incidents").selectAll().where("number", "=", number).executeTakeFirst();
  return row === undefined ? null : incidentOf(row);
}

/** The one that the command request with this key opened. */
export async function incidentByRequest(db: Db, requestKey: string): Promise<Incident | null> {
  const row = await db.selectFrom("incidents").selectAll().where("request_key", "=", requestKey).executeTakeFirst();
  return row === undefined ? null : incidentOf(row);
}

/** Newest first. Without `statuses` all that are not resolved. */
export async function listIncidents(
  db: Db,
  filter: { statuses?: readonly IncidentStatus[]; limit: number },
): Promise<Incident[]> {
  const statuses = filter.statuses ?? ["open", "acknowledged", "mitigated"];
  const rows = await db
    .selectFrom("incidents")
    .selectAll()
    .where("status", "in", [...statuses])
    .orderBy("id", "desc")
    .limit(filter.limit)
    .execute();
  return rows.map(incidentOf);
}

/** Reads and holds the row until the transaction ends: every change of an incident begins here. */
export async function lockIncident(tx: Tx, id: IncidentId): Promise<Incident> {
  const row = await tx
    .selectFrom("incidents")
    .selectAll()
    .where("id", "=", id)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  return incidentOf(row);
}

/** As they are now; nothing is held. */
export async function incidentsById(db: Db, ids: readonly IncidentId[]): Promise<Incident[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom("incidents")
    .selectAll()
    .where("id", "in", [...ids])
    .execute();
  return rows.map(incidentOf);
}

/** Holds several, in the order of their ids, so that two holders never wait for each other. */
export async function lockIncidents(tx: Tx, ids: readonly number[]): Promise<Incident[]> {
  if (ids.length === 0) return [];
  const rows = await tx
    .selectFrom("incidents")
    .selectAll()
    .where("id", "in", [...ids])
    .orderBy("id")
    .forNoKeyUpdate()
    .execute();
  return rows.map(incidentOf);
}

export async function insertIncident(tx: Tx, incident: NewIncident): Promise<Incident> {
  const row = await tx
    .insertInto("incidents")
    .values({
      ...changeable(incident),
      number: incident.number,
      opened_by: incident.openedBy,
      folding_rule: incident.foldingRule,
      opened_at: incident.openedAt,
      request_key: incident.requestKey ?? null,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  const { requestKey: _, ...opened } = incident;
  return { ...opened, id: row.id as IncidentId };
}

/** So many at a time: an id that nobody takes is a gap, which an id may have. */
const IDS_AT_ONCE = 50;

/** Ids for incidents that `insertIncidents` will write. */
export function incidentIds(tx: Tx): () => Promise<IncidentId> {
  const free: number[] = [];
  return async () => {
    if (free.length === 0) {
      const { rows } = await sql<{ id: number }>`
        select nextval(pg_get_serial_sequence('incidents', 'id')) as id from generate_series(1, ${IDS_AT_ONCE}::int)
      `.execute(tx);
      free.push(...rows.map((row) => row.id).reverse());
    }
    const id = free.pop();
    if (id === undefined) throw new Error("Postgres gave no id");
    return id as IncidentId;
  };
}

/** Several that were given their ids, in one statement. */
export async function insertIncidents(tx: Tx, incidents: readonly Incident[]): Promise<void> {
  const rows = incidents.map((incident) => ({
    ...columns(incident),
    id: incident.id,
    number: incident.number,
    opened_by: incident.openedBy,
    folding_rule: incident.foldingRule,
    opened_at: incident.openedAt,
    revision: incident.revision,
  }));
  const [first] = rows;
  if (first === undefined) return;
  const names = sql.join(Object.keys(first).map((name) => sql.ref(name)));
  await sql`
    insert into incidents (${names}) overriding system value
    select ${names} from jsonb_populate_recordset(null::incidents, ${JSON.stringify(rows)}::jsonb)`.execute(tx);
}

/** Writes the whole row of an incident that is held, as its next revision. */
export async function updateIncident(tx: Tx, incident: Incident): Promise<Incident> {
  const revision = incident.revision + 1;
  await tx
    .updateTable("incidents")
    .set({ ...changeable(incident), revision })
    .where("id", "=", incident.id)
    .execute();
  return { ...incident, revision };
}

/** Several that are held, in one statement: see `updateIncident`. */
export async function updateIncidents(tx: Tx, incidents: readonly Incident[]): Promise<void> {
  const rows = incidents.map((incident) => ({
    ...columns(incident),
    id: incident.id,
    revision: incident.revision + 1,
  }));
  const [first] = rows;
  if (first === undefined) return;
  const names = Object.keys(first).filter((name) => name !== "id");
  const changes = names.map((name) => sql`${sql.ref(name)} = ${sql.ref(`row.${name}`)}`);
  await sql`
    update incidents set ${sql.join(changes)}
      from jsonb_populate_recordset(null::incidents, ${JSON.stringify(rows)}::jsonb) as row
     where incidents.id = row.id`.execute(tx);
}

/** As one statement writes it: what is kept as JSON is text. */
function changeable(incident: Omit<Incident, "id">) {
  const plain = columns(incident);
  return {
    ...plain,
    rate: JSON.stringify(plain.rate),
    conditions: JSON.stringify(plain.conditions),
    flapping: plain.flapping === null ? null : JSON.stringify(plain.flapping),
  };
}

function columns(incident: Omit<Incident, "id">) {
  return {
    status: incident.status,
    severity: incident.severity,
    severity_by_person: incident.severityByPerson,
    title: incident.title,
    environment: incident.environment,
    services: [...incident.services],
    jobs: [...incident.jobs],
    owner: incident.owner,
    owner_key: incident.ownerKey,
    owner_name: incident.ownerName,
    folding_key: incident.foldingKey,
    signal_count: incident.signalCount,
    firing_count: incident.firingCount,
    rate: { ...incident.rate },
    conditions: { ...incident.conditions },
    channel: incident.channel,
    mention: incident.mention,
    first_seen_at: incident.firstSeenAt,
    last_seen_at: incident.lastSeenAt,
    acknowledged_at: incident.acknowledgedAt,
    mitigated_at: incident.mitigatedAt,
    resolved_at: incident.resolvedAt,
    reopened_count: incident.reopenedCount,
    flapping: incident.flapping === null ? null : { ...incident.flapping },
    merged_into: incident.mergedInto,
  };
}

/** A row in the room's own words. Its checks and jsonb columns hold what this room wrote. */
export function incidentOf(row: Selectable<Incidents>): Incident {
  return {
    id: row.id as IncidentId,
    number: row.number,
    status: row.status as IncidentStatus,
    severity: row.severity as Severity,
    severityByPerson: row.severity_by_person,
    title: row.title,
    environment: row.environment,
    services: row.services,
    jobs: row.jobs,
    owner: row.owner,
    ownerKey: row.owner_key,
    ownerName: row.owner_name,
    openedBy: row.opened_by,
    foldingRule: row.folding_rule,
    foldingKey: row.folding_key,
    signalCount: row.signal_count,
    firingCount: row.firing_count,
    rate: row.rate as Rate,
    conditions: row.conditions as Conditions,
    channel: row.channel,
    mention: row.mention,
    openedAt: row.opened_at,
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
    acknowledgedAt: row.acknowledged_at,
    mitigatedAt: row.mitigated_at,
    resolvedAt: row.resolved_at,
    reopenedCount: row.reopened_count,
    flapping: row.flapping as Flapping | null,
    mergedInto: row.merged_into as IncidentId | null,
    revision: row.revision,
  };
}
