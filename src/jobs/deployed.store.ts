import type { Instant } from "../base/clock.ts";
import type { Db } from "../store/store.ts";

/** Tags in which senders say what was deployed, first found first. */
const VERSION_TAGS = ["version", "revision", "release"] as const;

/** What was last heard to be deployed of a service in an environment. `version` null: the message did not say it. */
export interface Deployed {
  readonly version: string | null;
  readonly at: Instant;
}

/** By the newest message of a deploy; null when none was heard. */
export async function lastDeployed(
  db: Db,
  of: { readonly service: string; readonly environment: string },
): Promise<Deployed | null> {
  const row = await db
    .selectFrom("signals")
    .select(["tags", "at"])
    .where("kind", "=", "deployed")
    .where("service", "=", of.service)
    .where("environment", "=", of.environment)
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return null;
  const tags = new Map(typeof row.tags === "object" && row.tags !== null ? Object.entries(row.tags) : []);
  const said = VERSION_TAGS.map((name) => tags.get(name)).find((value) => typeof value === "string" && value !== "");
  return { version: typeof said === "string" ? said : null, at: row.at };
}
