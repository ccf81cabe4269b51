import type { Instant } from "../base/clock.ts";
import type { RunId } from "../base/ids.ts";
import type { Tx } from "../store/store.ts";

/** One job in one environment. */
export interface Place {
  readonly job: string;
  readonly environment: string;
}

/**
 * Locks the rows of these places until the transaction ends, making them where they do not exist: two requests for the
 * same job, or for jobs that conflict, are decided one after the other. Always in one order, so that none waits for itself.
 */
export async function lockPlaces(tx: Tx, places: readonly Place[]): Promise<void> {
  const inOrder = [...places].sort((a, b) => key(a).localeCompare(key(b)));
  for (const { job, environment } of inOrder) {
    await tx
      .insertInto("leases")
      .values({ job, environment, run_id: null, fence: 0 })
      .onConflict((conflict) => conflict.columns(["job", "environment"]).doNothing())
      .execute();
    await tx
      .selectFrom("leases")
      .select("fence")
      .where("job", "=", job)
      .where("environment", "=", environment)
      .forUpdate()
      .executeTakeFirstOrThrow();
  }
}

/** Takes the lease for a run; its fence is higher than any before. Null when another run holds it. */
export async function acquireLease(tx: Tx, place: Place, by: { runId: RunId; at: Instant }): Promise<number | null> {
  await lockPlaces(tx, [place]);
  const taken = await tx
    .updateTable("leases")
    .set((set) => ({ run_id: by.runId, fence: set("fence", "+", 1), acquired_at: by.at }))
    .where("job", "=", place.job)
    .where("environment", "=", place.environment)
    .where((where) => where.or([where("run_id", "is", null), where("run_id", "=", by.runId)]))
    .returning("fence")
    .executeTakeFirst();
  return taken?.fence ?? null;
}

/** Whether the run still holds the lease under this fence; the row stays locked until the transaction ends. */
export async function holdsLease(tx: Tx, runId: RunId, fence: number): Promise<boolean> {
  const row = await tx
    .selectFrom("leases")
    .select("fence")
    .where("run_id", "=", runId)
    .where("fence", "=", fence)
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** Only called where a run becomes terminal, in that transaction. */
export async function releaseLease(tx: Tx, runId: RunId): Promise<void> {
  await tx.updateTable("leases").set({ run_id: null, acquired_at: null }).where("run_id", "=", runId).execute();
}

const key = (place: Place): string => `${place.environment} ${place.job}`;
