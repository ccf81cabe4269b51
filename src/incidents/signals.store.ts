import { type Selectable, sql } from "kysely";
import { Temporal } from "temporal-polyfill";
import type { Instant } from "../base/clock.ts";
import type { IncidentId, RunId, SignalId } from "../base/ids.ts";
import type { Severity, SignalKind } from "../config/catalogue.ts";
import type { Signals } from "../store/database.ts";
import type { Db, Tx } from "../store/store.ts";
import type { JoinedBy } from "./absorb.ts";
import type { NewSignal, SavedSignal } from "./signal.ts";

/** Saves signals in one statement and returns them with their ids, in the order given. */
export async function saveSignals(tx: Tx, signals: readonly NewSignal[]): Promise<SavedSignal[]> {
  if (signals.length === 0) return [];
  const rows = signals.map((signal, position) => ({
    position,
    inbox_id: signal.inboxId,
    ordinal: signal.ordinal,
    source: signal.source,
    kind: signal.kind,
    title: signal.title,
    service: signal.service,
    environment: signal.environment,
    environments: signal.environments,
    job: signal.job,
    cause: signal.cause,
    severity: signal.severity,
    rid: signal.rid,
    tags: signal.tags,
    counts: signal.counts,
    error: signal.error,
    url: signal.url,
    at: signal.at.toString(),
    received_at: signal.receivedAt.toString(),
  }));
  // Ids are given out before the insert, so that each is known to belong to its row.
  const result = await sql<{ id: SignalId }>`
    with given as (
      select nextval(pg_get_serial_sequence('signals', 'id')) as id, row.*
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
          as row (position int, inbox_id bigint, ordinal int, source text, kind text, title text, service text,
                  environment text, environments text[], job text, cause text, severity text, rid text, tags jsonb,
                  counts jsonb, error text, url text, at timestamptz, received_at timestamptz)
       order by row.position
    ), saved as (
      insert into signals (id, inbox_id, ordinal, source, kind, title, service, environment, environments, job, cause,
                           severity, rid, tags, counts, error, url, at, received_at)
      overriding system value
      select id, inbox_id, ordinal, source, kind, title, service, environment, environments, job, cause, severity, rid, tags,
             counts, error, url, at, received_at
        from given
    )
    select id from given order by position`.execute(tx);
  return signals.map((signal, position) => {
    const id = result.rows[position]?.id;
    if (id === undefined) throw new Error("a signal was saved without an id");
    return { ...signal, id };
  });
}

/** What folding and linking found out about a signal. */
export interface Joining {
  readonly signal: SavedSignal;
  readonly incident: IncidentId | null;
  readonly joinedBy: JoinedBy;
  readonly run: RunId | null;
}

/** Keeps with each signal the incident and run it joined, and the rule that joined it. */
export async function keepJoinings(tx: Tx, joinings: readonly Joining[]): Promise<void> {
  if (joinings.length === 0) return;
  const rows = joinings.map(({ signal, incident, joinedBy, run }) => ({
    id: signal.id,
    incident_id: incident,
    joined_by: {
      ...joinedBy,
      condition: signal.condition,
      ...(signal.asOf === undefined ? {} : { asOf: signal.asOf.epochMilliseconds }),
    },
    run_id: run,
    environment: signal.environment,
  }));
  await sql`
    update signals
       set incident_id = row.incident_id, joined_by = row.joined_by, run_id = coalesce(row.run_id, signals.run_id),
           environment = row.environment
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as row (id bigint, incident_id bigint, joined_by jsonb, run_id bigint, environment text)
     where signals.id = row.id`.execute(tx);
}

/** Resolutions that came before what they resolve, by condition, from `since` on. They joined nothing yet. */
export async function earlyResolutions(tx: Tx, conditions: readonly string[], since: Instant): Promise<SavedSignal[]> {
  if (conditions.length === 0) return [];
  const rows = await tx
    .selectFrom("signals")
    .selectAll()
    .where("incident_id", "is", null)
    .where("kind", "=", "resolved")
    .where(sql<string>`joined_by ->> 'condition'`, "in", [...conditions])
    .where("at", ">=", since)
    .orderBy("id")
    .limit(100)
    .execute();
  return rows.map(signalOf);
}

/** What a signal of the incident says that fires; null when the incident has no such signal. */
export async function conditionOfSignal(db: Db, incident: IncidentId, signal: number): Promise<string | null> {
  const row = await db
    .selectFrom("signals")
    .select(sql<string | null>`joined_by ->> 'condition'`.as("condition"))
    .where("id", "=", signal)
    .where("incident_id", "=", incident)
    .executeTakeFirst();
  return row?.condition ?? null;
}

/** The newest signals of an incident, newest first. */
export async function signalsOf(db: Db, incident: IncidentId, limit: number): Promise<SavedSignal[]> {
  const rows = await db
    .selectFrom("signals")
    .selectAll()
    .where("incident_id", "=", incident)
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map(signalOf);
}

/** A page of an incident's signals, in the order in which they were kept. */
export async function signalsAfter(
  db: Db,
  incident: IncidentId,
  page: { after: number; limit: number },
): Promise<SavedSignal[]> {
  const rows = await db
    .selectFrom("signals")
    .selectAll()
    .where("incident_id", "=", incident)
    .where("id", ">", page.after)
    .orderBy("id")
    .limit(page.limit)
    .execute();
  return rows.map(signalOf);
}

function signalOf(row: Selectable<Signals>): SavedSignal {
  const joined = row.joined_by;
  const condition = typeof joined === "object" && joined !== null && "condition" in joined ? joined["condition"] : "";
  const asOf = typeof joined === "object" && joined !== null && "asOf" in joined ? joined["asOf"] : undefined;
  return {
    id: row.id as SignalId,
    inboxId: row.inbox_id,
    ordinal: row.ordinal,
    source: row.source,
    kind: row.kind as SignalKind,
    title: row.title,
    service: row.service,
    environment: row.environment,
    environments: row.environments,
    job: row.job,
    cause: row.cause,
    severity: row.severity as Severity | null,
    rid: row.rid,
    tags: row.tags as Record<string, string>,
    counts: row.counts as Record<string, number> | null,
    error: row.error,
    url: row.url,
    at: row.at,
    receivedAt: row.received_at,
    condition: typeof condition === "string" ? condition : "",
    ...(typeof asOf === "number" ? { asOf: Temporal.Instant.fromEpochMilliseconds(asOf) } : {}),
  };
}

/** Per incident, the environments that its first signal with several named: the sender does not say which it is. */
export async function candidatesOf(
  db: Db,
  incidents: readonly IncidentId[],
): Promise<ReadonlyMap<IncidentId, readonly string[]>> {
  if (incidents.length === 0) return new Map();
  const rows = await db
    .selectFrom("signals")
    .select(["incident_id", "environments"])
    .distinctOn("incident_id")
    .where("incident_id", "in", [...incidents])
    .where(sql<boolean>`cardinality(environments) > 1`)
    .orderBy("incident_id")
    .orderBy("id")
    .execute();
  return new Map(rows.map((row) => [row.incident_id as IncidentId, row.environments]));
}
