import type { WorkOutcome } from "../store/outbox.ts";
import type { Snapshot } from "./connectors/contract.ts";
import { keepRun, noteRun } from "./record.ts";
import type { KeptSnapshot, Run } from "./runs.store.ts";
import { again, backoffMs, errorOf, inMs, type Line, ours, type Stepping, settle } from "./step.ts";

/** A snapshot that cannot be taken is tried this often, at least. */
const LEAST_TRIES = 3;

/** `ready`: the run, with the snapshot that its job demands; what comes next may destroy. */
export type Secured =
  | { readonly kind: "ready"; readonly run: Run }
  | { readonly kind: "later"; readonly outcome: WorkOutcome }
  | { readonly kind: "refused"; readonly text: string; readonly wayOut: string };

/**
 * preparing, before the start: takes the snapshot that the catalogue demands and keeps its reference. One that this run
 * has kept stays the one, also for its further attempts: what is there after a failed one is not worth keeping.
 */
export async function secureSnapshot(stepping: Stepping, run: Run, line: Line): Promise<Secured> {
  const policy = stepping.catalogue.jobs[run.job]?.snapshot;
  if (run.kind !== "run" || policy === undefined || "none" in policy) return { kind: "ready", run };
  const { connection } = line;
  if (connection.snapshot === undefined) {
    return {
      kind: "refused",
      text: `${run.job} needs a snapshot before it starts, and ${run.target} cannot take one`,
      wayOut: `Run it at a target that can, or say in the catalogue why ${run.job} has none.`,
    };
  }
  if (run.snapshot !== null) return fresh(stepping, run, { kept: run.snapshot, maxAgeMs: policy.maxAgeMs });
  let taken: Snapshot;
  try {
    // Asked again under the same key it is the same snapshot.
    taken = await connection.snapshot(line.intent);
  } catch (error) {
    return notTaken(stepping, run, error);
  }
  const kept = { ref: taken.ref, takenAt: taken.takenAt.toString(), evidence: taken.evidence };
  let withIt: Run | null = null;
  const outcome = await settle(stepping, run, async (tx, locked) => {
    const reason = `the snapshot ${kept.ref} is kept: ${kept.evidence}`;
    withIt = await noteRun(
      tx,
      locked,
      ours(stepping.clock, reason, { evidence: { snapshot: kept }, set: { snapshot: kept } }),
    );
    return again(stepping.clock.now());
  });
  return withIt === null ? { kind: "later", outcome } : fresh(stepping, withIt, { kept, maxAgeMs: policy.maxAgeMs });
}

function fresh(stepping: Stepping, run: Run, of: { kept: KeptSnapshot; maxAgeMs: number }): Secured {
  const ageMs = stepping.clock.now().epochMilliseconds - Date.parse(of.kept.takenAt);
  if (ageMs <= of.maxAgeMs) return { kind: "ready", run };
  return {
    kind: "refused",
    text: `the snapshot ${of.kept.ref} is from ${of.kept.takenAt}, older than the catalogue allows for ${run.job}`,
    wayOut: `Take a new one at ${run.target}, then ask again.`,
  };
}

async function notTaken(stepping: Stepping, run: Run, thrown: unknown): Promise<Secured> {
  const { kind, message, afterMs } = errorOf(stepping, thrown);
  const job = stepping.catalogue.jobs[run.job];
  const tries = run.stepAttempts + 1;
  const passing = kind === "retryable" || kind === "unavailable" || kind === "ambiguous";
  if (!passing || tries >= Math.max(LEAST_TRIES, job?.maxAttempts ?? 1)) {
    const times = tries > 1 ? ` (asked ${tries} times)` : "";
    return {
      kind: "refused",
      text: `no snapshot could be taken: ${message}${times}`,
      wayOut: `Mend the snapshot at ${run.target}, then ask again.`,
    };
  }
  const outcome = await settle(stepping, run, async (tx, locked) => {
    await keepRun(tx, locked, { set: { stepAttempts: tries, error: { kind, message } } });
    return inMs(stepping.clock, Math.max(afterMs, backoffMs(job, tries)));
  });
  return { kind: "later", outcome };
}
