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

/** Numbers of a gapless series one after the other; `keep` says how many were taken. The row is locked meanwhile. */
export interface Numbers {
  next(): Promise<number>;
  keep(): Promise<void>;
}

/** For several numbers within one transaction: asked for at the first, written once. */
export function numbersOf(tx: Tx, counter: "incident"): Numbers {
  let last: number | undefined;
  return {
    next: async () => {
      last ??= (await lockCounter(tx, counter)).value;
      last += 1;
      return last;
    },
    keep: async () => {
      if (last !== undefined)
        await tx.updateTable("counters").set({ value: last }).where("name", "=", counter).execute();
    },
  };
}

const lockCounter = (tx: Tx, counter: string) =>
  tx.selectFrom("counters").select("value").where("name", "=", counter).forUpdate().executeTakeFirstOrThrow();
