import { openAgenda } from "./agenda.ts";
import type { EstateWorld } from "./contract.ts";
import { type Ending, openPassage, openRestore } from "./staged-sync-run.ts";
import {
  type Behaviour,
  type Execution,
  going,
  type List,
  LOST,
  Refusal,
  type Snapshot,
  type Start,
  thousands,
} from "./staged-sync-shapes.ts";
import { openStops } from "./staged-sync-stops.ts";

export type StagedSync = ReturnType<typeof openStagedSync>;

/** `snapshotAt`: when a snapshot was taken that is there from the beginning; null: none is. */
export function openStagedSync(given: Behaviour, world: EstateWorld, snapshotAt: number | null) {
  const agenda = openAgenda(world);
  let behaviour = given;
  let failuresLeft = given.fail?.times ?? null;
  const lists = new Map<string, List>();
  const executions = new Map<string, Execution>();
  const byKey = new Map<string, Execution>();
  let ids = 0;
  const counts = {
    starts: 0,
    apiStarts: 0,
    succeeded: 0,
    failed: 0,
    aborted: 0,
    aborts: 0,
    abortCalls: 0,
    restores: 0,
    snapshots: 0,
    pauses: 0,
  };
  const startsOf: Record<string, number> = {};

  const list = (job: string): List => {
    const found = lists.get(job);
    if (found !== undefined) return found;
    const { items } = behaviour;
    const snapshots = snapshotAt === null ? [] : [{ ref: "snap-0", takenAt: snapshotAt, items }];
    const made: List = { items, writer: null, last: null, snapshots };
    lists.set(job, made);
    return made;
  };
  const shown = (one: List) => one.writer?.passage?.done() ?? one.items;
  const failure = () => (behaviour.fail === null ? null : { ...behaviour.fail, times: failuresLeft });
  /** What readers of the target's API believe to be under way. */
  const busy = (job: string) =>
    [...executions.values()].find((one) => one.job === job && going(one) && !one.lying) ?? null;

  function open(job: string, start: Start, more: Pick<Execution, "kind" | "version" | "stages" | "total">): Execution {
    const id = `ex-${++ids}`;
    const execution: Execution = {
      ...more,
      id,
      job,
      key: start.key,
      startedAt: world.now(),
      state: "running",
      lying: false,
      stopping: false,
      endedAt: null,
      error: null,
      evidence: "",
      log: [],
      passage: null,
    };
    executions.set(id, execution);
    if (start.key !== null) byKey.set(start.key, execution);
    return execution;
  }

  /** The same key again is the same execution. */
  function again(job: string, key: string | null, kind: Execution["kind"]): Execution | null {
    const known = key === null ? undefined : byKey.get(key);
    if (known === undefined) return null;
    if (known.job === job && known.kind === kind) return known;
    throw new Refusal(422, "key_reused", `this key belongs to ${known.id}, another request`);
  }

  function start(job: string, request: Start): { execution: Execution; first: boolean } {
    const known = again(job, request.key, "run");
    if (known !== null) return { execution: known, first: false };
    const newest = behaviour.versions.at(-1) ?? "1";
    const version = request.version ?? newest;
    if (!behaviour.versions.includes(version)) {
      throw new Refusal(
        422,
        "unknown_version",
        `there is no version ${version}; there is ${behaviour.versions.join(", ")}`,
      );
    }
    const resumed = request.resumeFrom === null ? null : resumable(job, request.resumeFrom);
    const under = busy(job);
    if (under !== null) throw new Refusal(409, "already_running", `${under.id} is under way`);
    const execution = open(job, request, { kind: "run", version, stages: behaviour.stages, total: behaviour.items });
    counts.starts++;
    if (request.key !== null) counts.apiStarts++;
    startsOf[job] = (startsOf[job] ?? 0) + 1;
    execution.log.push(`full sync started by ${request.by ?? "its schedule"}, version ${version}`, ...behaviour.log);
    execution.log.push(resumed === null ? "the list is emptied" : `goes on from ${resumed.id}`);
    const one = list(job);
    one.writer = execution;
    execution.passage = openPassage(
      {
        stages: execution.stages,
        total: execution.total,
        from: resumed === null ? 0 : stageStart(resumed),
        version,
        log: (line) => execution.log.push(line),
        ended: (ending, at) => end(execution, ending, at),
      },
      {
        now: world.now,
        agenda,
        rate: () => behaviour.rate,
        failure,
        failedOnce: () => {
          if (failuresLeft !== null) failuresLeft--;
        },
        retries: () => behaviour.retries,
      },
    );
    return { execution, first: true };
  }

  /** Its own schedule starts it, unless it runs. */
  function startBySchedule(job: string): void {
    if (busy(job) === null) start(job, { key: null, version: null, resumeFrom: null, by: null });
  }

  function resumable(job: string, id: string): Execution {
    const found = executions.get(id);
    if (found === undefined || found.job !== job)
      throw new Refusal(422, "cannot_resume", `there is no execution ${id}`);
    if (found.kind !== "run" || (found.state !== "failed" && found.state !== "aborted")) {
      throw new Refusal(422, "cannot_resume", `${id} did not fail`);
    }
    if (list(job).last !== found) throw new Refusal(422, "cannot_resume", `the list has been written since ${id}`);
    return found;
  }

  const stageStart = (execution: Execution) =>
    Math.round((execution.total * ((execution.passage?.stage() ?? 1) - 1)) / execution.stages.length);

  function end(execution: Execution, ending: Ending | { state: "aborted" }, at: number): void {
    const one = list(execution.job);
    execution.passage?.halt();
    const done = ending.state === "succeeded" ? execution.total : (execution.passage?.done() ?? 0);
    if (one.writer === execution) one.writer = null;
    if (execution.kind === "run") {
      one.items = done;
      one.last = execution;
    }
    execution.state = ending.state;
    execution.lying = false;
    execution.stopping = false;
    execution.endedAt = at;
    execution.error = ending.state === "failed" ? ending.error : null;
    if (execution.kind === "run") counts[ending.state]++;
    execution.evidence = `the list has ${thousands(one.items)} of ${thousands(execution.total)} items`;
    execution.log.push(`${ending.state}: ${execution.evidence}`);
  }

  function snapshot(job: string): Snapshot {
    if (behaviour.snapshot === "no") throw new Refusal(405, "no_snapshots", "this job has no snapshots");
    if (behaviour.snapshot === "fails") throw new Refusal(500, "snapshot_failed", "the snapshot could not be written");
    counts.snapshots++;
    const one = list(job);
    const taken = { ref: `snap-${counts.snapshots}`, takenAt: world.now(), items: shown(one) };
    one.snapshots.push(taken);
    return taken;
  }

  function restore(
    job: string,
    ref: string,
    request: Pick<Start, "key" | "by">,
  ): { execution: Execution; first: boolean } {
    const known = again(job, request.key, "restore");
    if (known !== null) return { execution: known, first: false };
    if (behaviour.restore === "no") throw new Refusal(405, "no_restore", "this job cannot be restored");
    const one = list(job);
    const from = one.snapshots.find((taken) => taken.ref === ref);
    if (from === undefined) throw new Refusal(422, "unknown_snapshot", `there is no snapshot ${ref}`);
    const under = busy(job);
    if (under !== null) throw new Refusal(409, "already_running", `${under.id} is under way`);
    const total = from.items;
    const more = { kind: "restore", version: behaviour.versions.at(-1) ?? "1", stages: ["restore"], total } as const;
    const execution = open(job, { ...request, version: null, resumeFrom: null }, more);
    counts.restores++;
    execution.log.push(`restore of ${ref} started by ${request.by ?? "its schedule"}`);
    execution.passage = openRestore(
      {
        total,
        log: (line) => execution.log.push(line),
        ended: (ending, at) => {
          if (ending.state === "succeeded") Object.assign(one, { items: total, last: execution });
          end(execution, ending, at);
          const sees = `readers see the list again: ${thousands(shown(one))} of ${thousands(behaviour.items)}`;
          if (ending.state === "succeeded") execution.evidence = sees;
        },
      },
      { now: world.now, agenda, seconds: behaviour.restoreSeconds, fails: behaviour.restore === "fails" },
    );
    return { execution, first: true };
  }

  /** The process is gone, and its work with it. */
  function lose(): void {
    for (const one of executions.values()) if (going(one)) end(one, { state: "failed", error: LOST }, world.now());
  }

  function forget(): void {
    lose();
    executions.clear();
    byKey.clear();
  }

  function change(changed: Partial<Behaviour>): void {
    behaviour = { ...behaviour, ...changed };
    if (changed.fail !== undefined) failuresLeft = changed.fail?.times ?? null;
    for (const one of executions.values()) if (one.state === "running") one.passage?.goOn();
  }

  return {
    behaviour: () => behaviour,
    change,
    list,
    items: (job: string) => shown(list(job)),
    busy,
    start,
    startBySchedule,
    restore,
    snapshot,
    ...openStops({ now: world.now, agenda, behaviour: () => behaviour, counts, end }),
    find: (id: string) => executions.get(id) ?? null,
    byKey: (key: string) => byKey.get(key) ?? null,
    lose,
    forget,
    nextDueAt: agenda.nextDueAt,
    tick: agenda.tick,
    counts: () => {
      const all = [...lists.values()];
      return {
        ...counts,
        active: [...executions.values()].filter(going).length,
        items: all.length === 0 ? behaviour.items : all.reduce((sum, one) => sum + shown(one), 0),
        startsOf: { ...startsOf },
      };
    },
    close: agenda.close,
  };
}
