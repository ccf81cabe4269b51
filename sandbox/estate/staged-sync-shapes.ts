import type { Failure, Passage, RunError } from "./staged-sync-run.ts";

/** All that a drill can set; see `staged-sync.ts` for what each means. */
export interface Behaviour {
  stages: readonly string[];
  items: number;
  rate: number;
  fail: Failure | null;
  retries: { readonly of: number; readonly afterMs: number };
  abortable: "yes" | "slow" | "ignores" | "lies" | "no";
  abortSeconds: number;
  snapshot: "yes" | "no" | "fails";
  restore: "yes" | "no" | "fails";
  restoreSeconds: number;
  versions: readonly string[];
  log: readonly string[];
}

export interface Execution {
  readonly id: string;
  readonly job: string;
  readonly kind: "run" | "restore";
  /** Null: started by the target's own schedule. */
  readonly key: string | null;
  readonly version: string;
  readonly startedAt: number;
  readonly stages: readonly string[];
  readonly total: number;
  /** What is so. */
  state: "running" | "paused" | "succeeded" | "failed" | "aborted";
  /** Says that it was aborted while it still goes on. */
  lying: boolean;
  stopping: boolean;
  endedAt: number | null;
  error: RunError | null;
  evidence: string;
  readonly log: string[];
  passage: Passage | null;
}

export interface Snapshot {
  readonly ref: string;
  readonly takenAt: number;
  readonly items: number;
}

/** One job's list: what readers see of it is `items`. */
export interface List {
  items: number;
  /** Who writes it now. */
  writer: Execution | null;
  /** Who wrote it last: only that one can be gone on with. */
  last: Execution | null;
  readonly snapshots: Snapshot[];
}

/** Why something is not done, as the contract says it. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface Start {
  readonly key: string | null;
  readonly version: string | null;
  readonly resumeFrom: string | null;
  readonly by: string | null;
}

/** What became of an execution whose process ended. */
export const LOST: RunError = {
  code: "process_lost",
  message: "the process ended while it ran",
  retryable: true,
  stage: null,
};
export const thousands = (count: number) => count.toLocaleString("en-GB");

/** Really under way, whatever it says. */
export const going = (one: Execution): boolean => one.state === "running" || one.state === "paused";
