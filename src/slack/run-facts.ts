import { Temporal } from "temporal-polyfill";
import type { Catalogue } from "../config/catalogue.ts";
import { approversOf } from "../guard/approvals.ts";
import { pinOfRun } from "../jobs/pins.store.ts";
import { type Run, type RunEventRow, readRun, runEvents } from "../jobs/runs.store.ts";
import type { RunView } from "../services/contract.ts";
import { viewPin } from "../services/pins-view.ts";
import { CANNOT_STOP } from "../services/runs-abort.ts";
import type { Store } from "../store/store.ts";
import type { RunCard } from "./blocks/run-card.ts";
import { placeOf } from "./projector.ts";

export interface FactParts {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly viewRun: (run: Run) => Promise<RunView>;
}

/** Everything that a run's card shows, but where it is shown. */
export async function readCard(parts: FactParts, run: Run): Promise<Omit<RunCard, "incident">> {
  const { store, catalogue } = parts;
  const view = await parts.viewRun(run);
  const events = await runEvents(store.db, run.id);
  const last = events.findLast((event) => event.toState === run.state && !toldElsewhere(event));
  const parent = run.parentId === null ? null : await readRun(store.db, run.parentId);
  const failedPin = run.pinAfterStart && view.pin === null ? await pinOfRun(store.db, run.id) : null;
  return {
    ...view,
    title: catalogue.jobs[run.job]?.title ?? null,
    place: placeOf(catalogue, run.environment) ?? { name: run.environment, look: "green", protected: false },
    because: last?.reason ?? null,
    settledBy: run.proof?.kind === "person" ? (last?.actorName ?? "somebody") : null,
    progress: run.progress,
    error: run.error?.message ?? null,
    retry: retryOf(run, catalogue),
    approvals: approvalsOf(run, { catalogue, given: view.approvedBy }),
    deferred: run.state === "deferred" ? { by: run.deferredBy, until: run.deferredUntil } : null,
    stopping: stoppingOf(run),
    snapshotAt: run.snapshot === null ? null : Temporal.Instant.from(run.snapshot.takenAt),
    pin: view.pin ?? (failedPin?.state === "failed" ? viewPin(failedPin) : null),
    logUrl: run.logUrl,
    cannotStop: events.some(({ evidence }) => has(evidence, "abort", CANNOT_STOP.abort)),
    parent: parent?.number ?? null,
    displaced: null,
  };
}

/** What a chain or a pin added to the history has a line of its own on the card. */
const toldElsewhere = ({ evidence }: RunEventRow): boolean => has(evidence, "chain") || has(evidence, "pin");

function has(evidence: unknown, key: string, value?: unknown): boolean {
  if (typeof evidence !== "object" || evidence === null || !Object.hasOwn(evidence, key)) return false;
  return value === undefined || Object.entries(evidence).some(([name, found]) => name === key && found === value);
}

/** The try that is due: ours of the start, or the target's own of a step. */
function retryOf(run: Run, catalogue: Catalogue): RunCard["retry"] {
  if (run.state === "retry_wait" && run.retryAt !== null) {
    const of = catalogue.jobs[run.job]?.maxAttempts ?? run.attempt + 1;
    return { number: run.attempt + 1, of, at: run.retryAt, own: false };
  }
  if (run.state !== "running" || run.targetRetry === null) return null;
  const { number, of, nextAt } = run.targetRetry;
  return { number, of, at: Temporal.Instant.from(nextAt), own: true };
}

function approvalsOf(
  run: Run,
  about: { readonly catalogue: Catalogue; readonly given: readonly string[] },
): RunCard["approvals"] {
  const { approvalsNeeded: needed, approvalsRole: role, approvalsExpireAt: expiresAt } = run;
  if (role === null || needed === 0) return null;
  const { catalogue, given } = about;
  const except = { slack: run.requestedBy.replace(/^slack:/, ""), key: run.requestedByKey };
  const named = approversOf({ catalogue, groups: new Map(), role, except }).names;
  const names = given.map((key) => catalogue.people[key]?.name ?? key);
  return { needed, role, given: names, may: named.filter((name) => !names.includes(name)), expiresAt };
}

function stoppingOf(run: Run): RunCard["stopping"] {
  if (run.state !== "aborting" || run.abortRequestedAt === null) return null;
  const { abortRequestedByName: byName, abortRequestedAt: at, abortSent: sent, abortDeadlineAt: deadlineAt } = run;
  return { byName: byName ?? "Somebody", at, sent, deadlineAt };
}
