import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import type { Tx } from "../store/store.ts";
import type { Share } from "./apart.ts";
import { familyOf } from "./family.store.ts";
import { lockKeys } from "./folding.store.ts";
import type { IncidentKey } from "./folding.ts";
import type { Incident } from "./incident.ts";
import { lockIncidents } from "./incidents.store.ts";
import type { Taken } from "./regroup.ts";
import { lockPlaces } from "./traces.store.ts";

/**
 * Holds incidents and all their keys, as folding does: nobody folds into them, nor opens one beside them, until the
 * transaction ends. In the order given.
 */
export async function holdForMove(tx: Tx, ids: readonly IncidentId[]): Promise<Incident[]> {
  const locked = new Set<string>();
  const lock = async () => {
    const rests = (await restsOf(tx, ids)).filter((rest) => !locked.has(rest));
    if (rests.length > 0) await lockKeys(tx, rests);
    for (const rest of rests) locked.add(rest);
    return rests.length;
  };
  await lock();
  const places = await tx
    .selectFrom("incidents")
    .select("environment")
    .where("id", "in", [...ids])
    .execute();
  await lockPlaces(tx, places.flatMap(({ environment }) => (environment === null ? [] : [environment])).sort());
  const held = new Map((await lockIncidents(tx, ids)).map((incident) => [incident.id, incident]));
  // A key that came meanwhile; who holds it crosswise is asked to come again.
  while ((await lock()) > 0);
  return ids.flatMap((id) => held.get(id) ?? []);
}

async function restsOf(tx: Tx, ids: readonly IncidentId[]): Promise<string[]> {
  const rows = await tx
    .selectFrom("incident_keys")
    .select("rest")
    .distinct()
    .where("incident_id", "in", [...ids])
    .execute();
  return rows.map(({ rest }) => rest);
}

/** Signals, keys, traces and splits of `from` are `into`'s from now on. */
export async function moveAll(tx: Tx, { into, from }: { into: IncidentId; from: IncidentId }): Promise<void> {
  await sql`
    update signals set incident_id = ${into}, merged_from = coalesce(merged_from, ${from}) where incident_id = ${from}
  `.execute(tx);
  await sql`
    insert into incident_keys (rule, key, incident_id, rest, came_from)
    select rule, key, ${into}, rest, coalesce(came_from, ${from}) from incident_keys where incident_id = ${from}
    on conflict do nothing`.execute(tx);
  await tx.deleteFrom("incident_keys").where("incident_id", "=", from).execute();
  await sql`
    insert into incident_traces as known (incident_id, condition, place, source, service, job, rid, cause, title, error, began_at, last_at)
    select ${into}, condition, place, source, service, job, rid, cause, title, error, began_at, last_at
      from incident_traces where incident_id = ${from}
    on conflict (incident_id, condition, coalesce(service, ''), coalesce(job, '')) do update
       set began_at = least(known.began_at, excluded.began_at), last_at = greatest(known.last_at, excluded.last_at)`.execute(
    tx,
  );
  await tx.deleteFrom("incident_traces").where("incident_id", "=", from).execute();
  await tx.updateTable("incident_splits").set({ from_id: into }).where("from_id", "=", from).execute();
  await tx.updateTable("incident_splits").set({ to_id: into }).where("to_id", "=", from).execute();
  await tx.deleteFrom("incident_splits").whereRef("from_id", "=", "to_id").execute();
}

/** What is to be taken out of an incident: a share of its signals, or all that came with incidents merged into it. */
export type What = { readonly share: Share } | { readonly merged: readonly IncidentId[] };

function isMeant(what: What) {
  if ("merged" in what) {
    return sql<boolean>`(merged_from = any(${[...what.merged]}::bigint[]) or exists (
      select from incident_keys as own
       where own.incident_id = signals.incident_id and own.came_from = any(${[...what.merged]}::bigint[])
         and own.rule = signals.joined_by ->> 'rule' and own.key = signals.joined_by ->> 'key'))`;
  }
  const { service, job, cause, condition } = what.share;
  return sql<boolean>`(${service}::text is null or service = ${service}) and (${job}::text is null or job = ${job})
    and (${cause}::text is null or cause = ${cause})
    and (${condition}::text is null or joined_by ->> 'condition' = ${condition})`;
}

/** How many signals of the incident are meant and how many are not; the title of the first alert that is. */
export async function countMeant(
  tx: Tx,
  incident: IncidentId,
  what: What,
): Promise<{
  readonly meant: number;
  readonly left: number;
  readonly title: string | null;
  readonly key: IncidentKey | null;
}> {
  const counted = await sql<{ meant: number; left: number }>`
    select count(*) filter (where (${isMeant(what)}) is true) as meant, count(*) filter (where (${isMeant(what)}) is not true) as left
      from signals where incident_id = ${incident} and kind in ('firing', 'failed')`.execute(tx);
  const first = await sql<{ title: string; rule: string | null; key: string | null }>`
    select title, joined_by ->> 'rule' as rule, joined_by ->> 'key' as key from signals
     where incident_id = ${incident} and kind in ('firing', 'failed') and ${isMeant(what)} order by id limit 1`.execute(
    tx,
  );
  const [numbers] = counted.rows;
  const [signal] = first.rows;
  const key = signal?.rule == null || signal.key === null ? null : { rule: signal.rule, key: signal.key };
  return { meant: numbers?.meant ?? 0, left: numbers?.left ?? 0, title: signal?.title ?? null, key };
}

/** Gives what is meant to `to`: signals with their lines of the timeline, keys and traces. */
export async function moveMeant(
  tx: Tx,
  move: { readonly from: IncidentId; readonly to: IncidentId; readonly what: What; readonly now: Instant },
): Promise<void> {
  const { from, to, what, now } = move;
  if ("merged" in what) {
    await tx
      .updateTable("incidents")
      .set({ merged_into: to })
      .where("id", "in", [...what.merged])
      .where("merged_into", "=", from)
      .execute();
  }
  await sql`update signals set incident_id = ${to} where incident_id = ${from} and ${isMeant(what)}`.execute(tx);
  await sql`
    insert into timeline_moves (entry_id, incident_id, moved_at)
    select entry.id, ${to}, ${now}::timestamptz from timeline_entries as entry
     where entry.incident_id = any(${await familyOf(tx, from)}::bigint[])
       and entry.kind in ('signal', 'monitor', 'deploy') and entry.corrects is null
       and (entry.data ->> 'signal')::bigint in (select id from signals where incident_id = ${to})
    on conflict (entry_id) do update set incident_id = excluded.incident_id, moved_at = excluded.moved_at`.execute(tx);
  await sql`
    update timeline_moves set incident_id = ${to}, moved_at = ${now}::timestamptz
      from timeline_entries as entry
     where timeline_moves.incident_id = ${from} and entry.id = entry_id
       and (entry.data ->> 'signal')::bigint in (select id from signals where incident_id = ${to})`.execute(tx);
  await sql`
    insert into incident_keys (rule, key, incident_id, rest, came_from)
    select distinct key.rule, key.key, ${to}::bigint, key.rest, null::bigint
      from incident_keys as key
     where key.incident_id = ${from}
       and exists (select from signals where incident_id = ${to} and joined_by ->> 'rule' = key.rule and joined_by ->> 'key' = key.key)
    on conflict do nothing`.execute(tx);
  await sql`
    delete from incident_keys as key
     where key.incident_id = ${from}
       and exists (select from signals where incident_id = ${to} and joined_by ->> 'rule' = key.rule and joined_by ->> 'key' = key.key)
       and not exists (select from signals where incident_id = ${from} and joined_by ->> 'rule' = key.rule and joined_by ->> 'key' = key.key)
  `.execute(tx);
  await sql`
    update incident_traces as trace set incident_id = ${to}
     where incident_id = ${from}
       and exists (select from signals where incident_id = ${to} and joined_by ->> 'condition' = trace.condition
                      and service is not distinct from trace.service and job is not distinct from trace.job)
       and not exists (select from signals where incident_id = ${from} and joined_by ->> 'condition' = trace.condition
                          and service is not distinct from trace.service and job is not distinct from trace.job)`.execute(
    tx,
  );
}

/** Remembers what was taken out, so that it does not come back: the share itself, or each thing that fired in it. */
export async function keepSplit(
  tx: Tx,
  split: {
    readonly from: IncidentId;
    readonly to: IncidentId;
    readonly what: What;
    readonly conditions: readonly string[];
    readonly now: Instant;
  },
): Promise<void> {
  const { from, to, what, now } = split;
  const nothing = { service: null, job: null, cause: null, condition: null };
  const shares = "share" in what ? [what.share] : split.conditions.map((condition) => ({ ...nothing, condition }));
  if (shares.length === 0) return;
  await tx
    .insertInto("incident_splits")
    .values(shares.map((share) => ({ ...share, from_id: from, to_id: to, at: now })))
    .execute();
}

/** What the signals of an incident say of it. */
export async function takenBy(tx: Tx, incident: IncidentId): Promise<Taken> {
  const effective = sql`greatest(least(at, received_at), received_at - interval '1 hour')`;
  const all = await sql<{
    signals: number;
    alerts: number;
    services: string[];
    jobs: string[];
    conditions: string[];
    first: Instant | null;
    last: Instant | null;
  }>`
    select count(*) as signals, count(*) filter (where alert) as alerts,
           coalesce(array_agg(distinct service) filter (where alert and service is not null), '{}') as services,
           coalesce(array_agg(distinct job) filter (where alert and job is not null), '{}') as jobs,
           coalesce(array_agg(distinct condition) filter (where condition is not null), '{}') as conditions,
           min(at) filter (where alert) as first, max(effective) filter (where alert) as last
      from (select kind in ('firing', 'failed') as alert, service, job, at, ${effective} as effective,
                   joined_by ->> 'condition' as condition
              from signals where incident_id = ${incident}) as signal`.execute(tx);
  const minutes = await sql<{ minute: number; count: number }>`
    select floor(extract(epoch from ${effective}) / 60)::bigint as minute, count(*) as count from signals
     where incident_id = ${incident} and kind in ('firing', 'failed') group by 1 order by 1 desc limit 180`.execute(tx);
  const [row] = all.rows;
  return {
    signals: row?.signals ?? 0,
    alerts: row?.alerts ?? 0,
    services: row?.services ?? [],
    jobs: row?.jobs ?? [],
    conditions: row?.conditions ?? [],
    rate: Object.fromEntries(minutes.rows.map(({ minute, count }) => [String(minute), count])),
    firstSeenAt: row?.first ?? null,
    lastSeenAt: row?.last ?? null,
  };
}
