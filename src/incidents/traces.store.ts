import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import type { Tx } from "../store/store.ts";
import { effectiveAt } from "./folding.ts";
import type { Incident } from "./incident.ts";
import { incidentOf } from "./incidents.store.ts";
import { placeOf } from "./judge.ts";
import type { Trace } from "./relate.ts";
import { opens, type SavedSignal } from "./signal.ts";

/** What began again after so long without a word of it has begun anew. */
const PAUSE_MS = 30 * 60_000;
const MOST_ERROR = 1_000;
/** Looked at when an incident is about to be opened: of the newest traces, the newest few of each incident. */
const NEWEST = 1_000;
const MOST_OF_ONE = 12;
const MOST = 300;
const LOOK_BACK_MS = 24 * 3_600_000;

/** Keeps what fires in incidents that are held, once for each thing and not for each time it is said. */
export async function keepTraces(
  tx: Tx,
  joined: readonly { readonly incident: IncidentId; readonly signal: SavedSignal }[],
): Promise<void> {
  const rows = new Map<string, ReturnType<typeof rowOf>>();
  for (const { incident, signal } of joined) {
    if (!opens(signal)) continue;
    const row = rowOf(incident, signal);
    const key = JSON.stringify([incident, row.condition, row.service, row.job]);
    const known = rows.get(key);
    if (known === undefined) rows.set(key, row);
    else rows.set(key, { ...row, began: Math.min(known.began, row.began), last: Math.max(known.last, row.last) });
  }
  if (rows.size === 0) return;
  await sql`
    insert into incident_traces as known (incident_id, condition, place, source, service, job, rid, cause, title, error, began_at, last_at)
    select incident, condition, place, source, service, job, rid, cause, title, error,
           to_timestamp(began / 1000.0), to_timestamp(last / 1000.0)
      from jsonb_to_recordset(${JSON.stringify([...rows.values()])}::jsonb)
        as row (incident bigint, condition text, place text, source text, service text, job text, rid text, cause text,
                title text, error text, began bigint, last bigint)
     order by incident, condition, service, job
    on conflict (incident_id, condition, coalesce(service, ''), coalesce(job, '')) do update
       set began_at = case when excluded.began_at > known.last_at + make_interval(secs => ${PAUSE_MS / 1_000}) then excluded.began_at
                           else least(known.began_at, excluded.began_at) end,
           last_at = greatest(known.last_at, excluded.last_at), rid = coalesce(excluded.rid, known.rid)`.execute(tx);
}

function rowOf(incident: IncidentId, signal: SavedSignal) {
  const ms = effectiveAt(signal).epochMilliseconds;
  const { condition, source, service, job, rid, cause, title } = signal;
  const error = signal.error?.slice(0, MOST_ERROR).toWellFormed() ?? null;
  return {
    incident,
    condition,
    place: placeOf(signal),
    source,
    service,
    job,
    rid,
    cause,
    title,
    error,
    began: ms,
    last: ms,
  };
}

/** A trace of a signal that joined a moment ago, as `keepTraces` will keep it. */
export function traceOf(incident: IncidentId, signal: SavedSignal): Trace {
  const { began, ...row } = rowOf(incident, signal);
  return { ...row, since: began };
}

/**
 * Waits for whoever else is about to open an incident in one of these environments. Taken after the keys and before any
 * incident is held, in one order, so that nobody waits in a circle.
 */
export async function lockPlaces(tx: Tx, environments: readonly string[]): Promise<void> {
  const names = environments.map((name) => `opens in ${name}`);
  await sql`
    select pg_advisory_xact_lock(key)
      from (select distinct hashtextextended(name, 0) as key from unnest(${names}::text[]) as name order by key) as keys
  `.execute(tx);
}

/** What lately fired in these places, and the incidents where it did: not resolved long ago, not merged. Nothing is held. */
export async function tracesNear(
  tx: Tx,
  about: { readonly places: readonly string[]; readonly at: Instant; readonly reopenWithinMs: number },
): Promise<{ readonly traces: readonly Trace[]; readonly incidents: readonly Incident[] }> {
  const since = about.at.subtract({ milliseconds: LOOK_BACK_MS });
  const resolvedSince = about.at.subtract({ milliseconds: about.reopenWithinMs });
  const found = await sql<Omit<Trace, "since" | "last"> & { began_at: Instant; last_at: Instant }>`
    select incident_id as incident, place, source, service, job, rid, cause, title, error, began_at, last_at
      from (select newest.*, row_number() over (partition by incident_id order by last_at desc) as nth
              from (select * from incident_traces
                     where place = any(${[...about.places]}::text[]) and last_at >= ${since}::timestamptz
                     order by last_at desc limit ${NEWEST}) as newest) as trace
     where nth <= ${MOST_OF_ONE}
       and exists (select from incidents
                    where id = incident_id and merged_into is null
                      and (status <> 'resolved' or resolved_at >= ${resolvedSince}::timestamptz))
     order by last_at desc limit ${MOST}`.execute(tx);
  const traces = found.rows.map(({ began_at, last_at, ...row }) => ({
    ...row,
    since: began_at.epochMilliseconds,
    last: last_at.epochMilliseconds,
  }));
  const ids = [...new Set(traces.map(({ incident }) => incident))];
  if (ids.length === 0) return { traces: [], incidents: [] };
  const rows = await tx.selectFrom("incidents").selectAll().where("id", "in", ids).execute();
  return { traces, incidents: rows.map(incidentOf) };
}
