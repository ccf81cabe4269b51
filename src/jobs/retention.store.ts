import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Db } from "../store/store.ts";
import { TERMINAL_STATES } from "./states.ts";

/** So many runs' lines at a time. */
const BATCH = 100;

/** Deletes the kept log lines of runs that ended before `before` (domain time). Returns of how many runs. */
export async function forgetLogs(db: Db, before: Instant): Promise<number> {
  let runs = 0;
  for (let count = BATCH; count === BATCH; runs += count) {
    const over = await db
      .selectFrom("runs")
      .select("id")
      .where("state", "in", TERMINAL_STATES)
      .where("finished_at", "<", before)
      .where(({ exists, selectFrom }) =>
        exists(selectFrom("run_log_lines").select("seq").whereRef("run_log_lines.run_id", "=", "runs.id")),
      )
      .limit(BATCH)
      .execute();
    count = over.length;
    if (count === 0) break;
    const ids = over.map(({ id }) => id);
    await db.deleteFrom("run_log_lines").where("run_id", "in", ids).execute();
  }
  return runs;
}

/** Those of these execution keys whose run ended before `before`. A key that no run has is none of them. */
export async function keysOver(db: Db, keys: readonly string[], before: Instant): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set();
  // The key of a later attempt is the run's with its number behind it.
  const rows = await sql<{ key: string }>`
    select given.key
      from unnest(${[...keys]}::text[]) as given (key)
      join runs on runs.intent_key = given.key
                or runs.intent_key = regexp_replace(given.key, ':[0-9]+$', '')
     group by given.key
    having bool_and(runs.state in (${sql.join(TERMINAL_STATES)}) and runs.finished_at < ${before})`.execute(db);
  return new Set(rows.rows.map(({ key }) => key));
}
