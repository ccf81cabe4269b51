import type { Instant } from "../../src/base/clock.ts";
import { conditionOf, type NewSignal } from "../../src/incidents/signal.ts";

/** A Sentry alert of tis-sync in prod that happened and came at `at`, with whatever `over` says instead. */
export function signalAt(at: Instant, over: Partial<NewSignal> = {}): NewSignal {
  const made = {
    inboxId: null,
    ordinal: 0,
    source: "sentry",
    kind: "firing",
    title: "Unknown column",
    service: "tis-sync",
    environment: "prod",
    environments: [],
    job: null,
    cause: "SqlException",
    severity: null,
    rid: null,
    tags: {},
    counts: null,
    error: null,
    url: null,
    at,
    receivedAt: at,
    ...over,
  } satisfies Omit<NewSignal, "condition">;
  return { ...made, condition: over.condition ?? conditionOf(made) };
}
