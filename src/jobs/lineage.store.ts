import { sql } from "kysely";
import type { Db } from "../store/store.ts";

/** The row ids of this run and, of a fan-out, of those whose rest it took, and they theirs. */
export async function takenFrom(db: Db, runId: number): Promise<readonly number[]> {
  const { rows } = await sql<{ id: number }>`
    with recursive line as (
      select id, parent_id, kind from runs where id = ${runId}
      union all
      select runs.id, runs.parent_id, runs.kind from line join runs on runs.id = line.parent_id where line.kind = 'fanout'
    )
    select id from line`.execute(db);
  return rows.map(({ id }) => id);
}
