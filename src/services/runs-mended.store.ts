import type { Db } from "../store/store.ts";
import type { Mended } from "./contract.ts";

/** By row id: which runs of their own set right what these runs left, by the target's word. The newest of each sort. */
export async function mendedBy(db: Db, ids: readonly number[]): Promise<ReadonlyMap<number, Mended>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom("runs")
    .leftJoin("fanouts", "fanouts.run_id", "runs.id")
    .select(["runs.parent_id", "runs.number", "runs.kind", "fanouts.op"])
    .where("runs.parent_id", "in", [...ids])
    .where("runs.kind", "in", ["restore", "fanout"])
    .where("runs.state", "=", "succeeded")
    .where("runs.proved", "=", true)
    .orderBy("runs.id", "desc")
    .execute();
  const by = Map.groupBy(rows, (row) => row.parent_id ?? 0);
  return new Map(
    [...by].map(([id, mends]) => {
      const newest = (is: (row: (typeof rows)[number]) => boolean) => mends.find(is)?.number ?? null;
      return [
        id,
        {
          restored: newest(({ kind }) => kind === "restore"),
          deleted: newest(({ op }) => op === "delete"),
          resynced: newest(({ op }) => op === "resync"),
        },
      ];
    }),
  );
}

export const NOT_MENDED: Mended = { restored: null, deleted: null, resynced: null };
