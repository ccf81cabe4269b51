import type { Instant } from "../base/clock.ts";
import { type Actor, SYSTEM } from "../config/actor.ts";
import type { WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import type { Observation } from "./connectors/contract.ts";
import { keepRun, noteRun } from "./record.ts";
import { type Run, runEvents } from "./runs.store.ts";
import { again, DONE, lineOf, type Stepping, settle } from "./step.ts";

/** When a run that was aborted is looked at again: what the target says later may give the lie to what it said. */
const LOOKS_AFTER_MS = [30_000, 5 * 60_000, 30 * 60_000] as const;

/** People have to see what came to light about a run after its end, which stands. Joined by app.ts. */
export type Alert = (tx: Tx, late: LateTruth) => Promise<void>;

export interface LateTruth {
  readonly run: Run;
  /** One line: what is wrong. */
  readonly title: string;
  /** What the target or its message said. */
  readonly evidence: string;
  readonly at: Instant;
}

/** What comes too late for the state: kept as evidence of this event. */
export type LatePhase = "running" | "succeeded";

/** aborted: three more looks at targets that keep their executions. The state stands, whatever they show. */
export async function lookLate(stepping: Stepping & { readonly alert: Alert }, run: Run): Promise<WorkOutcome> {
  const { clock } = stepping;
  const line = lineOf(stepping, run);
  const nth = run.stepAttempts;
  const afterMs = LOOKS_AFTER_MS[nth];
  const keeps = line !== null && line.connection.capabilities.evidence === "status" && run.handle?.externalId != null;
  if (line === null || !keeps || afterMs === undefined) return DONE;
  const dueAt = (run.finishedAt ?? run.stateSince).add({ milliseconds: afterMs });
  if (clock.now().epochMilliseconds < dueAt.epochMilliseconds) return again(dueAt);
  const seen = await line.connection.observe(line.handle, line.intent, null).catch(() => null);
  return settle(stepping, run, async (tx, locked) => {
    const fresh = await keepRun(tx, locked, { set: { stepAttempts: nth + 1 } });
    const phase = seen === null ? null : latePhase(seen);
    if (phase !== null && seen !== null) {
      await tellLate(tx, {
        alert: stepping.alert,
        run: fresh,
        phase,
        evidence: seen.evidence,
        at: clock.now(),
        actor: SYSTEM,
      });
    }
    const next = LOOKS_AFTER_MS[nth + 1];
    return next === undefined ? DONE : again((run.finishedAt ?? run.stateSince).add({ milliseconds: next }));
  });
}

function latePhase({ phase }: Observation): LatePhase | null {
  if (phase === "succeeded") return "succeeded";
  return phase === "running" || phase === "paused" ? "running" : null;
}

/** Says once of each what came to light after an abort: on the run's history, and to people as an alert. */
export async function tellLate(
  tx: Tx,
  late: {
    readonly alert: Alert;
    readonly run: Run;
    readonly phase: LatePhase;
    readonly evidence: string;
    readonly at: Instant;
    readonly actor: Actor;
  },
): Promise<void> {
  const { run, phase, evidence, at, actor } = late;
  const told = (await runEvents(tx, run.id)).some((event) => wasLate(event.evidence) === phase);
  if (told) return;
  const what = phase === "running" ? "still runs" : "succeeded";
  const reason = `it counts as aborted, and yet it ${what}: ${evidence}. The state stands; look at ${run.target}`;
  await noteRun(tx, run, { at, actor, reason, evidence: { late: phase } });
  const title = `Run ${run.number} of ${run.job} ${what} after its abort`;
  await late.alert(tx, { run, title, evidence, at });
}

function wasLate(evidence: unknown): unknown {
  return typeof evidence === "object" && evidence !== null && "late" in evidence ? evidence.late : null;
}
