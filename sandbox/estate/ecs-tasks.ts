import { randomBytes } from "node:crypto";
import type { Agenda } from "./agenda.ts";
import { ACCOUNT, REGION } from "./aws.ts";
import type { EstateWorld } from "./contract.ts";

/** How a revision behaves. `retries`: how often it tries again by itself; Infinity: for ever, it never ends. */
export interface Revision {
  readonly fail: string | null;
  readonly retries: number;
  readonly exitCode: number;
}

/** All that a drill can set of the tasks. Times in ms. */
export interface EcsBehaviour {
  revisions: ReadonlyMap<number, Revision>;
  durationMs: number;
  /** From RUNNING to its first failure. */
  failAfterMs: number;
  retryEveryMs: number;
  startSeconds: number;
  stopSeconds: number;
  silent: boolean;
  channel: string | null;
}

export interface Task {
  readonly id: string;
  readonly arn: string;
  readonly revision: number;
  readonly how: Revision;
  readonly createdAt: number;
  readonly startedBy: string | null;
  readonly group: string;
  readonly overrides: unknown;
  readonly tags: readonly unknown[];
  status: "PROVISIONING" | "RUNNING" | "DEPROVISIONING" | "STOPPED";
  desired: "RUNNING" | "STOPPED";
  startedAt: number | null;
  /** Since when its log says nothing more. */
  quietAt: number | null;
  stoppingAt: number | null;
  stoppedAt: number | null;
  exitCode: number | null;
  stopCode: "EssentialContainerExited" | "UserInitiated" | null;
  stoppedReason: string | null;
}

export interface Launch {
  readonly revision: number;
  readonly startedBy: string | null;
  readonly group: string | null;
  readonly overrides: unknown;
  readonly tags: readonly unknown[];
}

/** A container that has not ended by itself by then is killed: the longest that Fargate allows. */
export const STOP_TIMEOUT_S = 120;
const KILLED = 137;
const TERMINATED = 143;

/** Tasks from their launch to their end, and the texts that they post. */
export function openTasks(
  given: EcsBehaviour,
  around: { world: EstateWorld; agenda: Agenda; cluster: string; family: string },
) {
  const { world, agenda, cluster, family } = around;
  let behaviour = given;
  const tasks = new Map<string, Task>();
  const counts = { starts: 0, succeeded: 0, failed: 0, stops: 0, maxActive: 0, messages: 0, lostMessages: 0 };
  let lastRevision: number | null = null;
  const active = () => [...tasks.values()].filter((task) => task.status !== "STOPPED").length;

  async function say(text: string): Promise<void> {
    if (behaviour.silent || behaviour.channel === null) return;
    try {
      await world.post({ bot: "ETL", channel: behaviour.channel, text });
      counts.messages++;
    } catch {
      // What cannot be posted is lost, the task goes on.
      counts.lostMessages++;
    }
  }

  function launch({ revision, startedBy, group, overrides, tags }: Launch): Task | null {
    const how = behaviour.revisions.get(revision);
    if (how === undefined) return null;
    const id = randomBytes(16).toString("hex");
    const task: Task = {
      id,
      arn: `arn:aws:ecs:${REGION}:${ACCOUNT}:task/${cluster}/${id}`,
      revision,
      how,
      createdAt: world.now(),
      startedBy,
      group: group ?? `family:${family}`,
      overrides,
      tags,
      status: "PROVISIONING",
      desired: "RUNNING",
      startedAt: null,
      quietAt: null,
      stoppingAt: null,
      stoppedAt: null,
      exitCode: null,
      stopCode: null,
      stoppedReason: null,
    };
    tasks.set(id, task);
    counts.starts++;
    counts.maxActive = Math.max(counts.maxActive, active());
    lastRevision = revision;
    const at = task.createdAt + behaviour.startSeconds * 1_000;
    agenda.at(at, () => begin(task, at));
    return task;
  }

  async function begin(task: Task, at: number): Promise<void> {
    if (task.desired === "STOPPED") return;
    task.status = "RUNNING";
    task.startedAt = at;
    const { fail, retries } = task.how;
    const lasts = fail === null ? behaviour.durationMs : behaviour.failAfterMs + retries * behaviour.retryEveryMs;
    if (Number.isFinite(lasts)) agenda.at(at + lasts, () => exit(task, at + lasts));
    await say(`ETL [${family}] started.`);
  }

  async function exit(task: Task, at: number): Promise<void> {
    if (task.desired === "STOPPED") return;
    const { fail, exitCode } = task.how;
    stopped(task, { at, exitCode: fail === null ? 0 : exitCode, stopCode: "EssentialContainerExited" });
    task.stoppedReason = "Essential container in task exited";
    counts[fail === null ? "succeeded" : "failed"]++;
    await say(fail === null ? `ETL [${family}] completed.` : `<!channel> ETL [${family}] failed: ${fail}`);
  }

  function stop(task: Task, reason: string | null): void {
    if (task.desired === "STOPPED") return;
    counts.stops++;
    const now = world.now();
    Object.assign(task, { desired: "STOPPED", status: "DEPROVISIONING", stoppingAt: now, quietAt: now });
    task.stopCode = "UserInitiated";
    task.stoppedReason = reason ?? "Task stopped by user";
    const seconds = task.startedAt === null ? 0 : Math.min(behaviour.stopSeconds, STOP_TIMEOUT_S);
    const exitCode = behaviour.stopSeconds >= STOP_TIMEOUT_S ? KILLED : TERMINATED;
    const at = now + seconds * 1_000;
    // A container that never ran has no exit code.
    const code = task.startedAt === null ? null : exitCode;
    agenda.at(at, () => stopped(task, { at, exitCode: code, stopCode: "UserInitiated" }));
  }

  function stopped(task: Task, end: { at: number } & Pick<Task, "exitCode" | "stopCode">): void {
    task.status = "STOPPED";
    task.desired = "STOPPED";
    task.stoppingAt ??= end.at;
    task.stoppedAt = end.at;
    task.quietAt ??= end.at;
    task.exitCode = end.exitCode;
    task.stopCode = end.stopCode;
  }

  return {
    behaviour: () => behaviour,
    change: (changed: Partial<EcsBehaviour>) => {
      const revisions = new Map([...behaviour.revisions, ...(changed.revisions ?? [])]);
      behaviour = { ...behaviour, ...changed, revisions };
    },
    launch,
    stop,
    find: (id: string) => tasks.get(id) ?? null,
    all: () => [...tasks.values()],
    latest: () => Math.max(...behaviour.revisions.keys()),
    counts: () => ({ ...counts, active: active(), lastRevision }),
  };
}

export type Tasks = ReturnType<typeof openTasks>;
