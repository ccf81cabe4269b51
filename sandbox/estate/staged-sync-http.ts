import { z } from "zod";
import type { Answered, Asked } from "./server.ts";
import type { StagedSync } from "./staged-sync-engine.ts";
import type { ItemResult, Items } from "./staged-sync-items.ts";
import { type Execution, Refusal, type Snapshot } from "./staged-sync-shapes.ts";

/** What the answers need beside the engine. */
export interface Desk {
  readonly engine: StagedSync;
  readonly items: Items;
  readonly about: () => {
    readonly identity: string;
    readonly service: string;
    /** The jobs that there are; null: whatever is asked for. */
    readonly jobs: readonly string[] | null;
    readonly readers: string;
    readonly pausable: boolean;
    readonly resumable: boolean;
    readonly batch: number;
    readonly compare: boolean;
    readonly silent: boolean;
  };
  /** Who did something last. */
  readonly requestedBy: (person: string) => void;
  /** What was answered to an idempotency key, where that is not an execution. */
  readonly answers: Map<string, Answered>;
}

const person = z.strictObject({ key: z.string().min(1), name: z.string(), email: z.string().nullable() });
const reason = z.string().nullable().optional();
const BODIES = {
  start: z.strictObject({
    parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
    version: z.string().nullable().default(null),
    resumeFrom: z.string().nullable().default(null),
    requestedBy: person,
    reason,
  }),
  abort: z.strictObject({ mode: z.enum(["soft", "hard"]), requestedBy: person, reason }),
  move: z.strictObject({ requestedBy: person.optional(), reason }),
  snapshot: z.strictObject({ requestedBy: person.optional(), reason }),
  restore: z.strictObject({ snapshot: z.string(), requestedBy: person, reason }),
  items: z.strictObject({
    op: z.enum(["resync", "delete"]),
    ids: z.array(z.string().min(1)).min(1),
    requestedBy: person,
    reason,
  }),
};

const MOST_LINES = 200;
const MOST_IDS = 1_000;

/** The job contract, version 1. What it refuses it says as `{ error: { code, message } }`. */
export function answerContract(asked: Asked, desk: Desk): Answered {
  const by = asked.headers["x-nightdesk-requested-by"];
  if (asked.method === "POST" && typeof by === "string") desk.requestedBy(decodeURIComponent(by));
  try {
    return route(asked, desk);
  } catch (error) {
    if (error instanceof Refusal) return problem(error.status, error.code, error.message);
    throw error;
  }
}

export function problem(status: number, code: string, message: string): Answered {
  return { status, json: { error: { code, message } } };
}

function route(asked: Asked, desk: Desk): Answered {
  const [first = "", second, third, fourth, ...rest] = asked.path.split("/").slice(1);
  const call = `${asked.method} ${first}`;
  if (rest.length > 0) return notFound(asked);
  if (call === "GET identity" && second === undefined) return identity(desk);
  if (call === "GET executions" && second === undefined) return byKey(asked, desk);
  if (first === "executions" && second !== undefined && fourth === undefined) {
    const execution = desk.engine.find(second);
    if (execution === null) return problem(404, "unknown_execution", `there is no execution ${second}`);
    if (third === undefined) return asked.method === "GET" ? one(200, execution, { asked, desk }) : notAllowed(asked);
    return asked.method === "POST" ? act(third, execution, { asked, desk }) : notAllowed(asked);
  }
  if (first !== "jobs" || second === undefined) return notFound(asked);
  const { jobs } = desk.about();
  if (jobs !== null && !jobs.includes(second)) return problem(404, "unknown_job", `there is no job ${second}`);
  return ofJob(second, [asked.method, third, fourth].filter((word) => word !== undefined).join(" "), { asked, desk });
}

interface Around {
  readonly asked: Asked;
  readonly desk: Desk;
}

function ofJob(job: string, call: string, { asked, desk }: Around): Answered {
  switch (call) {
    case "GET":
      return description(job, desk);
    case "POST executions":
      return start(job, { asked, desk });
    case "POST snapshots":
      return once(asked, desk, () => {
        readBody(asked, BODIES.snapshot);
        return snapshot(201, desk.engine.snapshot(job));
      });
    case "GET snapshots latest": {
      const latest = desk.engine.list(job).snapshots.at(-1);
      return latest === undefined ? problem(404, "no_snapshot", "there is no snapshot yet") : snapshot(200, latest);
    }
    case "POST restores":
      return restore(job, { asked, desk });
    case "POST items":
      return once(asked, desk, () => items({ asked, desk }));
    case "GET ids":
      return ids({ asked, desk });
    default:
      return notFound(asked);
  }
}

function identity({ about, engine }: Desk): Answered {
  const { identity: environment, service } = about();
  return { status: 200, json: { environment, service, version: engine.behaviour().versions.at(-1) ?? "1" } };
}

function description(job: string, { engine, about }: Desk): Answered {
  const { abortable, snapshot, restore, versions, items } = engine.behaviour();
  const { readers, pausable, resumable, batch, compare } = about();
  const under = engine.busy(job);
  const can = {
    abort: abortable === "no" ? "none" : "hard",
    snapshot: snapshot !== "no",
    restore: restore !== "no",
    pause: pausable,
    resumeFrom: resumable,
    versions,
    items: batch,
    compare,
  };
  const state = under === null ? "idle" : under.state;
  const execution = under?.id ?? null;
  return { status: 200, json: { job, state, execution, can, version: versions.at(-1) ?? "1", size: items, readers } };
}

function start(job: string, { asked, desk }: Around): Answered {
  const key = neededKey(asked);
  const body = readBody(asked, BODIES.start);
  if (body.resumeFrom !== null && !desk.about().resumable) {
    return problem(422, "cannot_resume", "this job always starts from its beginning");
  }
  desk.requestedBy(body.requestedBy.key);
  const { version, resumeFrom } = body;
  const { execution, first } = desk.engine.start(job, { key, version, resumeFrom, by: body.requestedBy.key });
  return one(first ? 201 : 200, execution, { asked, desk });
}

function restore(job: string, { asked, desk }: Around): Answered {
  const key = neededKey(asked);
  const body = readBody(asked, BODIES.restore);
  desk.requestedBy(body.requestedBy.key);
  const { execution, first } = desk.engine.restore(job, body.snapshot, { key, by: body.requestedBy.key });
  return one(first ? 201 : 200, execution, { asked, desk });
}

function act(verb: string, execution: Execution, { asked, desk }: Around): Answered {
  if (verb === "abort") {
    const { mode, requestedBy } = readBody(asked, BODIES.abort);
    desk.requestedBy(requestedBy.key);
    desk.engine.abort(execution, mode);
    return one(202, execution, { asked, desk });
  }
  if (verb !== "pause" && verb !== "resume") return notFound(asked);
  if (!desk.about().pausable) return problem(405, "cannot_be_paused", "this job cannot be paused");
  readBody(asked, BODIES.move);
  desk.engine[verb](execution);
  return one(202, execution, { asked, desk });
}

function items({ asked, desk }: Around): Answered {
  const { op, ids: wanted, requestedBy } = readBody(asked, BODIES.items);
  const { batch } = desk.about();
  if (wanted.length > batch) return problem(422, "too_many", `at most ${batch} ids a call, these are ${wanted.length}`);
  desk.requestedBy(requestedBy.key);
  const results: ItemResult[] = desk.items.apply(op, wanted);
  return { status: 200, json: { results } };
}

function ids({ asked, desk }: Around): Answered {
  if (!desk.about().compare) return problem(405, "cannot_compare", "this job does not tell its ids");
  const side = asked.query.get("side");
  const limit = Number(asked.query.get("limit") ?? MOST_IDS);
  if (side !== "source" && side !== "target") return problem(400, "side", "side is source or target");
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_IDS) return problem(400, "limit", `1 to ${MOST_IDS}`);
  return { status: 200, json: desk.items.page(side, asked.query.get("after"), limit) };
}

function byKey(asked: Asked, desk: Desk): Answered {
  const key = asked.query.get("key");
  if (key === null) return problem(400, "key", "say whose: ?key=");
  const found = desk.engine.byKey(key);
  return { status: 200, json: { executions: found === null ? [] : [shape(found, { asked, desk })] } };
}

function one(status: number, execution: Execution, around: Around): Answered {
  return { status, json: shape(execution, around) };
}

const instant = (ms: number) => new Date(ms).toISOString();

function shape(execution: Execution, { asked, desk }: Around): unknown {
  const { silent } = desk.about();
  const { passage, stages, total, log, lying } = execution;
  const stage = silent ? 1 : (passage?.stage() ?? 1);
  const after = Number(asked.query.get("after") ?? 0);
  if (!Number.isInteger(after) || after < 0) throw new Refusal(400, "after", "not a cursor of this execution");
  const lines = silent ? [] : log.slice(after, after + MOST_LINES);
  const attempt = passage?.attempt() ?? null;
  const error = lying ? null : execution.error;
  return {
    id: execution.id,
    job: execution.job,
    kind: execution.kind,
    key: execution.key ?? "",
    state: lying ? "aborted" : execution.state,
    stopping: execution.stopping,
    version: execution.version,
    startedAt: instant(execution.startedAt),
    endedAt: execution.endedAt === null ? null : instant(execution.endedAt),
    progress: {
      stage,
      stages: stages.length,
      stageName: stages[stage - 1] ?? "",
      done: silent ? 0 : (passage?.done() ?? 0),
      total,
      unit: "items",
    },
    attempt: attempt === null ? null : { ...attempt, nextAt: attempt.nextAt === null ? null : instant(attempt.nextAt) },
    error,
    evidence: execution.evidence,
    log: { lines, cursor: String(after + lines.length), url: null },
  };
}

function snapshot(status: number, { ref, takenAt, items: count }: Snapshot): Answered {
  return { status, json: { ref, takenAt: instant(takenAt), items: count, state: "ready" } };
}

/** The same key again is answered as the first time, and nothing is done; a failure is not kept. */
function once(asked: Asked, { answers }: Desk, answer: () => Answered): Answered {
  const key = `${asked.path} ${neededKey(asked)}`;
  const known = answers.get(key) ?? answer();
  if (known.status < 400) answers.set(key, known);
  return known;
}

function neededKey(asked: Asked): string {
  const key = asked.headers["idempotency-key"];
  if (typeof key === "string" && key !== "") return key;
  throw new Refusal(400, "idempotency_key", "send an Idempotency-Key");
}

function readBody<T>(asked: Asked, schema: z.ZodType<T>): T {
  let given: unknown;
  try {
    given = asked.body === "" ? {} : JSON.parse(asked.body);
  } catch {
    throw new Refusal(400, "not_json", "the body is not JSON");
  }
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  throw new Refusal(400, "bad_request", z.prettifyError(read.error));
}

function notFound({ path }: Asked): Answered {
  return problem(404, "not_found", `there is nothing at ${path}`);
}

function notAllowed({ method, path }: Asked): Answered {
  return problem(405, "method_not_allowed", `${path} does not take ${method}`);
}
