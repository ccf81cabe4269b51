import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import { opens } from "../incidents/signal.ts";
import type { Joining } from "../incidents/signals.store.ts";
import type { Db, Tx } from "../store/store.ts";

/** The tag by which a signal names Sentry's issue. */
const ISSUE = "sentry.issue";

/**
 * Keeps, for each issue of Sentry's that signals spoke of, when it last fired and when it last ended: what the API is held
 * against. Part of the transaction that folds the signals.
 */
export async function noteSentryIssues(tx: Tx, joinings: readonly Joining[]): Promise<void> {
  const told = joinings.filter(({ signal }) => signal.tags[ISSUE] !== undefined);
  const rows = told.flatMap(({ signal, incident }) => {
    const ends = signal.kind === "resolved";
    if (!ends && !opens(signal)) return [];
    const at = signal.at.toString();
    return [
      {
        source: signal.source,
        issue: signal.tags[ISSUE],
        incident_id: ends ? null : incident,
        [ends ? "ended" : "fired"]: at,
      },
    ];
  });
  if (rows.length === 0) return;
  await sql`
    with told as (
      select source, issue, max(incident_id) as incident_id, max(fired) as fired, max(ended) as ended
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
          as row (source text, issue text, incident_id bigint, fired timestamptz, ended timestamptz)
       group by source, issue
    ), fired as (
      insert into sentry_issues as known (source, issue, incident_id, fired_at, ended_at)
      select source, issue, incident_id, fired, ended from told where fired is not null order by source, issue
      on conflict (source, issue) do update
        set incident_id = coalesce(excluded.incident_id, known.incident_id),
            fired_at = greatest(known.fired_at, excluded.fired_at),
            ended_at = greatest(known.ended_at, excluded.ended_at)
    ), held as (
      select known.source, known.issue, told.ended
        from told join sentry_issues as known on known.source = told.source and known.issue = told.issue
       where told.fired is null order by 1, 2 for update of known
    )
    update sentry_issues as known set ended_at = greatest(known.ended_at, held.ended)
      from held
     where known.source = held.source and known.issue = held.issue`.execute(tx);
}

/** What is known of an issue. */
export interface KnownIssue {
  readonly issue: string;
  readonly firedAt: Instant;
  readonly endedAt: Instant | null;
  readonly firing: boolean;
}

/** Those of the issues that signals spoke of, by id. */
export async function knownIssues(
  db: Db,
  source: string,
  issues: readonly string[],
): Promise<ReadonlyMap<string, KnownIssue>> {
  if (issues.length === 0) return new Map();
  const rows = await db
    .selectFrom("sentry_issues")
    .selectAll()
    .where("source", "=", source)
    .where("issue", "in", [...issues])
    .execute();
  return new Map(rows.map((row) => [row.issue, knownOf(row)]));
}

/**
 * Issues that fire as far as we know, to be asked about: of open incidents whenever they were not asked about since
 * `open`, of others since `other`; those asked longest ago first.
 */
export async function issuesToCheck(
  db: Db,
  source: string,
  asked: { readonly open: Instant; readonly other: Instant; readonly limit: number },
): Promise<KnownIssue[]> {
  const rows = await sql<{ issue: string; fired_at: Instant; ended_at: Instant | null }>`
    select known.issue, known.fired_at, known.ended_at
      from sentry_issues as known
      left join incidents on incidents.id = known.incident_id
     where known.source = ${source} and (known.ended_at is null or known.ended_at < known.fired_at)
       and (known.checked_at is null
            or known.checked_at <= case when incidents.status <> 'resolved' then ${asked.open}::timestamptz
                                        else ${asked.other}::timestamptz end)
     order by incidents.status is distinct from 'resolved' desc, known.checked_at nulls first, known.issue
     limit ${asked.limit}`.execute(db);
  return rows.rows.map(knownOf);
}

/** They were asked about (or are to be asked about at once: null). */
export async function keepChecked(
  db: Db,
  source: string,
  issues: readonly string[],
  at: Instant | null,
): Promise<void> {
  if (issues.length === 0) return;
  await db
    .updateTable("sentry_issues")
    .set({ checked_at: at })
    .where("source", "=", source)
    .where("issue", "in", [...issues])
    .execute();
}

/** An issue that signals of an incident spoke of. */
export interface IssueOfIncident {
  readonly source: string;
  readonly issue: string;
  readonly shortId: string | null;
  readonly url: string | null;
  readonly firing: boolean;
}

/** Found by the incident's signals, so that what joined it later is there too. In the order in which they came. */
export async function issuesOfIncident(db: Db, incident: IncidentId): Promise<IssueOfIncident[]> {
  const { rows } = await sql<IssueOfIncident>`
    select told.source, told.issue, told.short_id as "shortId", told.url,
           known.ended_at is null or known.ended_at < known.fired_at as firing
      from (select source, tags ->> ${ISSUE} as issue, min(id) as first, max(tags ->> 'sentry.short_id') as short_id,
                   max(url) as url
              from signals
             where incident_id = ${incident} and tags ? ${ISSUE}
             group by 1, 2) as told
      left join sentry_issues as known on known.source = told.source and known.issue = told.issue
     order by told.first`.execute(db);
  return rows;
}

const knownOf = (row: { issue: string; fired_at: Instant; ended_at: Instant | null }): KnownIssue => ({
  issue: row.issue,
  firedAt: row.fired_at,
  endedAt: row.ended_at,
  firing: row.ended_at === null || row.ended_at.epochMilliseconds < row.fired_at.epochMilliseconds,
});
