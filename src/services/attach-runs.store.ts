import type { Instant } from "../base/clock.ts";
import type { IncidentId, RunId } from "../base/ids.ts";
import { opens } from "../incidents/signal.ts";
import type { Joining } from "../incidents/signals.store.ts";
import { appendEntries } from "../incidents/timeline.store.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";

/**
 * A run that was asked for outside any incident belongs to the incident that its failure opened or joined: the incident
 * shows it from then on, and its timeline tells that it was asked for. A run of an incident stays there.
 */
export async function attachRuns(tx: Tx, joinings: readonly Joining[], now: Instant): Promise<void> {
  for (const { signal, incident, run } of joinings) {
    if (incident !== null && run !== null && opens(signal)) await attach(tx, { incident, run }, now);
  }
}

async function attach(tx: Tx, { incident, run }: { incident: IncidentId; run: RunId }, now: Instant): Promise<void> {
  const row = await tx
    .updateTable("runs")
    .set({ incident_id: incident })
    .where("id", "=", run)
    .where("incident_id", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return;
  await appendEntries(tx, { incident, learnedAt: now }, [
    {
      kind: "run",
      at: row.requested_at,
      actor: row.requested_by,
      actorKey: row.requested_by_key,
      actorName: row.requested_by_name,
      text: `run ${row.number}: ${row.job} in ${row.environment} requested, outside this incident`,
      data: { run: row.number, state: row.state, proved: row.proved },
      // The header shows the run, and the run's own card is where it was asked for.
      visible: false,
    },
  ]);
  await requestWork(tx, { kind: "run-card", ref: run, dueAt: now });
}
