import type { ScheduleMonitor } from "../config/catalogue.ts";
import type { Db } from "../store/store.ts";
import { executionsOf } from "./executions.store.ts";
import { type Execution, earliest } from "./judge.ts";
import { type Expecting, heardThere, proofsOf } from "./whose.ts";

/** A monitor of the same job, somewhere. */
export interface Sibling {
  readonly name: string;
  readonly environment: string;
}

/** Whoever waited for a message when it came had a slot not longer ago than this. */
const LONGEST_GAP_MS = 8 * 86_400_000;

/**
 * What was heard of a job in the place of one of its monitors. A message that may be of several places is held against what
 * all monitors of that job (`siblings`, itself among them) waited for when it came.
 */
export async function heardOf(
  db: Db,
  monitor: Pick<ScheduleMonitor, "job" | "environment">,
  siblings: readonly Sibling[],
): Promise<Execution[]> {
  const { job, environment } = monitor;
  const executions = await executionsOf(db, monitor);
  const unsure = executions.filter((one) => one.unsure !== undefined);
  const first = earliest(unsure.map(({ startedAt, endedAt }) => startedAt ?? endedAt));
  if (first === null) return executions;
  const since = first.subtract({ milliseconds: LONGEST_GAP_MS });
  const slots = await db
    .selectFrom("monitor_slots")
    .select(["monitor", "slot_at"])
    .where("monitor", "in", [...siblings.map(({ name }) => name)])
    .where("slot_at", ">=", since)
    .orderBy("slot_at")
    .execute();
  const here = { environment, slots: slotsOf(environment), executions };
  const places: Expecting[] = [here];
  for (const other of new Set(siblings.map((sibling) => sibling.environment))) {
    if (other === environment) continue;
    const heard = await executionsOf(db, { job, environment: other });
    places.push({ environment: other, slots: slotsOf(other), executions: heard });
  }
  return heardThere(here, proofsOf(places));

  function slotsOf(place: string): Expecting["slots"] {
    const names = siblings.flatMap((sibling) => (sibling.environment === place ? [sibling.name] : []));
    return slots.flatMap((row) => (names.includes(row.monitor) ? [{ at: row.slot_at }] : []));
  }
}
