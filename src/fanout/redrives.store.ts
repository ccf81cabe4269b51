import type { Instant } from "../base/clock.ts";
import { type Actor, actorId, actorKey, actorName } from "../config/actor.ts";
import type { ItemResult } from "../jobs/connectors/contract.ts";
import type { Db, Tx } from "../store/store.ts";
import { type KeptLetter, letterOf } from "./dead-letters.store.ts";

export interface KeptRedrive {
  readonly id: number;
  readonly target: string;
  readonly perSecond: number;
  readonly attempts: number;
}

/** Keeps that these letters are to go back, on somebody's word. Null: this request was kept before. */
export async function bearRedrive(
  tx: Tx,
  redrive: {
    requestKey: string;
    target: string;
    perSecond: number;
    by: Actor;
    at: Instant;
    letters: readonly number[];
  },
): Promise<number | null> {
  const kept = await tx
    .insertInto("dead_letter_redrives")
    .values({
      request_key: redrive.requestKey,
      target: redrive.target,
      per_second: redrive.perSecond,
      requested_by: actorId(redrive.by),
      requested_by_key: actorKey(redrive.by),
      requested_by_name: actorName(redrive.by),
      asked_at: redrive.at,
    })
    .onConflict((conflict) => conflict.column("request_key").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (kept === undefined) return null;
  await tx
    .updateTable("dead_letters")
    .set({ redrive_id: kept.id, fate: null })
    .where("id", "in", [...redrive.letters])
    .where("redriven_at", "is", null)
    .where("gone_at", "is", null)
    .execute();
  return kept.id;
}

export async function readRedrive(db: Db, id: number): Promise<KeptRedrive | null> {
  const row = await db
    .selectFrom("dead_letter_redrives")
    .select(["id", "target", "per_second", "attempts"])
    .where("id", "=", id)
    .where("ended_at", "is", null)
    .executeTakeFirst();
  if (row === undefined) return null;
  return { id: row.id, target: row.target, perSecond: row.per_second, attempts: row.attempts };
}

/** The letters of a redrive that have not gone back yet, in order. */
export async function lettersToGo(db: Db, redrive: number, limit: number): Promise<KeptLetter[]> {
  const rows = await db
    .selectFrom("dead_letters")
    .selectAll()
    .where("redrive_id", "=", redrive)
    .where("redriven_at", "is", null)
    .where("gone_at", "is", null)
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map(letterOf);
}

/** Keeps what became of letters of a redrive. */
export async function keepFates(
  tx: Tx,
  redrive: KeptRedrive,
  kept: { letters: readonly KeptLetter[]; results: readonly ItemResult[]; at: Instant },
): Promise<void> {
  const result = new Map(kept.results.map((one) => [one.id, one]));
  for (const letter of kept.letters) {
    const one = result.get(letter.messageId);
    const set =
      one?.state === "done"
        ? { redriven_at: kept.at, fate: "it went back to where it came from" }
        : one?.state === "missing"
          ? { gone_at: kept.at, redrive_id: null, fate: "it was not there any more when its turn came" }
          : { redrive_id: null, fate: `it did not go back: ${one?.detail ?? "the queue said nothing of it"}` };
    await tx.updateTable("dead_letters").set(set).where("id", "=", letter.id).execute();
  }
  await tx
    .updateTable("dead_letters")
    .from("dead_letter_redrives")
    .set((set) => ({ redriven_by: set.ref("dead_letter_redrives.requested_by_name") }))
    .whereRef("dead_letters.redrive_id", "=", "dead_letter_redrives.id")
    .where("dead_letters.redrive_id", "=", redrive.id)
    .where("redriven_at", "is not", null)
    .execute();
}

export async function keepAttempts(tx: Tx, redrive: number, attempts: number): Promise<void> {
  await tx.updateTable("dead_letter_redrives").set({ attempts }).where("id", "=", redrive).execute();
}

/** Letters that did not go stay where they are, with the word why. */
export async function endRedrive(tx: Tx, redrive: number, end: { at: Instant; because: string | null }): Promise<void> {
  await tx
    .updateTable("dead_letters")
    .set({ redrive_id: null, fate: end.because })
    .where("redrive_id", "=", redrive)
    .where("redriven_at", "is", null)
    .where("gone_at", "is", null)
    .execute();
  await tx.updateTable("dead_letter_redrives").set({ ended_at: end.at }).where("id", "=", redrive).execute();
}
