/** The states of a run, as the architecture's "The run" names them. */
export const RUN_STATES = [
  "awaiting_approval",
  "deferred",
  "queued",
  "preparing",
  "starting",
  "retry_wait",
  "running",
  "paused",
  "unknown",
  "aborting",
  "abort_unconfirmed",
  "restoring",
  "restore_failed",
  "refused",
  "rejected",
  "expired",
  "withdrawn",
  "succeeded",
  "failed",
  "aborted",
] as const;
export type RunState = (typeof RUN_STATES)[number];

export const TERMINAL_STATES = [
  "refused",
  "rejected",
  "expired",
  "withdrawn",
  "succeeded",
  "failed",
  "aborted",
] as const satisfies readonly RunState[];

/** States in which nothing of the run was begun: an abort is a withdrawal, no lease is held. */
export const WAITING_STATES = ["awaiting_approval", "deferred", "queued"] as const satisfies readonly RunState[];

/** States in which the target may be executing it, so that a message of the job may be its message. */
export const EXECUTING_STATES = [
  "starting",
  "running",
  "paused",
  "unknown",
  "aborting",
  "abort_unconfirmed",
  "restoring",
] as const satisfies readonly RunState[];

export const isRunState = (text: string): text is RunState => (RUN_STATES as readonly string[]).includes(text);
export const isTerminal = (state: RunState): boolean => (TERMINAL_STATES as readonly RunState[]).includes(state);
export const isWaiting = (state: RunState): boolean => (WAITING_STATES as readonly RunState[]).includes(state);

/** What happens to a run. */
export type RunEvent =
  | "approve"
  | "defer"
  | "await_approval"
  | "reject"
  | "expire"
  | "withdraw"
  | "prepare"
  | "refuse"
  | "call_start"
  | "started"
  | "retry"
  | "lose_track"
  | "pause"
  | "resume"
  | "succeed"
  | "fail"
  | "abort"
  | "doubt_abort"
  | "restore"
  | "restore_failed"
  | "aborted";

/** Every edge there is. What is not here cannot happen. */
const EDGES: Readonly<Record<RunState, Readonly<Partial<Record<RunEvent, RunState>>>>> = {
  awaiting_approval: {
    approve: "queued",
    defer: "deferred",
    reject: "rejected",
    expire: "expired",
    withdraw: "withdrawn",
  },
  deferred: { approve: "queued", await_approval: "awaiting_approval", withdraw: "withdrawn" },
  queued: { prepare: "preparing", withdraw: "withdrawn" },
  preparing: { call_start: "starting", refuse: "refused", aborted: "aborted" },
  starting: { started: "running", retry: "retry_wait", fail: "failed", lose_track: "unknown", abort: "aborting" },
  retry_wait: { prepare: "preparing", fail: "failed", aborted: "aborted" },
  running: {
    succeed: "succeeded",
    fail: "failed",
    retry: "retry_wait",
    pause: "paused",
    lose_track: "unknown",
    abort: "aborting",
  },
  paused: { resume: "running", abort: "aborting" },
  unknown: { started: "running", succeed: "succeeded", fail: "failed", abort: "aborting" },
  aborting: {
    succeed: "succeeded",
    fail: "failed",
    restore: "restoring",
    aborted: "aborted",
    doubt_abort: "abort_unconfirmed",
  },
  abort_unconfirmed: {
    restore: "restoring",
    aborted: "aborted",
    succeed: "succeeded",
    fail: "failed",
    started: "running",
  },
  restoring: { aborted: "aborted", restore_failed: "restore_failed" },
  restore_failed: { restore: "restoring", fail: "failed" },
  refused: {},
  rejected: {},
  expired: {},
  withdrawn: {},
  succeeded: {},
  failed: {},
  aborted: {},
};

/** Whether `event` can happen in `state`. */
export const can = (state: RunState, event: RunEvent): boolean => EDGES[state][event] !== undefined;

/** The state after `event`. Throws `IllegalTransition` for an edge that does not exist: that is a defect of ours. */
export function transition(state: RunState, event: RunEvent): RunState {
  const next = EDGES[state][event];
  if (next === undefined) throw new IllegalTransition(state, event);
  return next;
}

export class IllegalTransition extends Error {
  override readonly name = "IllegalTransition";
  constructor(state: RunState, event: RunEvent) {
    super(`a run that is ${state} cannot ${event}`);
  }
}
