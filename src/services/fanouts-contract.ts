import type { Instant } from "../base/clock.ts";
import type { Asking, DryRunView, Outcome, RunView } from "./contract.ts";

/** Which ids of an earlier fan-out are meant. */
export const ONLY = ["failed", "skipped", "missing"] as const;
export type Only = (typeof ONLY)[number];

/** Ids to hand over: exactly one of `ids`, `incident`, `run` (with `only`), or the file of the request. */
export interface WantedResync {
  /** Both absent: those of the run. */
  readonly job?: string;
  readonly environment?: string;
  /** As typed: separated by commas. */
  readonly ids?: string;
  readonly incident?: number;
  readonly run?: number;
  readonly only?: Only;
  readonly reason?: string;
  /** Why it is to begin in spite of a freeze. */
  readonly override?: string;
}

/** Which comparison is mended, and on which side. */
export interface WantedRepair {
  readonly run: number;
  readonly by: "delete" | "resync";
}

/** Use cases over ids by reference. */
export interface FanoutServices {
  /** Hands ids over to be synchronised again, each read anew at its turn. Always asks first: what, how many, from where. */
  resync(asking: Asking, wanted: WantedResync): Promise<Outcome<RunView>>;
  /** The same list and checks, and nothing is handed over or asked. */
  dryResync(asking: Asking, wanted: WantedResync): Promise<DryRunView>;
  /** Compares the ids of both sides of a job; changes nothing. */
  orphans(asking: Asking, wanted: { job: string; environment: string }): Promise<Outcome<RunView>>;
  /** Mends what a comparison found: deletes what only the target has, or resyncs what only the source has. */
  repair(asking: Asking, wanted: WantedRepair): Promise<Outcome<RunView>>;
  /** The same ids and checks, and nothing is handed over or asked. */
  dryRepair(asking: Asking, wanted: WantedRepair): Promise<DryRunView>;
}

/** A message of a dead-letter queue: the copy that Nightdesk keeps. */
export interface DeadLetterView {
  readonly number: number;
  readonly target: string;
  readonly queue: string;
  readonly messageId: string;
  /** Redacted. */
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly sentAt: Instant | null;
  /** When the queue forgets it; null: it does not say. */
  readonly expiresAt: Instant | null;
  /** `there`, or what became of it. */
  readonly state: "there" | "asked" | "redriven" | "failed" | "gone" | "expired";
  readonly fate: string | null;
}

export interface DeadLetterQueueView {
  readonly target: string;
  readonly queue: string | null;
  /** By the queue's own count. */
  readonly count: number;
  readonly oldestSentAt: Instant | null;
  readonly firstExpiresAt: Instant | null;
  /** Why it could not be looked at just now; null: it was. */
  readonly trouble: string | null;
  /** The newest of those that are there or were asked to go. */
  readonly letters: readonly DeadLetterView[];
}

export interface DeadLetterServices {
  /** Looks at the queues now. */
  list(asking: Asking, about: DeadLettersOf): Promise<readonly DeadLetterQueueView[]>;
  show(asking: Asking, number: number): Promise<DeadLetterView>;
  redrive(
    asking: Asking,
    wanted: DeadLettersOf & {
      readonly numbers: readonly number[];
      readonly all: boolean;
      /** Messages a second. */
      readonly rate: number;
      readonly dryRun: boolean;
    },
  ): Promise<Outcome<Redrive>>;
}

/** Whose dead letters: a target's, a job's in an environment, or all that the asker may see. */
export interface DeadLettersOf {
  readonly target?: string;
  readonly job?: string;
  readonly environment?: string;
}

export interface Redrive {
  readonly dryRun: boolean;
  readonly rate: number;
  readonly letters: readonly DeadLetterView[];
}
