import type { Instant } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";

/** What other rooms know an incident by goes on with the incident that it was merged into: its runs, chains and issues. */
export async function carryRunsOf(
  tx: Tx,
  move: { readonly from: IncidentId; readonly into: IncidentId; readonly now: Instant },
): Promise<void> {
  const { from, into, now } = move;
  const runs = await tx
    .updateTable("runs")
    .set({ incident_id: into })
    .where("incident_id", "=", from)
    .returning("id")
    .execute();
  await tx.updateTable("chains").set({ incident_id: into }).where("incident_id", "=", from).execute();
  await tx.updateTable("sentry_issues").set({ incident_id: into }).where("incident_id", "=", from).execute();
  await redraw(tx, runs, now);
}

/** Runs of jobs that are wholly of the new incident. */
export async function carryRunsOfJobs(
  tx: Tx,
  move: {
    readonly from: IncidentId;
    readonly into: IncidentId;
    readonly jobs: readonly string[];
    readonly now: Instant;
  },
): Promise<void> {
  const { from, into, jobs, now } = move;
  if (jobs.length === 0) return;
  const runs = await tx
    .updateTable("runs")
    .set({ incident_id: into })
    .where("incident_id", "=", from)
    .where("job", "in", [...jobs])
    .returning("id")
    .execute();
  await redraw(tx, runs, now);
}

async function redraw(tx: Tx, runs: readonly { readonly id: number }[], now: Instant): Promise<void> {
  for (const { id } of runs) await requestWork(tx, { kind: "run-card", ref: id, dueAt: now });
}

/** A postmortem that was written of an incident, in its newest version. */
export interface Written {
  readonly format: string;
  readonly version: number;
  readonly url: string | null;
  readonly path: string | null;
}

/** The postmortems of an incident, one of each format. */
export async function writtenOf(tx: Tx, incident: IncidentId): Promise<readonly Written[]> {
  return tx
    .selectFrom("exports")
    .select(["format", "version", "url", "path"])
    .distinctOn("format")
    .where("incident_id", "=", incident)
    .orderBy("format")
    .orderBy("version", "desc")
    .execute();
}
