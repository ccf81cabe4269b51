import { z } from "zod";
import type { Clock } from "../../src/base/clock.ts";
import {
  type Capabilities,
  type Connection,
  ConnectorError,
  type Handle,
  type Intent,
  type Observation,
} from "../../src/jobs/connectors/contract.ts";
import { connectors, type ListedConnector } from "../../src/jobs/connectors/index.ts";
import { drive, queue, world } from "./world.ts";

/** An execution as the target itself keeps it. */
export interface Execution {
  readonly id: string;
  readonly key: string;
  readonly kind: "run" | "restore";
  phase: Observation["phase"];
  evidence: string;
  retryable?: boolean;
  log: string[];
}

/** What is asked of the target, in order: `start request-1`, `abort soft x1`, … */
export type Verb = "preflight" | "start" | "locate" | "observe" | "abort" | "snapshot" | "restore" | "pause" | "resume";

/** A target in memory, and what a test makes of it. */
export interface ScriptedTarget {
  readonly executions: Execution[];
  readonly calls: string[];
  readonly snapshots: Map<string, string>;
  capabilities: Partial<Capabilities>;
  /** A second start under the same key is the same start; else it is one more execution. */
  native: boolean;
  /** An execution that is told to stop does. */
  obeys: boolean;
  /** A snapshot is this old when it is taken. */
  snapshotAgeMs: number;
  /** What a restore becomes at the first look at it. */
  restoreEnds: "succeeded" | "failed" | "running";
  /** Awaited when a call has come in: a test may hold it there. */
  gate: (verb: Verb) => Promise<void>;
  /** May throw instead of the effect. */
  before: (verb: Verb, what: string) => void;
  /** May throw once the effect was had. */
  after: (verb: Verb, what: string) => void;
  /** Another answer to a look. */
  says: ((execution: Execution) => Observation | null) | null;
  retry: NonNullable<Observation["retry"]> | null;
  /** What the last abort, pause or word to go on was told with. */
  told: Intent | null;
  active(): Execution[];
  runs(): Execution[];
  restores(): Execution[];
}

export function scriptedTarget(): { target: ScriptedTarget; connector: ListedConnector } {
  const executions: Execution[] = [];
  const target: ScriptedTarget = {
    executions,
    calls: [],
    snapshots: new Map(),
    capabilities: {},
    native: true,
    obeys: true,
    snapshotAgeMs: 0,
    restoreEnds: "succeeded",
    gate: async () => {},
    before: () => {},
    after: () => {},
    says: null,
    retry: null,
    told: null,
    active: () => executions.filter(({ phase }) => phase === "running" || phase === "paused"),
    runs: () => executions.filter(({ kind }) => kind === "run"),
    restores: () => executions.filter(({ kind }) => kind === "restore"),
  };
  const call: Calling = async (verb, what, effect) => {
    target.calls.push(`${verb} ${what}`);
    await target.gate(verb);
    target.before(verb, what);
    const result = effect();
    target.after(verb, what);
    return result;
  };
  const begin = (kind: Execution["kind"], key: string): Execution => {
    const known = executions.find((execution) => execution.key === key);
    if (known !== undefined && (target.native || kind === "restore")) return known;
    if (target.active().length > 0) throw new ConnectorError("conflict", "an execution is under way");
    const id = `x${executions.length + 1}`;
    const made: Execution = { id, key, kind, phase: "running", evidence: `${id} runs`, log: [] };
    executions.push(made);
    return made;
  };
  return { target, connector: connectorOf(target, { call, begin }) };
}

type Calling = <T>(verb: Verb, what: string, effect: () => T) => Promise<T>;

const ALL: Capabilities = {
  startKey: "native",
  abort: "hard",
  abortProof: "strong",
  evidence: "status",
  progress: true,
  logs: true,
  versions: false,
  pins: false,
  snapshot: true,
  restore: true,
  pause: true,
  resumeFailed: false,
  items: null,
  compare: false,
  deadLetters: false,
};

function connectorOf(
  target: ScriptedTarget,
  how: {
    call: Calling;
    begin: (kind: Execution["kind"], key: string) => Execution;
  },
): ListedConnector {
  const { call, begin } = how;
  const open = (clock: Clock): Connection => {
    const handleOf = (execution: Execution): Handle => ({ scope: "scripted", externalId: execution.id });
    const byHandle = (handle: Handle) => target.executions.find(({ id }) => id === handle.externalId);
    const shift = (
      verb: "pause" | "resume",
      { handle, intent }: { handle: Handle; intent: Intent },
      [from, to]: [Execution["phase"], Execution["phase"]],
    ) =>
      call(verb, handle.externalId ?? "?", () => {
        target.told = intent;
        const execution = byHandle(handle);
        if (execution?.phase === from) execution.phase = to;
        return "accepted" as const;
      });
    return {
      get capabilities() {
        const startKey = target.native ? ("native" as const) : ("echoed" as const);
        return { ...ALL, startKey, ...target.capabilities };
      },
      plan: () => "does what the test says",
      preflight: async (intent) => call("preflight", intent.intentKey, () => []),
      start: async (intent) => call("start", intent.intentKey, () => handleOf(begin("run", intent.intentKey))),
      locate: async (intent: Intent) =>
        call("locate", intent.intentKey, () => {
          const found = target.executions.find(({ key }) => key === intent.intentKey);
          return found === undefined
            ? ({ kind: "not_found" } as const)
            : ({ kind: "found", handle: handleOf(found) } as const);
        }),
      look: async () => ({ phase: "not_running", evidence: "nothing runs" }),
      observe: async (handle, _intent, cursor) =>
        call("observe", handle.externalId ?? "?", () => {
          const execution = byHandle(handle);
          if (execution === undefined) return { phase: "not_found", evidence: `there is no ${handle.externalId}` };
          const said = target.says?.(execution);
          if (said !== null && said !== undefined) return said;
          if (execution.kind === "restore" && execution.phase === "running" && target.restoreEnds !== "running") {
            execution.phase = target.restoreEnds;
            execution.evidence = `the list has 5,000 of 5,000 items`;
          }
          return observed(execution, cursor, target);
        }),
      abort: async (handle, intent, mode) =>
        call("abort", `${mode} ${handle.externalId}`, () => {
          target.told = intent;
          const execution = byHandle(handle);
          const alive = execution?.phase === "running" || execution?.phase === "paused";
          if (!alive) return "already_done";
          if (target.obeys) {
            execution.phase = "aborted";
            execution.evidence = `${execution.id} was stopped`;
          }
          return "accepted";
        }),
      ...(target.capabilities.snapshot === false
        ? {}
        : {
            snapshot: async (intent: Intent) =>
              call("snapshot", intent.intentKey, () => {
                const ref = target.snapshots.get(intent.intentKey) ?? `snap-${target.snapshots.size + 1}`;
                target.snapshots.set(intent.intentKey, ref);
                const takenAt = clock.now().subtract({ milliseconds: target.snapshotAgeMs });
                return { ref, takenAt, evidence: `${ref} holds 5,000 items` };
              }),
          }),
      restore: async (intent, ref) =>
        call("restore", `${intent.intentKey} ${ref}`, () => handleOf(begin("restore", intent.intentKey))),
      pause: async (handle, intent) => shift("pause", { handle, intent }, ["running", "paused"]),
      resume: async (handle, intent) => shift("resume", { handle, intent }, ["paused", "running"]),
      ownPermission: async () => ({ kind: "yes", evidence: "asks nobody" }),
      personPermission: async () => ({ kind: "yes", evidence: "asks nobody" }),
    };
  };
  return { name: "scripted", settings: z.looseObject({}), open: (_entry, { clock }) => open(clock) };
}

function observed(execution: Execution, cursor: unknown, target: ScriptedTarget): Observation {
  const from = typeof cursor === "number" ? cursor : 0;
  const { phase, evidence } = execution;
  const error =
    phase === "failed"
      ? { error: { kind: "target", message: evidence, ...(execution.retryable ? { retryable: true } : {}) } }
      : {};
  return {
    phase,
    evidence,
    ...error,
    cursor: execution.log.length,
    logLines: execution.log.slice(from),
    ...(target.retry === null ? {} : { retry: target.retry }),
  };
}

/** A world whose `prod` is at such a target; the job is destructive and keeps a snapshot when `snapshot` says so. */
export async function scriptedWorld(
  more: {
    snapshot?: boolean;
    cannotSnapshot?: boolean;
    job?: Record<string, unknown>;
    store?: { connections: number };
  } = {},
) {
  const { target, connector } = scriptedTarget();
  if (more.cannotSnapshot === true) target.capabilities = { snapshot: false };
  const here = await world({
    connectors: [...connectors, connector],
    targets: { "sync-prod": { connector: "scripted" } },
    job: {
      abortDeadline: "1m",
      maxAttempts: 2,
      ...(more.snapshot === true ? { destructive: true, snapshot: { maxAge: "1h" } } : {}),
      ...more.job,
    },
    ...more.store,
  });
  const running = async () => drive(here, await queue(here), { state: "running" });
  return { here, target, running };
}
