import { sql } from "kysely";
import { z } from "zod";
import type { Db } from "../store/store.ts";
import { OPENING } from "./surfaces/contract.ts";

/** Keeps the modal that was opened for a request (null: none opened), if it still waits for one. */
export async function notePendingView(db: Db, id: number, viewId: string | null): Promise<void> {
  await db
    .updateTable("command_requests")
    .set({ context: sql`jsonb_set(context, '{viewId}', ${JSON.stringify(viewId)}::jsonb)` })
    .where("id", "=", id)
    .where(sql<string>`context ->> 'viewId'`, "=", OPENING)
    .execute();
}

/**
 * What was said when the form of that request had been filled in and carried out; null: it was not, or in vain, or more
 * was asked.
 */
export async function carriedOutForm(db: Db, id: number): Promise<string | null> {
  const row = await db
    .selectFrom("command_requests")
    .select(sql<string>`answer ->> 'text'`.as("text"))
    .where("key", "like", `form:${id}:%`)
    .where(sql<string>`answer ->> 'tone'`, "in", ["done", "info"])
    .where(sql<boolean>`not answer ? 'ask'`)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.text ?? null;
}

const delivery = z.object({
  how: z.enum(["view", "response", "ephemeral", "none"]),
  state: z.enum(["sending", "waiting", "sent", "unknown", "undeliverable"]),
  /** Sends of which nobody knows whether they arrived. */
  doubts: z.number().int().default(0),
  /** Ways that certainly do not work for this answer, separated by commas. */
  failed: z.string().default(""),
});
/** How far the bringing of an answer has got. */
export type Delivery = z.output<typeof delivery>;

export async function readDelivery(db: Db, id: number): Promise<Delivery | null> {
  const row = await db.selectFrom("command_requests").select("delivery").where("id", "=", id).executeTakeFirst();
  const parsed = delivery.safeParse(row?.delivery);
  return parsed.success ? parsed.data : null;
}

export async function noteDelivery(db: Db, id: number, now: Delivery): Promise<void> {
  await db
    .updateTable("command_requests")
    .set({ delivery: JSON.stringify(now) })
    .where("id", "=", id)
    .where("delivered_at", "is", null)
    .execute();
}

/** The newest key that begins so. `prefix` has no wildcard of `like` in it. */
export async function newestKeyWith(db: Db, prefix: string): Promise<string | null> {
  const row = await db
    .selectFrom("command_requests")
    .select("key")
    .where("key", "like", `${prefix}%`)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.key ?? null;
}
