import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Tx } from "../store/store.ts";

export type Turn =
  | { readonly kind: "mine" }
  /** The target has had as many as it takes; the next may go at `at`. */
  | { readonly kind: "later"; readonly at: Instant }
  /** Another fan-out has waited longer. */
  | { readonly kind: "yield" };

/**
 * Takes the next turn at a target that takes `perSecond` ids: `count` of them now, the next when those have had their
 * time. Whichever fan-out waited longest is first, a new one before all.
 */
export async function takeTurn(
  tx: Tx,
  turn: { target: string; runId: number; count: number; perSecond: number; now: Instant },
): Promise<Turn> {
  await tx
    .insertInto("target_paces")
    .values({ target: turn.target, free_at: turn.now })
    .onConflict((conflict) => conflict.column("target").doNothing())
    .execute();
  const { free_at: freeAt } = await tx
    .selectFrom("target_paces")
    .select("free_at")
    .where("target", "=", turn.target)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (freeAt.epochMilliseconds > turn.now.epochMilliseconds) return { kind: "later", at: freeAt };
  if ((await longestWaiting(tx, turn)) !== turn.runId) return { kind: "yield" };
  await tx
    .updateTable("target_paces")
    .set({ free_at: turn.now.add({ milliseconds: Math.ceil((turn.count / turn.perSecond) * 1_000) }) })
    .where("target", "=", turn.target)
    .execute();
  await tx.updateTable("fanouts").set({ last_turn_at: turn.now }).where("run_id", "=", turn.runId).execute();
  return { kind: "mine" };
}

/** The run whose ids that target took longest ago, of those that wait for it now. */
async function longestWaiting(tx: Tx, { target, now }: { target: string; now: Instant }): Promise<number | null> {
  const { rows } = await sql<{ id: number }>`
    select runs.id
      from runs join fanouts on fanouts.run_id = runs.id
     where runs.state = 'running' and runs.kind = 'fanout' and runs.target = ${target}
       and runs.pause_requested_at is null and runs.abort_requested_at is null
       and exists (select from run_chunks as chunk join outbox on outbox.kind = 'chunk' and outbox.ref = chunk.id
                    where chunk.run_id = runs.id and chunk.state = 'asked' and not (chunk.attempts > 0 and chunk.error is null)
                      and outbox.due_at <= ${now})
     order by fanouts.last_turn_at nulls first, runs.id
     limit 1`.execute(tx);
  return rows[0]?.id ?? null;
}
