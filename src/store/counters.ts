import { sql } from "kysely";
import type { Tx } from "./store.ts";

/** The next number of a gapless series: the row stays locked until the transaction ends, so a rollback leaves no gap. */
export async function nextNumber(tx: Tx, counter: "incident" | "run" | "gate"): Promise<number> {
  const row = await tx
    .updateTable("counters")
    .set({ value: sql`value + 1` })
    .where("name", "=", counter)
    .returning("value")
    .executeTakeFirstOrThrow();
  return row.value;
}
