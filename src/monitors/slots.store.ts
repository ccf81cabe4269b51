import type { Instant } from "../base/clock.ts";
import type { Db, Tx } from "../store/store.ts";
import type { Slot, SlotVerdict } from "./judge.ts";

export interface KeptSlot extends Slot {
  readonly id: number;
  /** Held by a freeze since. */
  readonly pausedSince: Instant | null;
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
}

export async function planSlots(tx: Tx, monitor: string, slots: readonly Slot[]): Promise<void> {
  if (slots.length === 0) return;
  await tx
    .insertInto("monitor_slots")
    .values(
      slots.map((slot) => ({
        monitor,
        slot_at: slot.at,
        start_by_at: slot.startByAt,
        finish_by_at: slot.finishByAt,
        before_at: slot.beforeAt,
      })),
    )
    .onConflict((conflict) => conflict.columns(["monitor", "slot_at"]).doNothing())
    .execute();
}

/** Takes back what has not begun: the catalogue says something else now. */
export async function dropSlotsAfter(tx: Tx, monitor: string, after: Instant): Promise<void> {
  await tx
    .deleteFrom("monitor_slots")
    .where("monitor", "=", monitor)
    .where("slot_at", ">", after)
    .where("closed_at", "is", null)
    .execute();
}

/** Slots of which something may still be said, and those to come; in their order. */
export async function openSlots(db: Db, monitor: string): Promise<KeptSlot[]> {
  const rows = await db
    .selectFrom("monitor_slots")
    .selectAll()
    .where("monitor", "=", monitor)
    .where("closed_at", "is", null)
    .orderBy("slot_at")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    at: row.slot_at,
    startByAt: row.start_by_at,
    finishByAt: row.finish_by_at,
    beforeAt: row.before_at,
    pausedSince: row.paused_since,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  }));
}

/** Keeps what is known of it now, where that is new. */
export async function keepVerdict(tx: Tx, slot: KeptSlot, verdict: SlotVerdict, now: Instant): Promise<void> {
  const { id } = slot;
  const isKnown = isSame(slot.startedAt, verdict.startedAt) && isSame(slot.endedAt, verdict.endedAt);
  if (isKnown && !verdict.settled) return;
  await tx
    .updateTable("monitor_slots")
    .set({
      started_at: verdict.startedAt,
      ended_at: verdict.endedAt,
      ...(verdict.settled ? { closed_at: now } : {}),
    })
    .where("id", "=", id)
    .execute();
}

const isSame = (one: Instant | null, other: Instant | null): boolean =>
  one?.epochMilliseconds === other?.epochMilliseconds;

export async function closeSlots(tx: Tx, monitor: string, at: Instant): Promise<void> {
  const open = tx.updateTable("monitor_slots").set({ closed_at: at }).where("monitor", "=", monitor);
  await open.where("closed_at", "is", null).execute();
}

/** A freeze holds it, or has ended: then its deadlines are where they are now. */
export async function keepPause(tx: Tx, slot: KeptSlot): Promise<void> {
  await tx
    .updateTable("monitor_slots")
    .set({ paused_since: slot.pausedSince, start_by_at: slot.startByAt, finish_by_at: slot.finishByAt })
    .where("id", "=", slot.id)
    .execute();
}

/** How long the history of slots and of executions is kept. */
export async function forgetBefore(db: Db, before: Instant): Promise<void> {
  await db.deleteFrom("monitor_slots").where("closed_at", "<", before).execute();
  await db.deleteFrom("monitor_problems").where("ended_at", "<", before).execute();
  await db.deleteFrom("timed_executions").where("ended_at", "<", before).execute();
}

export interface PastSlot {
  readonly monitor: string;
  readonly at: Instant;
  readonly startByAt: Instant | null;
  readonly finishByAt: Instant | null;
  readonly beforeAt: Instant | null;
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
}

/** Of each monitor the slot that is or was last, and the one to come. */
export async function slotsAround(db: Db, now: Instant): Promise<{ last: PastSlot[]; next: PastSlot[] }> {
  const all = db
    .selectFrom("monitor_slots")
    .distinctOn("monitor")
    .select(["monitor", "slot_at", "start_by_at", "finish_by_at", "before_at", "started_at", "ended_at"])
    .orderBy("monitor");
  const last = await all.where("slot_at", "<=", now).orderBy("slot_at", "desc").execute();
  const next = await all.where("slot_at", ">", now).orderBy("slot_at").execute();
  const view = (row: (typeof last)[number]): PastSlot => ({
    monitor: row.monitor,
    at: row.slot_at,
    startByAt: row.start_by_at,
    finishByAt: row.finish_by_at,
    beforeAt: row.before_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  });
  return { last: last.map(view), next: next.map(view) };
}
