import { sql } from "kysely";
import { type Db, openStore } from "../src/store/store.ts";
import { allAnswered, drain, drained, perSecond, shots } from "./inbox.ts";
import { flood } from "./load.ts";
import { progress, report } from "./report.ts";
import { alertShot } from "./shots.ts";
import { benchStage } from "./stage.ts";

const STORED = { few: 1_000, many: 1_000_000 };
const INCIDENTS = 2_000;
const DAYS = 20;
const FLOOD = { connections: 256, forMs: 3_000, prepared: 24_000 };

/** `growth`: what an alert costs when 1,000 and when 1,000,000 are stored already; the first is the limit of the second. */
export async function growth(): Promise<void> {
  const stage = await benchStage();
  const store = openStore({ url: stage.env["DATABASE_URL"] ?? "", connections: 1 });
  const next = shots((n) => alertShot(stage, { channel: n % 10, cause: `storm ${n % 50}` }));
  const measure = async () => {
    await drained(stage);
    await stage.processes.kill("worker");
    const hits = await flood(stage.url, { ...FLOOD, next });
    allAnswered(hits, 202);
    return { accepted: perSecond(hits), processed: await drain(stage) };
  };
  try {
    progress(`growth: ${STORED.few} alerts stored`);
    await fill(store.db, STORED.few, new Date(stage.now()));
    // Once for warmth.
    await measure();
    const few = await measure();
    progress(`growth: ${STORED.many} alerts stored`);
    await fill(store.db, STORED.many - STORED.few, new Date(stage.now()));
    const many = await measure();
    for (const name of ["accepted", "processed"] as const) {
      const limit = { name: `${name}_per_second_1k`, value: few[name] };
      report({ bench: "growth", metric: `${name}_per_second_1m`, value: many[name], unit: "1/s", limit });
    }
  } finally {
    await store.close();
    await stage.close();
  }
}

/** Alerts of the past weeks, each in one of some incidents that are over: nothing of it is old enough to be forgotten. */
async function fill(db: Db, count: number, now: Date): Promise<void> {
  const past = new Date(now.getTime() - DAYS * 86_400_000).toISOString();
  await sql`
    insert into incidents (number, status, severity, title, environment, services, opened_by, folding_rule, folding_key,
                           channel, opened_at, first_seen_at, last_seen_at, resolved_at)
    select 1000000 + (select count(*) from incidents) + n, 'resolved', 'sev3', 'past ' || n, 'prod',
           array['desk-' || n % 10], 'source:alerts', 'by-cause',
           'service=desk-' || n % 10 || '; environment=prod; cause=past ' || n, 'desk-' || n % 10, past, past, past, past
      from generate_series(1, ${INCIDENTS}::int) as n, (select ${past}::timestamptz as past) as long_ago`.execute(db);
  await sql`
    insert into incident_keys (rule, key, incident_id, rest)
    select folding_rule, folding_key, id, folding_rule || '; ' || folding_key from incidents
     where title like 'past %' on conflict do nothing`.execute(db);
  await sql`
    with past as (
      insert into inbox (source, delivery_key, request, body, received_at, state, processed_at)
      select 'alerts', 'past ' || gen_random_uuid(), '{}', repeat('x', 900), at, 'done', at
        from generate_series(1, ${count}::int) as n,
             lateral (select ${past}::timestamptz + n * interval '1 second' as at) as moment
      returning id, received_at
    ), over as (select array_agg(id) as ids from incidents where title like 'past %')
    insert into signals (inbox_id, source, kind, title, service, environment, cause, tags, at, received_at, incident_id,
                         joined_by)
    select past.id, 'alerts', 'firing', 'past', 'desk-' || past.id % 10, 'prod', 'past', '{}', past.received_at,
           past.received_at, over.ids[1 + past.id % cardinality(over.ids)],
           jsonb_build_object('rule', 'by-cause', 'key', 'past', 'why', 'past', 'condition', md5(past.id::text))
      from past, over`.execute(db);
  await sql`analyze`.execute(db);
}
