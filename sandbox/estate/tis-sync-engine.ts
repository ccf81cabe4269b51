import { openAgenda } from "./agenda.ts";
import type { EstateWorld } from "./contract.ts";
import { failedText, finishedText, SYNC_JOBS, type SyncJob, startedText } from "./tis-sync-jobs.ts";

/** All that a drill can set. `duration` in milliseconds, for all jobs or by name. */
export interface Behaviour {
  profile: string[];
  channel: string | null;
  jobs: Set<string>;
  duration: number | Partial<Record<string, number>>;
  /** The jobs that fail, with the exception's message; `*` is every job. */
  fail: Map<string, string | null>;
  /** Jobs that never say that they ended and whose status stays true; with `fail` they say that they failed, and stay so. */
  stuck: Set<string>;
  /** Jobs that post nothing. */
  silent: Set<string>;
  /** Jobs that say they finished and have done half of it. */
  partial: Set<string>;
  roles: Record<string, string[]>;
}

export interface SyncEngine {
  behaviour(): Behaviour;
  change(change: Partial<Behaviour>): Promise<void>;
  /** False when it runs already. */
  start(name: string, by: "api" | "cron" | "all"): boolean;
  /** One after the other, going on when one fails. */
  startAll(): void;
  status(): Record<string, boolean>;
  nextDueAt(): number | null;
  tick(): Promise<void>;
  counts(): Record<string, unknown>;
  close(): void;
}

interface Execution {
  /** Its time is over; it is still here only because it is stuck. */
  ended: boolean;
}

/** The application looks every five seconds whether the job before has stopped. */
const RUN_ALL_LOOKS_MS = 5_000;
const WHOLE_ITEMS = 1_000;

export function openSyncEngine(given: Partial<Behaviour>, world: EstateWorld): SyncEngine {
  const agenda = openAgenda(world);
  let behaviour = { ...defaults(given.profile ?? ["prod"]), ...given };
  const active = new Map<string, Execution>();
  /** "Run all" goes on with these when that job has stopped. */
  const waiting = new Map<string, readonly SyncJob[]>();
  const counts = { starts: 0, apiStarts: 0, cronStarts: 0, succeeded: 0, failed: 0, partial: 0, items: 0 };
  const posts = { messages: 0, lostMessages: 0 };
  const startsOf: Record<string, number> = {};

  const exists = (job: SyncJob) =>
    behaviour.jobs.has(job.name) && !(job.reval === true && behaviour.profile.includes("nimdta"));

  async function say(job: SyncJob, text: string): Promise<void> {
    if (behaviour.silent.has(job.name) || behaviour.channel === null) return;
    try {
      await world.post({ bot: "TIS-SYNC", channel: behaviour.channel, text });
      posts.messages++;
    } catch {
      // As the original: what cannot be posted is lost, the job goes on.
      posts.lostMessages++;
    }
  }

  function start(name: string, by: "api" | "cron" | "all"): boolean {
    const job = SYNC_JOBS.find((one) => one.name === name && exists(one));
    if (job === undefined || active.has(name)) return false;
    counts.starts++;
    if (by === "api") counts.apiStarts++;
    if (by === "cron") counts.cronStarts++;
    startsOf[name] = (startsOf[name] ?? 0) + 1;
    agenda.at(world.now(), () => say(job, startedText(job)));
    agenda.at(world.now() + durationOf(job, behaviour), () => end(job));
    active.set(name, { ended: false });
    return true;
  }

  async function end(job: SyncJob): Promise<void> {
    const execution = active.get(job.name);
    if (execution === undefined) return;
    execution.ended = true;
    const failing = behaviour.fail.has(job.name) || behaviour.fail.has("*");
    const stuck = behaviour.stuck.has(job.name);
    if (stuck && !failing) return;
    if (!stuck) free(job.name);
    if (failing) {
      counts.failed++;
      return say(job, failedText(job, behaviour.fail.get(job.name) ?? behaviour.fail.get("*") ?? null));
    }
    counts.succeeded++;
    const half = behaviour.partial.has(job.name);
    if (half) counts.partial++;
    counts.items += half ? WHOLE_ITEMS / 2 : WHOLE_ITEMS;
    return say(job, finishedText(job));
  }

  function free(name: string): void {
    active.delete(name);
    const rest = waiting.get(name);
    if (rest === undefined) return;
    waiting.delete(name);
    agenda.at(world.now() + RUN_ALL_LOOKS_MS, () => runNext(rest));
  }

  function runNext(left: readonly SyncJob[]): void {
    const [job, ...rest] = left;
    if (job === undefined) return;
    start(job.name, "all");
    waiting.set(job.name, rest);
  }

  async function change(changed: Partial<Behaviour>): Promise<void> {
    behaviour = { ...behaviour, ...changed };
    // Only a restart of the application frees a stuck job: its flag is gone, and it says nothing.
    for (const [name, { ended }] of active) if (ended && !behaviour.stuck.has(name)) free(name);
  }

  return {
    behaviour: () => behaviour,
    change,
    start,
    startAll: () => runNext(SYNC_JOBS.filter((job) => job.inRunAll && exists(job))),
    status: () => Object.fromEntries(SYNC_JOBS.filter(exists).map((job) => [job.name, active.has(job.name)])),
    nextDueAt: agenda.nextDueAt,
    tick: agenda.tick,
    counts: () => ({
      ...counts,
      ...posts,
      active: active.size,
      running: [...active.keys()],
      startsOf: { ...startsOf },
    }),
    close: agenda.close,
  };
}

function defaults(profile: readonly string[]): Behaviour {
  return {
    profile: [...profile],
    channel: profile.includes("stage") || profile.includes("preprod") ? "monitoring-stage" : "monitoring-prod",
    jobs: new Set(SYNC_JOBS.map((job) => job.name)),
    duration: {},
    fail: new Map(),
    stuck: new Set(),
    silent: new Set(),
    partial: new Set(),
    roles: { own: ["Machine User"] },
  };
}

function durationOf(job: SyncJob, { duration }: Behaviour): number {
  return typeof duration === "number" ? duration : (duration[job.name] ?? job.minutes * 60_000);
}
