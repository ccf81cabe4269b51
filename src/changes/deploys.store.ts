import { type Selectable, sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Deploys } from "../store/database.ts";
import type { Db, Tx } from "../store/store.ts";
import { canBeOne, type Deploy, type DeployOutcome, type NewDeploy, toldAgain } from "./deploy.ts";

/** How far from a telling another sender's telling of the same deploy is looked for. */
const NEAR_MS = 15 * 60_000;

/**
 * Keeps a telling of a deploy: a new row, or what it adds to the one that told of it before. Returns the deploy and whether
 * anything of it is new. Tellings of one service go one after the other.
 */
export async function keepDeploy(
  tx: Tx,
  telling: NewDeploy,
  learnedAt: Instant,
): Promise<{ deploy: Deploy; changed: boolean }> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`deploys of ${telling.service ?? ""}`}, 0))`.execute(tx);
  const kept = (await toldBefore(tx, telling)) ?? (await toldElsewhere(tx, telling));
  if (kept === null) {
    const row = await tx
      .insertInto("deploys")
      .values({ ...rowOf(telling), said_at: telling.at, learned_at: learnedAt })
      .returningAll()
      .executeTakeFirstOrThrow();
    return { deploy: deployOfRow(row), changed: true };
  }
  const deploy = toldAgain(kept, telling);
  const changed = JSON.stringify(deploy) !== JSON.stringify(kept);
  if (changed) {
    const { source, told_as, signal_id, service, title, ...set } = rowOf(deploy);
    await tx
      .updateTable("deploys")
      .set({ ...set, said_at: deploy.saidAt })
      .where("id", "=", kept.id)
      .execute();
  }
  return { deploy, changed };
}

async function toldBefore(tx: Tx, telling: NewDeploy): Promise<Deploy | null> {
  const row = await tx
    .selectFrom("deploys")
    .selectAll()
    .where("source", "=", telling.source)
    .where("told_as", "=", telling.toldAs)
    .where("service", "is not distinct from", telling.service)
    .where("environment", "is not distinct from", telling.environment)
    .executeTakeFirst();
  return row === undefined ? null : deployOfRow(row);
}

async function toldElsewhere(tx: Tx, telling: NewDeploy): Promise<Deploy | null> {
  if (telling.service === null) return null;
  const rows = await tx
    .selectFrom("deploys")
    .selectAll()
    .where("service", "=", telling.service)
    .where("at", ">=", telling.at.subtract({ milliseconds: NEAR_MS }))
    .where("at", "<=", telling.at.add({ milliseconds: NEAR_MS }))
    .execute();
  const apart = (deploy: Deploy) => Math.abs(deploy.at.epochMilliseconds - telling.at.epochMilliseconds);
  const [nearest] = rows
    .map(deployOfRow)
    .filter((kept) => canBeOne(kept, telling))
    .sort((a, b) => apart(a) - apart(b));
  return nearest ?? null;
}

export async function deployById(db: Db, id: number): Promise<Deploy | null> {
  const row = await db.selectFrom("deploys").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : deployOfRow(row);
}

/** Deploys whose moment is in a time, of these services. */
export async function deploysBetween(
  db: Db,
  within: { readonly from: Instant; readonly to: Instant; readonly services: readonly string[] },
): Promise<Deploy[]> {
  if (within.services.length === 0) return [];
  const rows = await db
    .selectFrom("deploys")
    .selectAll()
    .where("at", ">=", within.from)
    .where("at", "<=", within.to)
    .where("service", "in", [...within.services])
    .execute();
  return rows.map(deployOfRow);
}

/** The newest deploys, newest first. An environment holds for what may have been there, too. */
export async function listDeploys(
  db: Db,
  filter: { readonly service?: string; readonly environment?: string; readonly limit: number },
): Promise<Deploy[]> {
  const { service, environment } = filter;
  let query = db.selectFrom("deploys").selectAll();
  if (service !== undefined) query = query.where("service", "=", service);
  if (environment !== undefined) {
    query = query.where((where) =>
      where.or([where("environment", "=", environment), sql<boolean>`${environment} = any(environments)`]),
    );
  }
  const rows = await query.orderBy("at", "desc").orderBy("id", "desc").limit(filter.limit).execute();
  return rows.map(deployOfRow);
}

/** Services of which a deploy was told: names that people may mean. */
export async function deployedServices(db: Db): Promise<string[]> {
  const rows = await db.selectFrom("deploys").select("service").distinct().where("service", "is not", null).execute();
  return rows.flatMap(({ service }) => service ?? []);
}

function rowOf(deploy: NewDeploy) {
  return {
    source: deploy.source,
    told_as: deploy.toldAs,
    signal_id: deploy.signalId,
    service: deploy.service,
    environment: deploy.environment,
    environments: [...deploy.environments],
    version: deploy.version,
    sha: deploy.sha,
    ref: deploy.ref,
    repository: deploy.repository,
    outcome: deploy.outcome,
    title: deploy.title,
    by_name: deploy.byName,
    url: deploy.url,
    at: deploy.at,
  };
}

/** Its check holds what this room wrote. */
export function deployOfRow(row: Selectable<Deploys>): Deploy {
  return {
    id: row.id,
    source: row.source,
    toldAs: row.told_as,
    signalId: row.signal_id,
    service: row.service,
    environment: row.environment,
    environments: row.environments,
    version: row.version,
    sha: row.sha,
    ref: row.ref,
    repository: row.repository,
    outcome: row.outcome as DeployOutcome,
    title: row.title,
    byName: row.by_name,
    url: row.url,
    at: row.at,
    saidAt: row.said_at,
    learnedAt: row.learned_at,
  };
}
