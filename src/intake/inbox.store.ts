import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import { requestWork } from "../store/outbox.ts";
import { type Db, jsonb, type Store, type Tx } from "../store/store.ts";
import { isFields, tagsOf, textOf } from "./reading.ts";
import type { Delivery } from "./sources/contract.ts";

/** A delivery that is about to be saved. */
export interface Arrival {
  readonly source: string;
  readonly key: string;
  /** How long the key keeps a repetition out; absent: for ever. */
  readonly forMs?: number | undefined;
  /** What it tells of: left out where that is known by `saveUnknown`. */
  readonly name?: string | undefined;
  readonly resource: string | null;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly query: Readonly<Record<string, string>>;
  };
  readonly body: string;
  readonly receivedAt: Instant;
  /** Why it cannot be processed: kept as refused at once. */
  readonly refused?: string | undefined;
}

/**
 * Saves a batch in one transaction and rings once for all. A delivery whose key is known is left out. Keys that hold for
 * a while live in a table of their own, so that "a while" has no edges: the key is free again when its own time is over.
 * The batch must not hold one (source, key) twice.
 */
export async function saveArrivals(store: Store, arrivals: readonly Arrival[], now: Instant): Promise<void> {
  const until = (arrival: Arrival) =>
    arrival.forMs === undefined ? null : arrival.receivedAt.add({ milliseconds: arrival.forMs }).toString();
  // Each body is a parameter of its own: an array's text form would escape every quote in it, here and there again.
  await store.tx(async (tx) => {
    // Whoever saves what was asked for looks at what came in: not between our look and our saving.
    if (arrivals.some((one) => one.name !== undefined))
      await sql`select pg_advisory_xact_lock_shared(${NAMED})`.execute(tx);
    const saved = await sql<{ pending: boolean }>`
      with arrived as (
        select * from unnest(
          ${arrivals.map((one) => one.source)}::text[], ${arrivals.map((one) => one.key)}::text[],
          ${arrivals.map(until)}::timestamptz[], ${arrivals.map((one) => one.resource)}::text[],
          ${arrivals.map((one) => JSON.stringify(one.request))}::jsonb[], array[${sql.join(arrivals.map((one) => one.body))}]::text[],
          ${arrivals.map((one) => one.receivedAt.toString())}::timestamptz[],
          ${arrivals.map((one) => one.refused ?? null)}::text[], ${arrivals.map((one) => one.name ?? null)}::text[]
        ) with ordinality as one (source, key, until, resource, request, body, received_at, refused, name, position)
      ), free as (
        insert into delivery_keys as known (source, key, since, until)
        select source, key, received_at, until from arrived where until is not null order by source, key
        on conflict (source, key) do update set since = excluded.since, until = excluded.until
         where known.until <= excluded.since
        returning source, key
      )
      insert into inbox (source, delivery_key, resource, request, body, received_at, state, reason, processed_at)
      select source, case when until is null then key else key || ' ' || received_at::text end, resource, request, body,
             received_at, case when refused is null then 'pending' else 'refused' end, refused,
             case when refused is null then null else received_at end
        from arrived
       where (until is null or (source, key) in (select source, key from free))
         and (name is null or not exists (select from delivery_keys as asked where asked.source = arrived.source
                                             and asked.key = arrived.name and asked.until > arrived.received_at))
       order by position
      on conflict (source, delivery_key) do nothing
      returning state = 'pending' as pending`.execute(tx);
    if (saved.rows.some((row) => row.pending)) await requestWork(tx, { kind: "inbox", ref: 0, dueAt: now });
  });
}

/**
 * Saves a delivery that Nightdesk asked for itself, under the first of its names, unless one of them is known or `heard`
 * says that it came in by itself. From then on, for `forMs`, none of them is taken again. Says whether it was saved.
 */
export async function saveUnknown(
  store: Store,
  arrival: Omit<Arrival, "key" | "forMs" | "name" | "refused">,
  as: {
    readonly names: readonly string[];
    readonly forMs: number;
    readonly now: Instant;
    readonly heard: (tx: Tx) => Promise<boolean>;
  },
): Promise<boolean> {
  const names = [...new Set(as.names)].sort();
  const { source, resource, body } = arrival;
  const receivedAt = arrival.receivedAt.toString();
  const until = arrival.receivedAt.add({ milliseconds: as.forMs }).toString();
  try {
    await store.tx(async (tx) => {
      await sql`select pg_advisory_xact_lock(${NAMED})`.execute(tx);
      const free = await sql`
        insert into delivery_keys as known (source, key, since, until)
        select ${source}, name, ${receivedAt}::timestamptz, ${until}::timestamptz
          from unnest(${names}::text[]) with ordinality as one (name, position) order by position
        on conflict (source, key) do update set since = excluded.since, until = excluded.until
         where known.until <= excluded.since
        returning key`.execute(tx);
      // What is known under one name is known: the others must stay free for whoever brings them.
      if (free.rows.length < names.length || (await as.heard(tx))) throw new Known();
      await tx
        .insertInto("inbox")
        .values({
          source,
          delivery_key: `${as.names[0]} ${receivedAt}`,
          resource,
          request: jsonb({ ...arrival.request }),
          body,
          received_at: arrival.receivedAt,
        })
        .execute();
      await requestWork(tx, { kind: "inbox", ref: 0, dueAt: as.now });
    });
    return true;
  } catch (error) {
    if (error instanceof Known) return false;
    throw error;
  }
}

class Known extends Error {}

/** Held by whoever saves deliveries that have names, and alone by whoever saves what was asked for. */
const NAMED = 7_213_004_001;

/** Batches that are being saved elsewhere may have lower ids than what is there already: so many at most. */
const UNDER_WAY = 2_000;

/** The newest delivery's id: what was looked through before need not be looked through again. */
export async function newestDelivery(db: Db): Promise<number> {
  const row = await db
    .selectFrom("inbox")
    .select((select) => select.fn.max("id").as("id"))
    .executeTakeFirst();
  return row?.id ?? 0;
}

/** Whether a delivery of this source waits to be processed in which this word stands. `after`: only of those since. */
export async function isMentioned(db: Db, of: { source: string; word: string; after: number }): Promise<boolean> {
  const row = await db
    .selectFrom("inbox")
    .select("id")
    .where("state", "=", "pending")
    .where("source", "=", of.source)
    .where("id", ">", of.after === 0 ? 0 : of.after - UNDER_WAY)
    .where(sql<boolean>`position(${of.word} in body) > 0`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** A request that could not be authenticated: never its body. */
export interface Stranger {
  readonly source: string;
  readonly sender: string;
  readonly bodySha256: string;
  readonly reason: string;
  readonly receivedAt: Instant;
}

/** So many of a day (UTC) are kept one by one; all are counted. */
const MOST_STRANGERS_A_DAY = 1_000;

/** Counts them all, and keeps those that fit in the day's share. */
export async function saveStrangers(db: Db, strangers: readonly Stranger[]): Promise<void> {
  const [first] = strangers;
  if (first === undefined) return;
  const midnight = first.receivedAt.toZonedDateTimeISO("UTC").startOfDay().toInstant();
  await sql`
    with stranger as (
      select * from unnest(
        ${strangers.map((one) => one.source)}::text[], ${strangers.map((one) => one.sender)}::text[],
        ${strangers.map((one) => one.bodySha256)}::text[], ${strangers.map((one) => one.reason)}::text[],
        ${strangers.map((one) => one.receivedAt.toString())}::timestamptz[]
      ) as one (source, sender, body_sha256, reason, received_at)
    ), counted as (
      insert into unauthenticated_counts as known (day, source, reason, count)
      select ${midnight}::timestamptz::date, source, reason, count(*) from stranger group by source, reason order by source, reason
      on conflict (day, source, reason) do update set count = known.count + excluded.count
    )
    insert into unauthenticated (source, sender, body_sha256, reason, received_at)
    select source, sender, body_sha256, reason, received_at from stranger
     limit greatest(0, ${MOST_STRANGERS_A_DAY} - (select count(*) from unauthenticated where received_at >= ${midnight}))
  `.execute(db);
}

export interface PendingDelivery extends Delivery {
  readonly attempts: number;
}

/** So many bytes (as Postgres keeps them) are read at once: a few huge bodies must not fill the memory. */
const MOST_BYTES_AT_ONCE = 16_000_000;

/** Deliveries that wait and are not held back, oldest first. `machineNow`: back-off is machine time. */
export async function pendingDeliveries(
  db: Db,
  at: { machineNow: Instant; limit: number },
): Promise<PendingDelivery[]> {
  const fitting = await sql<{ id: number }>`
    with oldest as (
      select id, pg_column_size(body) as size from inbox
       where state = 'pending' and (not_before is null or not_before <= ${at.machineNow}::timestamptz)
       order by id limit ${at.limit}
    ), reached as (select id, sum(size) over (order by id) - size as before from oldest)
    select id from reached where before < ${MOST_BYTES_AT_ONCE}`.execute(db);
  if (fitting.rows.length === 0) return [];
  const rows = await db
    .selectFrom("inbox")
    .selectAll()
    .where(
      "id",
      "in",
      fitting.rows.map((row) => row.id),
    )
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    source: row.source,
    resource: row.resource,
    request: requestOf(row.request),
    body: row.body,
    receivedAt: row.received_at,
    attempts: row.attempts,
  }));
}

function requestOf(saved: unknown): Delivery["request"] {
  const request = isFields(saved) ? saved : {};
  return {
    method: textOf(request["method"]) ?? "",
    path: textOf(request["path"]) ?? "",
    query: tagsOf(request["query"]),
  };
}

/** Holds those that still wait and that nobody else holds; what another took is left to him. */
export async function holdPending(tx: Tx, ids: readonly number[]): Promise<ReadonlySet<number>> {
  const rows = await tx
    .selectFrom("inbox")
    .select("id")
    .where("id", "in", [...ids])
    .where("state", "=", "pending")
    .forUpdate()
    .skipLocked()
    .execute();
  return new Set(rows.map((row) => row.id));
}

export interface Verdicted {
  readonly id: number;
  readonly state: "done" | "ignored" | "refused";
  readonly reason: string | null;
}

export async function markDeliveries(db: Db, verdicts: readonly Verdicted[], now: Instant): Promise<void> {
  if (verdicts.length === 0) return;
  await sql`
    update inbox set state = verdict.state, reason = verdict.reason, processed_at = ${now}::timestamptz, not_before = null
      from unnest(${verdicts.map((one) => one.id)}::bigint[], ${verdicts.map((one) => one.state)}::text[],
                  ${verdicts.map((one) => one.reason)}::text[]) as verdict (id, state, reason)
     where inbox.id = verdict.id and inbox.state = 'pending'`.execute(db);
}

/** A failure of ours: held back until `notBefore` (machine time), or refused when that is null. */
export async function markFailed(
  db: Db,
  id: number,
  failure: {
    readonly reason: string;
    /** When to try again (machine time); null: never, it is refused. */
    readonly notBefore: Instant | null;
    /** Whether it counts towards giving up. */
    readonly counts: boolean;
    readonly now: Instant;
  },
): Promise<void> {
  const refused = failure.notBefore === null;
  await db
    .updateTable("inbox")
    .set({
      attempts: failure.counts ? sql`attempts + 1` : sql`attempts`,
      reason: failure.reason,
      not_before: failure.notBefore,
      state: refused ? "refused" : "pending",
      processed_at: refused ? failure.now : null,
    })
    .where("id", "=", id)
    .where("state", "=", "pending")
    .execute();
}

/** When the next delivery may be tried: at once (`notBefore` null) or then (machine time). Null when none waits. */
export async function nextPending(db: Db): Promise<{ readonly notBefore: Instant | null } | null> {
  const row = await db
    .selectFrom("inbox")
    .select("not_before")
    .where("state", "=", "pending")
    .orderBy("not_before", (order) => order.asc().nullsFirst())
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : { notBefore: row.not_before };
}

/** Forgets delivery keys whose time is over. */
export async function forgetKeys(db: Db, now: Instant): Promise<void> {
  await db.deleteFrom("delivery_keys").where("until", "<=", now).execute();
}

/** Whether anything waits to be understood that was not tried yet. */
export async function isBehind(db: Db): Promise<boolean> {
  const row = await db
    .selectFrom("inbox")
    .select("id")
    .where("state", "=", "pending")
    .where("attempts", "=", 0)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
