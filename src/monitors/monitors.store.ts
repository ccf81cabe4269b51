import type { Selectable } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Severity } from "../config/catalogue.ts";
import type { Monitors } from "../store/database.ts";
import { requestWork } from "../store/outbox.ts";
import type { Db, Tx } from "../store/store.ts";
import type { Level } from "./checkpoint.ts";
import type { ProblemState } from "./judge.ts";

/** A monitor as it is kept. */
export interface KeptMonitor {
  readonly name: string;
  readonly digest: string;
  readonly knownAt: Instant;
  readonly plannedTo: Instant;
  readonly state: string;
  readonly since: Instant;
  readonly nextAt: Instant | null;
  readonly snooze: Snooze | null;
  /** Of a follower's place, and since when it is not well. */
  readonly level: Level;
  readonly levelSince: Instant | null;
  readonly goneAt: Instant | null;
}

export interface Snooze {
  readonly until: Instant;
  readonly byName: string;
  readonly because: string;
}

/** The monitor's row, made when there is none, locked until the transaction ends: one at a time judges it. */
export async function holdMonitor(tx: Tx, name: string, first: { digest: string; at: Instant }): Promise<KeptMonitor> {
  const { digest, at } = first;
  await tx
    .insertInto("monitors")
    .values({ name, digest, known_at: at, planned_to: at, state: "ok", since: at })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  const row = tx.selectFrom("monitors").selectAll().where("name", "=", name).forUpdate();
  return monitorOf(await row.executeTakeFirstOrThrow());
}

/** Asks for a look at these monitors now; without a lock on any of them. */
export async function wakeMonitors(tx: Tx, names: readonly string[], now: Instant): Promise<void> {
  if (names.length === 0) return;
  const rows = await tx
    .selectFrom("monitors")
    .select("id")
    .where("name", "in", [...names])
    .orderBy("id")
    .execute();
  for (const { id } of rows) await requestWork(tx, { kind: "monitors", ref: id, dueAt: now });
  if (rows.length < names.length) await requestWork(tx, { kind: "monitors", ref: 0, dueAt: now });
}

export async function monitorNumbered(db: Db, id: number): Promise<string | null> {
  const row = await db.selectFrom("monitors").select("name").where("id", "=", id).executeTakeFirst();
  return row?.name ?? null;
}

export async function keptMonitors(db: Db): Promise<Map<string, KeptMonitor>> {
  const rows = await db.selectFrom("monitors").selectAll().execute();
  return new Map(rows.map((row) => [row.name, monitorOf(row)]));
}

export async function keepMonitor(
  tx: Tx,
  name: string,
  set: {
    digest?: string;
    knownAt?: Instant;
    plannedTo?: Instant;
    state?: string;
    since?: Instant;
    nextAt?: Instant | null;
    goneAt?: Instant | null;
    level?: Level;
    levelSince?: Instant | null;
  },
): Promise<void> {
  const { digest, knownAt, plannedTo, state, since, nextAt, goneAt, level, levelSince } = set;
  await tx
    .updateTable("monitors")
    .set({
      ...(digest === undefined ? {} : { digest }),
      ...(knownAt === undefined ? {} : { known_at: knownAt }),
      ...(plannedTo === undefined ? {} : { planned_to: plannedTo }),
      ...(state === undefined ? {} : { state }),
      ...(since === undefined ? {} : { since }),
      ...(nextAt === undefined ? {} : { next_at: nextAt }),
      ...(goneAt === undefined ? {} : { gone_at: goneAt }),
      ...(level === undefined ? {} : { level }),
      ...(levelSince === undefined ? {} : { level_since: levelSince }),
    })
    .where("name", "=", name)
    .execute();
}

export async function keepSnooze(
  tx: Tx,
  name: string,
  snooze: { until: Instant; by: string; byName: string; because: string } | null,
): Promise<void> {
  await tx
    .updateTable("monitors")
    .set({
      snoozed_until: snooze?.until ?? null,
      snoozed_by: snooze?.by ?? null,
      snoozed_by_name: snooze?.byName ?? null,
      snoozed_because: snooze?.because ?? null,
    })
    .where("name", "=", name)
    .execute();
}

export interface KeptProblem {
  readonly id: number;
  readonly key: string;
  readonly state: ProblemState;
  readonly title: string;
  readonly at: Instant;
  readonly foundAt: Instant;
  readonly toldAt: Instant | null;
}

export async function openProblems(db: Db, monitor: string): Promise<KeptProblem[]> {
  const rows = await db
    .selectFrom("monitor_problems")
    .selectAll()
    .where("monitor", "=", monitor)
    .where("ended_at", "is", null)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    key: row.key,
    state: row.state as ProblemState,
    title: row.title,
    at: row.at,
    foundAt: row.found_at,
    toldAt: row.told_at,
  }));
}

/** Null: this was a problem before, and is over. */
export async function keepProblem(
  tx: Tx,
  monitor: string,
  problem: { key: string; state: string; title: string; severity: Severity | null; at: Instant; foundAt: Instant },
): Promise<number | null> {
  const { foundAt: found_at, ...rest } = problem;
  const row = await tx
    .insertInto("monitor_problems")
    .values({ monitor, found_at, ...rest })
    .onConflict((conflict) => conflict.columns(["monitor", "key"]).doNothing())
    .returning("id")
    .executeTakeFirst();
  return row?.id ?? null;
}

export async function changeProblem(
  tx: Tx,
  id: number,
  set: { state?: string; title?: string; toldAt?: Instant; endedAt?: Instant },
): Promise<void> {
  const { toldAt, endedAt, ...rest } = set;
  await tx
    .updateTable("monitor_problems")
    .set({
      ...rest,
      ...(toldAt === undefined ? {} : { told_at: toldAt }),
      ...(endedAt === undefined ? {} : { ended_at: endedAt }),
    })
    .where("id", "=", id)
    .execute();
}

const monitorOf = (row: Selectable<Monitors>): KeptMonitor => ({
  name: row.name,
  digest: row.digest,
  knownAt: row.known_at,
  plannedTo: row.planned_to,
  state: row.state,
  since: row.since,
  nextAt: row.next_at,
  snooze:
    row.snoozed_until === null
      ? null
      : { until: row.snoozed_until, byName: row.snoozed_by_name ?? "", because: row.snoozed_because ?? "" },
  level: row.level === 1 || row.level === 2 || row.level === 3 ? row.level : 0,
  levelSince: row.level_since,
  goneAt: row.gone_at,
});
