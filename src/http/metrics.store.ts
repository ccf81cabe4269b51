import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Db } from "../store/store.ts";

/** The record in numbers. Ages are in seconds of domain time; NaN where there was nothing to measure. */
export interface Gauges {
  readonly inboxPending: number;
  readonly inboxOldestSeconds: number;
  readonly refused: number;
  readonly unauthenticated: readonly { readonly source: string; readonly reason: string; readonly count: number }[];
  readonly outboxDue: readonly { readonly kind: string; readonly count: number }[];
  readonly outboxOldestSeconds: number;
  readonly outboxFailing: number;
  readonly runs: ReadonlyMap<string, number>;
  readonly incidents: ReadonlyMap<string, number>;
  readonly monitors: ReadonlyMap<string, number>;
  readonly monitorsOldestSeconds: number;
  readonly commands: {
    readonly unanswered: number;
    readonly median: number;
    readonly p99: number;
    readonly sum: number;
    readonly count: number;
  };
}

export async function readGauges(db: Db, now: Instant): Promise<Gauges> {
  const at = sql<Instant>`${now}::timestamptz`;
  const [inbox, refused, unauthenticated, due, outbox, runs, incidents, commands, unanswered, monitors] =
    await Promise.all([
      one(
        sql<{ count: number; oldest: number }>`
        select count(*)::int as count, coalesce(extract(epoch from ${at} - min(received_at)), 0)::float8 as oldest
          from inbox where state = 'pending'`,
        db,
      ),
      one(sql<{ count: number }>`select count(*)::int as count from inbox where state = 'refused'`, db),
      sql<{ source: string; reason: string; count: number }>`
      select source, reason, sum(count)::float8 as count from unauthenticated_counts group by 1, 2 order by 1, 2`.execute(
        db,
      ),
      sql<{ kind: string; count: number }>`
      select kind, count(*)::int as count from outbox where due_at <= ${at} group by 1 order by 1`.execute(db),
      one(
        sql<{ oldest: number; failing: number }>`
        select coalesce(extract(epoch from ${at} - min(due_at) filter (where due_at <= ${at})), 0)::float8 as oldest,
               (count(*) filter (where last_error is not null))::int as failing
          from outbox`,
        db,
      ),
      sql<{ name: string; count: number }>`select state as name, count(*)::int as count from runs group by 1`.execute(
        db,
      ),
      sql<{
        name: string;
        count: number;
      }>`select status as name, count(*)::int as count from incidents group by 1`.execute(db),
      one(
        sql<{ median: number | null; p99: number | null; sum: number; count: number }>`
        select percentile_cont(0.5) within group (order by took) as median,
               percentile_cont(0.99) within group (order by took) as p99,
               coalesce(sum(took), 0)::float8 as sum, count(*)::int as count
          from (select extract(epoch from answered_at - requested_at)::float8 as took from command_requests
                 where answered_at is not null and requested_at > ${at} - interval '1 hour') as answered`,
        db,
      ),
      one(sql<{ count: number }>`select count(*)::int as count from command_requests where answered_at is null`, db),
      sql<{ name: string; count: number; oldest: number }>`
      select state as name, count(*)::int as count,
             greatest(coalesce(extract(epoch from ${at} - min(next_at)), 0), 0)::float8 as oldest
        from monitors where gone_at is null group by 1`.execute(db),
    ]);
  return {
    inboxPending: inbox.count,
    inboxOldestSeconds: inbox.oldest,
    refused: refused.count,
    unauthenticated: unauthenticated.rows,
    outboxDue: due.rows,
    outboxOldestSeconds: outbox.oldest,
    outboxFailing: outbox.failing,
    runs: new Map(runs.rows.map(({ name, count }) => [name, count])),
    incidents: new Map(incidents.rows.map(({ name, count }) => [name, count])),
    monitors: new Map(monitors.rows.map(({ name, count }) => [name, count])),
    monitorsOldestSeconds: Math.max(0, ...monitors.rows.map(({ oldest }) => oldest)),
    commands: {
      unanswered: unanswered.count,
      median: commands.median ?? Number.NaN,
      p99: commands.p99 ?? Number.NaN,
      sum: commands.sum,
      count: commands.count,
    },
  };
}

async function one<T>(query: ReturnType<typeof sql<T>>, db: Db): Promise<T> {
  const [row] = (await query.execute(db)).rows;
  if (row === undefined) throw new Error("an aggregate gave no row");
  return row;
}
