import { sql } from "kysely";
import type { Db } from "../store/store.ts";
import type { Mended } from "./contract.ts";
import { type Mending, mendedOf, PARTS, type Part } from "./runs-mended.ts";

/** By row id: which runs of their own set right what these runs left, by the target's word. */
export async function mendedBy(db: Db, ids: readonly number[]): Promise<ReadonlyMap<number, Mended>> {
  const mendings: Mending[] = [];
  for (let parents = ids; parents.length > 0; ) {
    const next = await mendingsOf(db, parents);
    mendings.push(...next);
    parents = next.filter(({ succeeded }) => !succeeded).map(({ id }) => id);
  }
  return new Map(ids.map((id) => [id, mendedOf(id, mendings)]));
}

interface Row {
  readonly id: number;
  readonly number: number;
  readonly parent_id: number;
  readonly kind: string;
  readonly succeeded: boolean;
  readonly op: string | null;
  readonly of_comparison: boolean;
  /** How its first id ended in the run that it follows: it took all that ended so. */
  readonly took: string | null;
  readonly failed: number;
  readonly skipped: number;
}

async function mendingsOf(db: Db, parents: readonly number[]): Promise<Mending[]> {
  const { rows } = await sql<Row>`
    select runs.id, runs.number, runs.parent_id, runs.kind, runs.state = 'succeeded' as succeeded, own.op,
           coalesce(theirs.op = 'compare', false) as of_comparison,
           (select part.state
              from unnest(array['failed', 'skipped', 'missing']) as part (state)
             cross join lateral (select ref from run_items
                                  where run_id = runs.parent_id and run_items.state = part.state
                                  order by seq limit 1) as first
              join run_items as taken on taken.run_id = runs.id and taken.seq = 1 and taken.ref = first.ref
             limit 1) as took,
           coalesce((own.counts ->> 'failed')::int, 0) as failed,
           coalesce((own.counts ->> 'skipped')::int, 0) as skipped
      from runs
      left join fanouts as own on own.run_id = runs.id
      left join fanouts as theirs on theirs.run_id = runs.parent_id
     where runs.parent_id = any(${[...parents]})
       and runs.kind in ('restore', 'fanout')
       and runs.state in ('succeeded', 'failed', 'aborted')
       and runs.proved`.execute(db);
  return rows.flatMap((row): Mending[] => {
    const what = whatOf(row);
    if (what === null) return [];
    const { id, number, parent_id: parentId, succeeded } = row;
    return [{ id, number, parentId, what, succeeded, left: PARTS.filter((part) => row[part] > 0) }];
  });
}

function whatOf({ kind, op, of_comparison, took }: Row): Mending["what"] | null {
  if (kind === "restore") return "restore";
  if (of_comparison) return op === "delete" || op === "resync" ? op : null;
  return PARTS.find((part: Part) => part === took) ?? null;
}
