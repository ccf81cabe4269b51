import type { Clock, Instant } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { SYSTEM } from "../config/actor.ts";
import type { Catalogue, CatalogueJob } from "../config/catalogue.ts";
import type { WorkOutcome } from "../store/outbox.ts";
import type { Store, Tx } from "../store/store.ts";
import { type Connections, intentOf } from "./connections.ts";
import { type Connection, ConnectorError, type Handle, type Intent } from "./connectors/contract.ts";
import { whyLost } from "./lost.ts";
import type { Happening, RunChange } from "./record.ts";
import { lockRun, type Run } from "./runs.store.ts";

/** What every step of a run needs. */
export interface Stepping {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly connections: Connections;
  readonly log: Logger;
}

/** A run's side to its target, read anew for each step. */
export interface Line {
  readonly connection: Connection;
  readonly intent: Intent;
  readonly handle: Handle;
}

/** Null when the catalogue no longer says how the target is asked for it (`whyLost`). */
export function lineOf(stepping: Stepping, run: Run): Line | null {
  const connection = stepping.connections.of(run.target);
  if (connection === null || whyLost(stepping, run) !== null) return null;
  const intent = intentOf(run, stepping.catalogue);
  return { connection, intent, handle: run.handle ?? { scope: run.target, externalId: null } };
}

/**
 * Does what a step decided, if the run is still as the step read it. Otherwise nothing is done and the run is due at
 * once: whoever moved it knew more.
 */
export async function settle(
  stepping: Stepping,
  run: Run,
  work: (tx: Tx, fresh: Run) => Promise<WorkOutcome>,
): Promise<WorkOutcome> {
  return stepping.store.tx(async (tx) => {
    const fresh = await lockRun(tx, run.id);
    return fresh.revision === run.revision ? work(tx, fresh) : again(stepping.clock.now());
  });
}

/** Nightdesk's own step, now. */
export const ours = (
  clock: Clock,
  reason: string,
  more: { evidence?: Happening["evidence"]; set?: RunChange } = {},
) => ({
  at: clock.now(),
  actor: SYSTEM,
  reason,
  ...(more.evidence === undefined ? {} : { evidence: more.evidence }),
  ...(more.set === undefined ? {} : { set: more.set }),
});

export const DONE: WorkOutcome = { done: true };
export const again = (dueAt: Instant): WorkOutcome => ({ done: false, dueAt });
export const inMs = (clock: Clock, ms: number): WorkOutcome => again(clock.now().add({ milliseconds: Math.round(ms) }));

/**
 * The kind of a connector's error and its words. Anything else is a defect of ours: it goes to the log, and counts as
 * what may have had an effect.
 */
export function errorOf(
  stepping: Pick<Stepping, "log">,
  error: unknown,
): { kind: ConnectorError["kind"]; message: string; afterMs: number } {
  if (error instanceof ConnectorError) return { kind: error.kind, message: error.message, afterMs: error.afterMs ?? 0 };
  stepping.log.error({ error: error instanceof Error ? error.stack : messageOf(error) }, "a connector is defective");
  return { kind: "ambiguous", message: "Nightdesk has a defect there; see its log", afterMs: 0 };
}

export const isTransient = (kind: ConnectorError["kind"]): boolean => kind === "retryable" || kind === "unavailable";

/** How long to wait after the n-th failed attempt (1 = the first). */
export function backoffMs(job: CatalogueJob | undefined, attempt: number): number {
  const { firstMs, factor, maxMs } = job?.backoff ?? { firstMs: 10_000, factor: 2, maxMs: 300_000 };
  return Math.min(firstMs * factor ** Math.max(0, attempt - 1), maxMs);
}

export const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);
