import type { Instant } from "../base/clock.ts";
import type { RunKind } from "../jobs/runs.store.ts";
import type { RunState } from "../jobs/states.ts";
import type { Asking } from "./contract.ts";
import type { PinView } from "./pins-contract.ts";
import type { ChainTyped, DryChainView, DryRunView, Outcome, RunOptions, WantedOfJob } from "./requests-contract.ts";
import type { GapToCopy } from "./runs-gap.ts";

/** A run as people and the API see it. */
export interface RunView {
  readonly number: number;
  readonly state: RunState;
  readonly job: string;
  readonly environment: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly version: string | null;
  readonly by: string;
  readonly byName: string;
  readonly approvedBy: readonly string[];
  readonly requestedAt: Instant;
  readonly startedAt: Instant | null;
  readonly finishedAt: Instant | null;
  readonly stateSince: Instant;
  readonly incident: number | null;
  readonly parent: number | null;
  readonly proved: boolean;
  readonly restored: boolean;
  /** One sentence: why it is in this state, and on what evidence. */
  readonly because: string;
  readonly attempt: number;
  readonly kind: RunKind;
  /** While it runs: when it should end, by what runs like it took and by its own pace; null: nobody can say. */
  readonly expectedEndAt: Instant | null;
  /** The same in words: `about 12 min to go (usually 18 min, 9 of 10 within 25 min)`. */
  readonly left: string | null;
  /** `usually 18 min, 9 of 10 within 25 min`; null: not known. */
  readonly usual: string | null;
  /** How many ids are in which state; null: it hands over no ids. */
  readonly items: Readonly<Record<string, number>> | null;
  /** A comparison that has read both sides: how many ids only the target has, and only the source; null: it is none. */
  readonly found: { readonly orphans: number; readonly lost: number } | null;
  readonly mended: Mended;
  readonly chain: ChainPlace | null;
  /** Once it has succeeded: the jobs that the catalogue has after it there, unless a chain sees to them. */
  readonly then: readonly string[];
  /** It reset a follower's place, and what that skipped is not copied yet: the run that copies it. */
  readonly gap: GapToCopy | null;
  /** The pin of its target's schedule, while there is one. */
  readonly pin: PinView | null;
  /** What its target can do with it now. */
  readonly can: RunAbilities;
  /** While it has not ended: why its target cannot be asked for it any more; null: it can. */
  readonly lost: string | null;
  /** Why it makes no sense to run it as it is, now or again; null: nothing speaks against it. */
  readonly noRerun: string | null;
}

/** The numbers of the runs that set right what a run left, or found: proved; null: none did. */
export interface Mended {
  /** Brought its snapshot back. */
  readonly restored: number | null;
  /** Of a comparison: deleted what only the target had, resynced what only the source had. */
  readonly deleted: number | null;
  readonly resynced: number | null;
  /** Of a fan-out: did what had failed, or was skipped; none: it is not all done. */
  readonly failed: readonly number[];
  readonly skipped: readonly number[];
}

/** What can be done with a run as it stands, by what its target is able to do. */
export interface RunAbilities {
  readonly abort: boolean;
  readonly pause: boolean;
  /** Continue it from where it ended. */
  readonly resumeFailed: boolean;
  /** Bring back the snapshot that was taken before it. */
  readonly restore: boolean;
}

/** What can be told of a run that cannot be stopped. */
export interface Unstoppable {
  /** `about 12 min to go (usually 18 min)`; null when nobody knows. */
  readonly left: string | null;
  /** What people see meanwhile who read what it writes, as the catalogue says. */
  readonly readers: string | null;
  /** One paragraph for them, to be copied. */
  readonly notice: string;
}

/** Where a run stands in a chain of jobs. Positions count from 1. */
export interface ChainPlace {
  readonly position: number;
  readonly jobs: readonly string[];
  readonly state: "running" | "done" | "stopped";
  /** Why it stopped, what was not run, and how to go on. */
  readonly said: string | null;
  /** The number of the run after it. */
  readonly next: number | null;
}

/** Use cases of single runs. */
export interface RunServices {
  request(asking: Asking, wanted: WantedOfJob): Promise<Outcome<RunView>>;
  rerun(asking: Asking, run: number, options?: RunOptions): Promise<Outcome<RunView>>;
  /** `cannot`: the target has no way to stop it, so asking again changes nothing; with what people can be told. */
  abort(
    asking: Asking,
    run: number,
    reason: string | null,
  ): Promise<{ run: RunView; said: string; cannot?: Unstoppable }>;
  /** Asked of the target; paused, or running again, when it says so. */
  pause(asking: Asking, run: number): Promise<{ run: RunView; said: string }>;
  resume(asking: Asking, run: number): Promise<{ run: RunView; said: string }>;
  /** A run of its own that brings the snapshot of run `run` back; one whose restore failed is restored again itself. */
  restore(
    asking: Asking,
    run: number,
    reason: string | null,
    options?: Pick<RunOptions, "override">,
  ): Promise<Outcome<RunView>>;
  /** The same checks and questions as `request` or `rerun`, and nothing is started. */
  dryRun(asking: Asking, wanted: WantedOfJob): Promise<DryRunView>;
  dryRerun(asking: Asking, run: number, options?: RunOptions): Promise<DryRunView>;
  dryRestore(asking: Asking, run: number, options?: Pick<RunOptions, "override">): Promise<DryRunView>;
  /** Says yes to a run that waits for approvals, to exactly what was asked for. */
  approve(asking: Asking, run: number): Promise<RunView>;
  /** Asks for the reason when none is given, of those who may reject it. */
  reject(asking: Asking, run: number, reason: string): Promise<Outcome<RunView>>;
  /** Takes back a run of which nothing was begun: its requester, or whoever may abort it. */
  withdraw(asking: Asking, run: number, reason: string | null): Promise<RunView>;
  settle(
    asking: Asking,
    run: number,
    word: { outcome?: "succeeded" | "failed" | "aborted"; reason?: string },
  ): Promise<Outcome<RunView>>;
  get(asking: Asking, run: number): Promise<RunView>;
  /** The newest run of that job and environment that `abort` or `settle` could be meant for. */
  newest(asking: Asking, job: string, environment: string): Promise<RunView | null>;
}

/** Use cases of jobs one after the other. */
export interface ChainServices {
  /** Jobs one after the other; the run of the first. The next is asked of the guard when the one before has succeeded. */
  start(asking: Asking, wanted: ChainTyped): Promise<Outcome<RunView>>;
  /** The same checks of each of its runs as they stand now, and nothing is started. */
  dryStart(asking: Asking, wanted: ChainTyped): Promise<DryChainView>;
}
