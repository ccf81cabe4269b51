import type { Instant } from "../base/clock.ts";
import { actorId, type PersonActor } from "../config/actor.ts";
import type { Db, Tx } from "../store/store.ts";

/** What somebody said to a run that asks for approvals. */
export interface Approval {
  readonly actor: string;
  readonly actorKey: string;
  readonly actorName: string;
  readonly decision: "approved" | "rejected";
  /** What it was said to: of another digest it does not count. */
  readonly digest: string;
}

/** Of each of these runs, in the order in which they came. */
export async function approvalsOf(
  db: Db,
  runIds: readonly number[],
): Promise<ReadonlyMap<number, readonly Approval[]>> {
  if (runIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("run_approvals")
    .selectAll()
    .where("run_id", "in", [...runIds])
    .orderBy("id")
    .execute();
  const byRun = new Map<number, Approval[]>();
  for (const row of rows) {
    const { actor, actor_key: actorKey, actor_name: actorName, digest } = row;
    const decision = row.decision === "approved" ? "approved" : "rejected";
    byRun.set(row.run_id, [...(byRun.get(row.run_id) ?? []), { actor, actorKey, actorName, decision, digest }]);
  }
  return byRun;
}

/** False when this person has said something to this run before: nothing is kept then. */
export async function keepApproval(
  tx: Tx,
  said: {
    readonly runId: number;
    readonly by: PersonActor;
    readonly decision: Approval["decision"];
    readonly reason: string | null;
    readonly digest: string;
    readonly at: Instant;
  },
): Promise<boolean> {
  const kept = await tx
    .insertInto("run_approvals")
    .values({
      run_id: said.runId,
      actor: actorId(said.by),
      actor_key: said.by.key,
      actor_name: said.by.name,
      decision: said.decision,
      reason: said.reason,
      digest: said.digest,
      at: said.at,
    })
    .onConflict((conflict) => conflict.columns(["run_id", "actor"]).doNothing())
    .returning("id")
    .executeTakeFirst();
  return kept !== undefined;
}
