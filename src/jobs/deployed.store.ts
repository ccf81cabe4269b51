import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Db } from "../store/store.ts";

/** What was last heard to be deployed of a service in an environment. `version` null: it was not said, or not where. */
export interface Deployed {
  readonly version: string | null;
  readonly at: Instant;
}

/**
 * By the newest deploy that went well; null when none was heard of. One that may have been there, or in another environment,
 * leaves the version unknown.
 */
export async function lastDeployed(
  db: Db,
  of: { readonly service: string; readonly environment: string },
): Promise<Deployed | null> {
  const row = await db
    .selectFrom("deploys")
    .select(["version", "environment", "said_at"])
    .where("outcome", "=", "succeeded")
    .where("service", "=", of.service)
    .where((where) =>
      where.or([where("environment", "=", of.environment), sql<boolean>`${of.environment} = any(environments)`]),
    )
    .orderBy("said_at", "desc")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return null;
  return { version: row.environment === null ? null : row.version, at: row.said_at };
}
