import { createHash } from "node:crypto";
import type { Instant } from "../base/clock.ts";
import type { SignalId } from "../base/ids.ts";
import type { Catalogue, Severity, SignalKind } from "../config/catalogue.ts";
import { namesOf } from "../config/names.ts";
import type { Facts } from "./match.ts";

/** A signal in the catalogue's own words, redacted, ready to be stored. */
export interface NewSignal {
  readonly inboxId: number | null;
  /** Which of its delivery's signals. */
  readonly ordinal: number;
  readonly source: string;
  readonly kind: SignalKind;
  readonly title: string;
  readonly service: string | null;
  readonly environment: string | null;
  /** Candidates, when the sender cannot say which environment spoke; else empty. */
  readonly environments: readonly string[];
  readonly job: string | null;
  readonly cause: string | null;
  readonly severity: Severity | null;
  readonly rid: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, number>> | null;
  readonly error: string | null;
  readonly url: string | null;
  readonly at: Instant;
  /** What it says of its condition holds as of then, where that is earlier than `at`. */
  readonly asOf?: Instant;
  readonly receivedAt: Instant;
  /** Hash of what a later `resolved` or `finished` takes back. */
  readonly condition: string;
}

export interface SavedSignal extends NewSignal {
  readonly id: SignalId;
}

/** Only these open an incident or reopen one; all others join what is there. */
export function opens(signal: Pick<NewSignal, "kind">): boolean {
  return signal.kind === "firing" || signal.kind === "failed";
}

/**
 * The hash under which an incident remembers that something fires. Without `word` of the sender (an issue's id, an
 * alert's fingerprint) it is the cause within service and job. The environment is no part of it: who resolves an issue
 * often cannot name one.
 */
export function conditionOf(signal: Pick<NewSignal, "source" | "service" | "job" | "cause">, word?: string): string {
  const identity = word === undefined ? ["", signal.service, signal.job, signal.cause] : [signal.source, word];
  return createHash("sha256").update(JSON.stringify(identity)).digest("base64url").slice(0, 16);
}

/** What folding, severity and routing rules see of a signal. */
export function factsOf(signal: Omit<NewSignal, "condition">, catalogue: Catalogue): Facts {
  const names = namesOf(catalogue);
  const environments = signal.environment === null ? signal.environments : [signal.environment];
  return {
    source: signal.source,
    signal: signal.kind,
    title: signal.title,
    severity: signal.severity,
    services: signal.service === null ? [] : names.waysToWrite("service", signal.service),
    environments: environments.flatMap((environment) => names.waysToWrite("environment", environment)),
    jobs: signal.job === null ? [] : names.waysToWrite("job", signal.job),
    tags: signal.tags,
  };
}
