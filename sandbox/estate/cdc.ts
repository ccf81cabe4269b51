import { z } from "zod";
import { openAgenda } from "./agenda.ts";
import { openFollower } from "./cdc-follower.ts";
import { type CdcExecution, type CdcJob, openCdcJobs } from "./cdc-jobs.ts";
import type { EstateKind, Target } from "./contract.ts";
import { duration } from "./duration.ts";
import { present } from "./present.ts";
import { type Answered, type Asked, listen } from "./server.ts";
import { problem } from "./staged-sync-http.ts";
import { Refusal } from "./staged-sync-shapes.ts";
import { token } from "./token.ts";

const name = z.string().min(1);
const following = {
  /** How long the log keeps what was not read. */
  retention: duration,
  /** How old the stored token is now. */
  tokenAge: duration,
  /** How often the follower runs. */
  every: duration,
  /** Changes an hour. */
  rate: z.number().min(0),
  /** Nothing changes in the collection: no change, no new token. */
  idle: z.boolean(),
  /** The follower stores a new token also when nothing has changed. */
  heartbeat: z.boolean(),
  /** It runs and stores nothing, whatever changes. */
  stuck: z.boolean(),
  /** Changes a second that a copy of a gap makes. */
  copyRate: z.number().positive(),
  /** Everybody is refused. */
  denied: z.boolean(),
  /** Calls are cut. */
  vanish: z.boolean(),
};
const all = z.object(following).partial();
const options = z.strictObject({
  environment: name.default("prod"),
  token,
  /** What the two jobs are called. */
  jobs: z.strictObject({ reset: name.default("reset"), resync: name.default("resync") }).optional(),
  ...all.shape,
});
const changes = z.strictObject({
  ...all.shape,
  /** The stored token is older than the log. */
  lose: z.literal("token").optional(),
});

const DEFAULTS = {
  ...{ retention: 3 * 3_600_000, tokenAge: 0, every: 60_000, rate: 60, idle: false, heartbeat: false, stuck: false },
  ...{ copyRate: 100, denied: false, vanish: false },
};

/**
 * A change-stream follower: it stores the token of the last change that it has read, and its log keeps changes only for a
 * while. It says where it stands (`GET /checkpoint`), and speaks the job contract for its two jobs: `reset` to a new place,
 * and `resync`, a copy of what changed in between.
 */
export const cdc: EstateKind = {
  name: "cdc",
  options,
  changes,
  start: async (given, world) => {
    const { token, environment, jobs = { reset: "reset", resync: "resync" }, ...rest } = options.parse(given);
    let settings = { ...DEFAULTS, ...present(rest) };
    const agenda = openAgenda(world);
    const follower = openFollower(settings, world.now);
    const executing = openCdcJobs({ follower, agenda, now: world.now, copyRate: () => settings.copyRate });
    const counts = { calls: 0, polls: 0 };
    let requestedBy: string | null = null;

    const answer = async (asked: Asked): Promise<Answered> => {
      if (settings.vanish) return { status: 0, cut: true };
      await agenda.tick();
      counts.calls++;
      if (asked.headers.authorization !== `Bearer ${token}`) return problem(401, "unauthorized", "who are you?");
      if (settings.denied) return problem(403, "forbidden", "this token may not do that");
      const by = asked.headers["x-nightdesk-requested-by"];
      if (asked.method === "POST" && typeof by === "string") requestedBy = decodeURIComponent(by);
      try {
        return route(asked);
      } catch (error) {
        if (error instanceof Refusal) return problem(error.status, error.code, error.message);
        throw error;
      }
    };

    function route(asked: Asked): Answered {
      const [first = "", second, third, fourth] = asked.path.split("/").slice(1);
      const call = `${asked.method} ${first}`;
      if (call === "GET checkpoint" && second === undefined) return checkpoint();
      if (call === "GET identity" && second === undefined) {
        return { status: 200, json: { environment, service: world.name, version: "1" } };
      }
      if (call === "GET executions" && second === undefined) {
        const found = executing.byKey(asked.query.get("key") ?? "");
        return { status: 200, json: { executions: found === null ? [] : [shape(found)] } };
      }
      if (first === "executions" && second !== undefined && fourth === undefined) {
        const execution = executing.find(second);
        if (execution === null) return problem(404, "unknown_execution", `there is no execution ${second}`);
        if (third === undefined) return { status: 200, json: shape(execution) };
        if (third !== "abort" || asked.method !== "POST") return problem(405, "method_not_allowed", "not with this");
        executing.abort(execution);
        return { status: 202, json: shape(execution) };
      }
      const kind = KINDS.find((one) => jobs[one] === second);
      if (first !== "jobs" || kind === undefined) return problem(404, "not_found", `there is nothing at ${asked.path}`);
      if (asked.method === "GET" && third === undefined) return description(jobs[kind]);
      if (asked.method === "POST" && third === "executions") return start(kind, asked);
      return problem(405, "method_not_allowed", `${asked.path} does not take ${asked.method}`);
    }

    function checkpoint(): Answered {
      counts.polls++;
      const place = follower.place();
      const json = { at: instant(place.at), token: place.token, retentionSeconds: follower.retention() / 1_000 };
      return { status: 200, json };
    }

    function description(job: string): Answered {
      const under = executing.busy();
      const can = { abort: "hard", snapshot: false, restore: false, pause: false, resumeFrom: false, versions: [] };
      const state = under === null ? "idle" : "running";
      return { status: 200, json: { job, state, execution: under?.id ?? null, can, version: "1" } };
    }

    function start(kind: CdcJob, asked: Asked): Answered {
      const key = asked.headers["idempotency-key"];
      if (typeof key !== "string" || key === "") throw new Refusal(400, "idempotency_key", "send an Idempotency-Key");
      const read = startBody.safeParse(asked.body === "" ? {} : JSON.parse(asked.body));
      if (!read.success) throw new Refusal(400, "bad_request", z.prettifyError(read.error));
      const { execution, first } = executing.start(kind, { job: jobs[kind], key, parameters: read.data.parameters });
      return { status: first ? 201 : 200, json: shape(execution) };
    }

    function shape({ cancel: _, log, total, error, ...execution }: CdcExecution): unknown {
      const { startedAt, endedAt, state } = execution;
      const share = Math.min(1, ((world.now() - startedAt) / 1_000 / Math.max(1, total)) * settings.copyRate);
      const done = state === "succeeded" ? total : Math.floor(total * share);
      return {
        ...{ ...execution, kind: "run", stopping: false, version: "1", error, attempt: null },
        startedAt: instant(startedAt),
        endedAt: endedAt === null ? null : instant(endedAt),
        progress: { stage: 1, stages: 1, stageName: execution.job, done, total, unit: "changes" },
        log: { lines: log, cursor: String(log.length), url: null },
      };
    }

    const server = await listen(answer);
    return {
      kind: "cdc",
      url: server.url,
      token,
      nextDueAt: agenda.nextDueAt,
      tick: agenda.tick,
      change: async (change) => {
        await agenda.tick();
        const { lose, ...changed } = changes.parse(change);
        const set = present(changed);
        settings = { ...settings, ...set };
        follower.change({ ...set, ...(lose === undefined ? {} : { lose }) });
      },
      counts: () => ({ ...counts, ...executing.counts(), ...follower.counts(), requestedBy }),
      close: async () => {
        agenda.close();
        await server.close();
      },
    } satisfies Target;
  },
};

const KINDS = ["reset", "resync"] as const;
const instant = (ms: number): string => new Date(ms).toISOString();
const startBody = z.looseObject({
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});
