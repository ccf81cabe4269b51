import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Db } from "../store/store.ts";

/**
 * What was last heard to be deployed of a service in an environment. `version` null: it was not said, or not where, or
 * only as a commit or a revision where numbers have to be compared.
 */
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
  of: { readonly service: string; readonly environment: string; readonly operator?: ">=" | "=" },
): Promise<Deployed | null> {
  const row = await db
    .selectFrom("deploys")
    .select(["version", "sha", "environment", "said_at"])
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
  const told = row.environment !== null && (of.operator === "=" || isNumbered(row));
  return { version: told ? row.version : null, at: row.said_at };
}

/** `6.2`, `v6.2.0-rc.1`; neither `tcs-prod:42` nor a commit, though it may begin with a digit. */
function isNumbered({ version, sha }: { version: string | null; sha: string | null }): boolean {
  if (version === null || sha?.startsWith(version) === true) return false;
  return /^v?\d+(\.\d+)*([-+.].*)?$/i.test(version);
}
