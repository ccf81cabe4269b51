import type { Agenda } from "./agenda.ts";
import { openWalk, type Walk } from "./walk.ts";

export interface Failure {
  readonly stage: number;
  readonly error: string;
  readonly code: string;
  /** How many attempts at that stage fail before it goes well; null: all. */
  readonly times: number | null;
  readonly retryable: boolean;
  /** Only when this version runs; null: whichever. */
  readonly version: string | null;
}

/** What an execution looks at while it runs: all of it can change meanwhile. */
export interface Circumstances {
  readonly now: () => number;
  readonly agenda: Agenda;
  readonly rate: () => number;
  readonly failure: () => Failure | null;
  /** Counts one failed attempt against the failure's `times`. */
  readonly failedOnce: () => void;
  /** How often it tries a stage by itself, and how long it waits in between. */
  readonly retries: () => { readonly of: number; readonly afterMs: number };
}

export interface RunError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly stage: number | null;
}

export type Ending = { readonly state: "succeeded" } | { readonly state: "failed"; readonly error: RunError };

/** One passage through all stages: what is done so far, where it fails, its own retries. */
export interface Passage {
  done(): number;
  /** From 1. */
  stage(): number;
  attempt(): { readonly number: number; readonly of: number; readonly nextAt: number | null } | null;
  /** After a pause, or when the rate or the failure has changed. */
  goOn(): void;
  halt(): void;
}

interface Plan {
  readonly stages: readonly string[];
  readonly total: number;
  /** Items that are done already: it goes on from there. */
  readonly from: number;
  readonly version: string;
  readonly log: (line: string) => void;
  readonly ended: (ending: Ending, atMs: number) => void;
}

/** Every stage does its share of the items; a failing stage fails half-way through it. */
export function openPassage(plan: Plan, around: Circumstances): Passage {
  const walk: Walk = openWalk(around.agenda, around.now, plan.from);
  const count = plan.stages.length;
  const boundary = (stage: number) => Math.round((plan.total * stage) / count);
  let stage = Math.min(count, plan.stages.findIndex((_, index) => plan.from < boundary(index + 1)) + 1 || count);
  let tries = 1;
  let waiting: { until: number; cancel: () => void } | null = null;

  function fails(): Failure | null {
    const failure = around.failure();
    if (failure === null || failure.stage !== stage || failure.times === 0) return null;
    return failure.version === null || failure.version === plan.version ? failure : null;
  }

  function leg(from: number): void {
    const failure = fails();
    const halfWay = (boundary(stage - 1) + boundary(stage)) / 2;
    // Told too late to fail half-way, it fails at the stage's end.
    const to = failure !== null && walk.done() <= halfWay ? halfWay : boundary(stage);
    walk.go({ to, rate: around.rate(), from, arrived: (at) => (fails() === null ? next(at) : fail(at)) });
  }

  function next(at: number): void {
    if (walk.done() >= boundary(stage)) {
      plan.log(`stage ${stage} of ${count} (${plan.stages[stage - 1] ?? "?"}) finished`);
      tries = 1;
      if (stage === count) {
        plan.ended({ state: "succeeded" }, at);
        return;
      }
      stage++;
      plan.log(`stage ${stage} of ${count} (${plan.stages[stage - 1] ?? "?"}) started`);
    }
    leg(at);
  }

  function fail(at: number): void {
    const failure = fails();
    if (failure === null) return;
    around.failedOnce();
    plan.log(`stage ${stage} of ${count} failed: ${failure.error}`);
    const { of, afterMs } = around.retries();
    if (tries < of) {
      tries++;
      const until = at + afterMs;
      waiting = { until, cancel: around.agenda.at(until, () => resume(until)) };
      return;
    }
    const { code, error: message, retryable } = failure;
    plan.ended({ state: "failed", error: { code, message, retryable, stage } }, at);
  }

  function resume(at: number): void {
    waiting = null;
    leg(at);
  }

  plan.log(`stage ${stage} of ${count} (${plan.stages[stage - 1] ?? "?"}) started`);
  leg(around.now());
  return {
    done: () => Math.floor(walk.done()),
    stage: () => stage,
    attempt: () => {
      const { of } = around.retries();
      return of <= 1 ? null : { number: tries, of, nextAt: waiting?.until ?? null };
    },
    goOn: () => {
      if (waiting === null) leg(around.now());
    },
    halt: () => {
      walk.halt();
      waiting?.cancel();
      waiting = null;
    },
  };
}

/** Brings a snapshot's items back in so many seconds; one that fails does so half-way. */
export function openRestore(
  plan: Pick<Plan, "total" | "log" | "ended">,
  around: Pick<Circumstances, "now" | "agenda"> & { readonly seconds: number; readonly fails: boolean },
): Passage {
  const unreadable = { stage: 1, error: "the snapshot cannot be read", code: "restore_failed" };
  const failure = { ...unreadable, times: null, retryable: false, version: null };
  return openPassage(
    { ...plan, stages: ["restore"], from: 0, version: "" },
    {
      ...around,
      rate: () => Math.max(1, plan.total) / around.seconds,
      failure: () => (around.fails ? failure : null),
      failedOnce: () => {},
      retries: () => ({ of: 1, afterMs: 0 }),
    },
  );
}
