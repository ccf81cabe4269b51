import type { Instant } from "../base/clock.ts";
import type { IncidentId, RunId } from "../base/ids.ts";
import type { Catalogue, Severity } from "../config/catalogue.ts";
import { foldSignals } from "../incidents/fold.ts";
import { conditionOf, type NewSignal, type SavedSignal } from "../incidents/signal.ts";
import { saveSignals } from "../incidents/signals.store.ts";
import type { Tx } from "../store/store.ts";
import { attachRuns } from "./attach-runs.store.ts";

/** Something that Nightdesk itself found: a signal that nobody delivered. */
export interface Raised {
  /** A name that no source of the catalogue may have. */
  readonly source: "nightdesk" | "monitor";
  readonly kind: "firing" | "failed" | "resolved";
  readonly title: string;
  readonly service: string | null;
  readonly job: string | null;
  /** One, or none and those that it may be. */
  readonly environments: readonly string[];
  readonly cause: string;
  /** What fires, and is resolved later under the same word. */
  readonly condition: string;
  readonly severity?: Severity | null;
  readonly rid?: string | null;
  readonly tags?: Readonly<Record<string, string>>;
  /** Redacted. */
  readonly error?: string | null;
  /** When it happened: a deadline, say. */
  readonly at: Instant;
  /** The run that it speaks of, and the incident that it belongs to while that is open. */
  readonly run?: number | null;
  readonly incident?: number | null;
}

/** Saves and folds what Nightdesk found by itself, as if a source had told it. Found at `now`. */
export async function raise(
  tx: Tx,
  by: { readonly catalogue: Catalogue; readonly now: Instant },
  found: readonly Raised[],
): Promise<readonly SavedSignal[]> {
  const saved = await saveSignals(
    tx,
    found.map((one, ordinal) => signalOf(one, ordinal, by.now)),
  );
  const toFold = saved.map((signal, index) => ({
    signal,
    run: (found[index]?.run ?? null) as RunId | null,
    incident: (found[index]?.incident ?? null) as IncidentId | null,
  }));
  await attachRuns(tx, await foldSignals(tx, by, toFold), by.now);
  return saved;
}

function signalOf(found: Raised, ordinal: number, now: Instant): NewSignal {
  const { source, kind, title, service, job, environments, cause, at } = found;
  const [only] = environments;
  const known = environments.length === 1 && only !== undefined;
  return {
    inboxId: null,
    ordinal,
    ...{ source, kind, title, service, job, cause, at },
    environment: known ? only : null,
    environments: known ? [] : environments,
    severity: found.severity ?? null,
    rid: found.rid ?? null,
    tags: found.tags ?? {},
    counts: null,
    error: found.error ?? null,
    url: null,
    receivedAt: now,
    condition: conditionOf({ source, service, job, cause }, found.condition),
  };
}
