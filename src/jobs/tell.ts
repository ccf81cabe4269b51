import type { Instant } from "../base/clock.ts";
import { type Actor, actorId, actorKey, actorName } from "../config/actor.ts";
import { jsonb, type Tx } from "../store/store.ts";
import type { Run } from "./runs.store.ts";
import type { RunState } from "./states.ts";

/**
 * Writes the run's step into the timeline of the incident that it belongs to. Steps that only Nightdesk takes
 * (preparing, starting) are in the run's own history; the incident's tells what matters to its readers.
 */
export async function tellIncident(
  tx: Tx,
  run: Run,
  step: { readonly to: RunState; readonly at: Instant; readonly actor: Actor; readonly reason: string },
): Promise<void> {
  const said = SAID[step.to];
  if (run.incidentId === null || said === null) return;
  await tx
    .insertInto("timeline_entries")
    .values({
      incident_id: run.incidentId,
      kind: "run",
      at: step.at,
      learned_at: step.at,
      actor: actorId(step.actor),
      actor_key: actorKey(step.actor),
      actor_name: actorName(step.actor),
      text: `run ${run.number}: ${run.job} in ${run.environment} ${said}: ${step.reason}`,
      data: jsonb({ run: run.number, state: step.to, proved: run.proved }),
    })
    .execute();
}

const SAID = {
  awaiting_approval: "requested",
  deferred: "deferred",
  queued: "requested",
  preparing: null,
  starting: null,
  retry_wait: "not started yet",
  running: "running",
  paused: "paused",
  unknown: "not known to be running or ended",
  aborting: "is being aborted",
  abort_unconfirmed: "not known to be aborted",
  restoring: "is being restored",
  restore_failed: "could not be restored",
  refused: "refused before the start",
  rejected: "rejected",
  expired: "expired",
  withdrawn: "withdrawn",
  succeeded: "succeeded",
  failed: "failed",
  aborted: "aborted",
} satisfies Record<RunState, string | null>;
