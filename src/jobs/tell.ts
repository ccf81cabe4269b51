import type { Instant } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import { type Actor, actorId, actorKey, actorName } from "../config/actor.ts";
import { appendEntries } from "../incidents/timeline.store.ts";
import type { EntryDraft } from "../incidents/timeline.ts";
import type { Tx } from "../store/store.ts";
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
  if (said !== null) await tell(tx, run, { ...step, text: `${nameOf(run)} ${said}: ${step.reason}` });
}

/** The same for something that happened without changing the state. */
export async function tellNote(
  tx: Tx,
  run: Run,
  note: { readonly at: Instant; readonly actor: Actor; readonly reason: string },
): Promise<void> {
  await tell(tx, run, { ...note, text: `${nameOf(run)}: ${note.reason}` });
}

async function tell(
  tx: Tx,
  run: Run,
  line: { readonly at: Instant; readonly actor: Actor; readonly text: string },
): Promise<void> {
  if (run.incidentId === null) return;
  const entry: EntryDraft = {
    kind: "run",
    at: line.at,
    actor: actorId(line.actor),
    actorKey: actorKey(line.actor),
    actorName: actorName(line.actor),
    text: line.text,
    data: { run: run.number, state: run.state, proved: run.proved },
    visible: true,
  };
  await appendEntries(tx, { incident: run.incidentId as IncidentId, learnedAt: line.at }, [entry]);
}

const nameOf = (run: Run): string => `run ${run.number}: ${run.job} in ${run.environment}`;

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
