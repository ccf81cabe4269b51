import type { Instant } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Db } from "../store/store.ts";

/** Something that reads what a job has not written yet. */
export interface Load {
  readonly job: string;
  readonly at: Instant;
}

/** The loads that these jobs are awaited by there and have not been ready for, the nearest first. */
export async function loadsOf(
  db: Db,
  catalogue: Pick<Catalogue, "monitors">,
  of: { readonly jobs: readonly string[]; readonly environment: string | null; readonly now: Instant },
): Promise<Load[]> {
  const jobs = new Map<string, string>();
  for (const [name, monitor] of Object.entries(catalogue.monitors)) {
    if ("checkpoint" in monitor || monitor.before === undefined || monitor.environment !== of.environment) continue;
    if (of.jobs.includes(monitor.job)) jobs.set(name, monitor.job);
  }
  if (jobs.size === 0) return [];
  const rows = await db
    .selectFrom("monitor_slots")
    .distinctOn("monitor")
    .select(["monitor", "before_at", "ended_at", "closed_at"])
    .where("monitor", "in", [...jobs.keys()])
    .where("slot_at", "<=", of.now)
    .orderBy("monitor")
    .orderBy("slot_at", "desc")
    .execute();
  return rows
    .flatMap(({ monitor, before_at: at, ended_at, closed_at }) =>
      at === null || ended_at !== null || closed_at !== null ? [] : [{ job: jobs.get(monitor) ?? monitor, at }],
    )
    .sort((a, b) => a.at.epochMilliseconds - b.at.epochMilliseconds);
}
