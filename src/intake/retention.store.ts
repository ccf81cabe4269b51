import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import { type Db, jsonb } from "../store/store.ts";

const BATCH = 2_000;

/**
 * Blanks the raw bodies of deliveries received before `before` (domain time) and drops what is kept of strangers from
 * before it. What was made of the deliveries (signals, timeline) stays. Returns how many bodies were blanked. What still
 * waits to be processed is never touched.
 */
export async function forgetBodies(db: Db, before: Instant): Promise<number> {
  await db.deleteFrom("unauthenticated").where("received_at", "<", before).execute();
  let blanked = 0;
  for (let count = BATCH; count === BATCH; blanked += count) {
    const rows = await db
      .updateTable("inbox")
      .set({ body: "", request: jsonb({}) })
      .where(
        "id",
        "in",
        db
          .selectFrom("inbox")
          .select("id")
          .where("received_at", "<", before)
          .where("state", "<>", "pending")
          .where("body", "<>", sql<string>`''`)
          .limit(BATCH),
      )
      .returning("id")
      .execute();
    count = rows.length;
  }
  return blanked;
}
