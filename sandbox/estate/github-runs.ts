import { createHash } from "node:crypto";
import type { Agenda } from "./agenda.ts";

export const CONCLUSIONS = [
  ...["success", "failure", "cancelled", "timed_out", "neutral", "skipped", "action_required", "stale"],
  "startup_failure",
] as const;
export type Conclusion = (typeof CONCLUSIONS)[number];

/** All that a drill can set of the runs. Times in ms. */
export interface RunBehaviour {
  /** The error of the failing step; null: it does not fail. */
  fail: string | null;
  conclusion: Conclusion;
  durationMs: number;
  /** How long a run waits for a runner. */
  slowMs: number;
  cancel: "yes" | "slow" | "ignores";
  /** Lines that every run writes into its log. */
  log: readonly string[];
}

export interface Run {
  readonly id: number;
  readonly jobId: number;
  readonly number: number;
  readonly title: string;
  readonly ref: string;
  readonly event: "workflow_dispatch" | "schedule";
  readonly inputs: Readonly<Record<string, string>>;
  readonly createdAt: number;
  attempt: number;
  status: "queued" | "in_progress" | "completed";
  conclusion: string | null;
  startedAt: number | null;
  updatedAt: number;
  cancelling: boolean;
  error: string | null;
}

export type RunEvent = "requested" | "in_progress" | "completed";

const CANCEL_MS = { yes: 5_000, slow: 5 * 60_000 } as const;
const FIRST_ID = 19_000_000_001;

export const shaOf = (ref: string): string => createHash("sha1").update(ref).digest("hex");

/** Workflow runs from their dispatch to their conclusion. Two dispatches are two runs: there is no key. */
export function openRuns(
  given: RunBehaviour,
  around: { agenda: Agenda; now: () => number; told: (run: Run, event: RunEvent) => Promise<void> },
) {
  const { agenda, now, told } = around;
  let behaviour = given;
  const runs = new Map<number, Run>();
  const counts = {
    dispatches: 0,
    scheduled: 0,
    cancels: 0,
    forceCancels: 0,
    reruns: 0,
    succeeded: 0,
    failed: 0,
    cancelled: 0,
  };

  function create(wanted: Pick<Run, "title" | "ref" | "event" | "inputs">): Run {
    const number = runs.size + 1;
    const run: Run = {
      ...wanted,
      id: FIRST_ID + runs.size * 10,
      jobId: FIRST_ID + 20_000_000_000 + runs.size * 10,
      number,
      createdAt: now(),
      attempt: 1,
      status: "queued",
      conclusion: null,
      startedAt: null,
      updatedAt: now(),
      cancelling: false,
      error: null,
    };
    runs.set(run.id, run);
    counts[run.event === "schedule" ? "scheduled" : "dispatches"]++;
    wait(run);
    return run;
  }

  function wait(run: Run): void {
    const { attempt } = run;
    agenda.at(now(), () => told(run, "requested"));
    const at = now() + behaviour.slowMs;
    agenda.at(at, () => (run.attempt === attempt ? begin(run, at) : undefined));
  }

  async function begin(run: Run, at: number): Promise<void> {
    if (run.status !== "queued") return;
    const { attempt } = run;
    run.status = "in_progress";
    run.startedAt = at;
    run.updatedAt = at;
    const endsAt = at + behaviour.durationMs;
    agenda.at(endsAt, () => (run.attempt === attempt ? conclude(run, endsAt) : undefined));
    await told(run, "in_progress");
  }

  async function conclude(run: Run, at: number, forced?: "cancelled"): Promise<void> {
    if (run.status === "completed") return;
    const failing = forced === undefined && behaviour.fail !== null;
    run.status = "completed";
    run.conclusion = forced ?? (failing ? "failure" : behaviour.conclusion);
    run.error = failing ? behaviour.fail : null;
    run.updatedAt = at;
    run.cancelling = false;
    counts[run.conclusion === "success" ? "succeeded" : run.conclusion === "cancelled" ? "cancelled" : "failed"]++;
    await told(run, "completed");
  }

  return {
    behaviour: () => behaviour,
    change: (changed: Partial<RunBehaviour>) => {
      behaviour = { ...behaviour, ...changed };
    },
    create,
    /** False: it has ended. */
    cancel: (run: Run): boolean => {
      if (run.status === "completed") return false;
      if (!run.cancelling) counts.cancels++;
      if (run.cancelling || behaviour.cancel === "ignores") return true;
      run.cancelling = true;
      const { attempt } = run;
      const at = now() + CANCEL_MS[behaviour.cancel];
      agenda.at(at, () => (run.attempt === attempt ? conclude(run, at, "cancelled") : undefined));
      return true;
    },
    forceCancel: async (run: Run): Promise<boolean> => {
      if (run.status === "completed") return false;
      counts.forceCancels++;
      await conclude(run, now(), "cancelled");
      return true;
    },
    /** False: it is still under way. */
    rerun: (run: Run): boolean => {
      if (run.status !== "completed") return false;
      counts.reruns++;
      run.attempt++;
      Object.assign(run, { status: "queued", conclusion: null, startedAt: null, updatedAt: now(), error: null });
      wait(run);
      return true;
    },
    find: (id: number) => runs.get(id) ?? null,
    byJob: (id: number) => [...runs.values()].find((run) => run.jobId === id) ?? null,
    newestFirst: () => [...runs.values()].reverse(),
    counts: () => {
      const last = [...runs.values()].at(-1);
      const active = [...runs.values()].filter((run) => run.status !== "completed").length;
      return { ...counts, active, lastInputs: last?.inputs ?? null, lastRef: last?.ref ?? null };
    },
  };
}

export type Runs = ReturnType<typeof openRuns>;
