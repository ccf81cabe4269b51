import type { Instant } from "../base/clock.ts";
import type { Db } from "../store/store.ts";
import { tagsOf, textOf } from "./reading.ts";
import type { Delivery } from "./sources/contract.ts";

/** A delivery whose sender waits for our word; null when it is not there, was refused since, or has it (then it has its signal). */
export async function readWaiting(db: Db, id: number): Promise<Delivery | null> {
  const row = await db
    .selectFrom("inbox")
    .select(["id", "source", "resource", "request", "body", "received_at"])
    .where("id", "=", id)
    .where("state", "=", "done")
    .where((where) =>
      where.not(
        where.exists(where.selectFrom("signals").select("signals.id").whereRef("signals.inbox_id", "=", "inbox.id")),
      ),
    )
    .executeTakeFirst();
  if (row === undefined) return null;
  const request = typeof row.request === "object" && row.request !== null ? row.request : {};
  const saved = new Map(Object.entries(request));
  return {
    id: row.id,
    source: row.source,
    resource: row.resource,
    request: {
      method: textOf(saved.get("method")) ?? "",
      path: textOf(saved.get("path")) ?? "",
      query: tagsOf(saved.get("query")),
    },
    body: row.body,
    receivedAt: row.received_at,
  };
}

/** What became of it, for an operator. `refused` shows it among what was refused. */
export async function keepWord(
  db: Db,
  id: number,
  word: { readonly state: "done" | "refused"; readonly reason: string; readonly at: Instant },
): Promise<void> {
  await db
    .updateTable("inbox")
    .set({ state: word.state, reason: word.reason, processed_at: word.at })
    .where("id", "=", id)
    .execute();
}
