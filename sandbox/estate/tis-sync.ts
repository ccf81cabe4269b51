import { z } from "zod";
import type { EstateKind, EstateWorld, Target } from "./contract.ts";
import { duration } from "./duration.ts";
import { type Answered, type Asked, listen } from "./server.ts";
import { type Behaviour, openSyncEngine, type SyncEngine } from "./tis-sync-engine.ts";
import { dateOverrideProblem, SYNC_JOBS } from "./tis-sync-jobs.ts";
import { token } from "./token.ts";

const jobName = z.enum(SYNC_JOBS.map((job) => job.name));
const oneOrMore = z
  .union([z.null(), jobName, z.array(jobName)])
  .transform((given) => new Set(given === null ? [] : typeof given === "string" ? [given] : given));
const failure = z.strictObject({ job: z.union([jobName, z.literal("*")]), error: z.string().nullable().default(null) });

const behaviour = {
  profile: z.array(z.string().min(1)).min(1),
  /** Where it posts; null: it cannot reach Slack at all. */
  channel: z.string().nullable(),
  /** The jobs that this target has; the profile `nimdta` has no revalidation jobs in any case. */
  jobs: z.array(jobName).transform((names) => new Set<string>(names)),
  duration: z.union([duration, z.partialRecord(jobName, duration)]),
  fail: z
    .union([z.null(), failure, z.array(failure)])
    .transform((given) => new Map((given === null ? [] : [given].flat()).map((one) => [one.job as string, one.error]))),
  stuck: oneOrMore,
  silent: oneOrMore,
  partial: oneOrMore,
  /** What `own` (the token) and each person hold; a person without an entry holds nothing. */
  roles: z.record(z.string(), z.array(z.string())),
};

const options = z.strictObject({
  environment: z.string().optional(),
  token,
  ...z.object(behaviour).partial().shape,
});
const changes = z.strictObject({
  ...z.object(behaviour).partial().shape,
  /** Starts by its own cron. */
  start: z
    .union([jobName, z.array(jobName)])
    .transform((given) => [given].flat())
    .optional(),
});

const POLICY = {
  name: "sync:run:jobs",
  principal: "tis:profile::user:",
  resource: "tis:sync::jobs:",
  actions: ["Update", "View"],
  effect: "Allow",
};

/**
 * The job API of TIS-SYNC with the two addresses of TIS-PROFILE that say who may run jobs: no run ids, no abort, no
 * result. What became of a job it tells in plain Slack texts only, and "Already running" is a 200.
 */
export const tisSync: EstateKind = {
  name: "tis-sync",
  options,
  changes,
  start: async (given, world) => {
    const { environment: _environment, token, ...rest } = options.parse(given);
    const engine = openSyncEngine(present(rest), world);
    const counts = { calls: 0, refused: 0, alreadyRunning: 0 };
    const server = await listen((asked) => {
      counts.calls++;
      const answered = answer(asked, { engine, world, token });
      if (answered.status >= 400) counts.refused++;
      if (isAlreadyRunning(answered)) counts.alreadyRunning++;
      return answered;
    });
    return {
      kind: "tis-sync",
      url: server.url,
      token,
      nextDueAt: engine.nextDueAt,
      tick: engine.tick,
      change: async (change) => {
        const { start, ...changed } = changes.parse(change);
        await engine.change(present(changed));
        for (const name of start ?? []) engine.start(name, "cron");
        await engine.tick();
      },
      counts: () => ({ ...counts, ...engine.counts() }),
      close: async () => {
        engine.close();
        await server.close();
      },
    } satisfies Target;
  },
};

interface Scene {
  readonly engine: SyncEngine;
  readonly world: EstateWorld;
  readonly token: string;
}

function answer(asked: Asked, scene: Scene): Answered {
  const given = /^Bearer (.+)$/i.exec(asked.headers.authorization ?? "")?.[1] ?? asked.headers["oidc_access_token"];
  if (given !== scene.token) return { status: 401, json: { error: "Unauthorized" } };
  const call = `${asked.method} ${asked.path}`;
  if (call === "GET /sync/api/sys/profile") return { status: 200, text: scene.engine.behaviour().profile.join(",") };
  if (call === "GET /profile/api/userinfo") return { status: 200, json: userInfo(scene) };
  if (call.startsWith("GET /profile/api/hee-users/")) return heeUser(asked.path.slice(23), scene);
  if (asked.path.startsWith("/sync/api/job")) {
    if (!holds(scene, "own", "Machine User")) return { status: 403, json: { error: "Access is denied" } };
    return jobs(asked, call, scene.engine);
  }
  return { status: 404, json: { error: "Not Found", path: asked.path } };
}

function jobs(asked: Asked, call: string, engine: SyncEngine): Answered {
  if (call === "GET /sync/api/jobs/status") return { status: 200, json: engine.status() };
  if (call === "PUT /sync/api/jobs") {
    engine.startAll();
    return { status: 200 };
  }
  const name = /^PUT \/sync\/api\/job\/([^/]+)$/.exec(call)?.[1];
  if (name === undefined) return { status: 405, json: { error: "Method Not Allowed" } };
  if (!(name in engine.status())) return { status: 400, json: { error: "Job not found" } };
  if (name === "personRecordStatusJob" && asked.body.trim() !== "") {
    const problem = dateOverrideProblem(asked.body);
    if (problem !== null) return { status: 400, json: { error: problem } };
  }
  return { status: 200, json: { status: engine.start(name, "api") ? "Just started" : "Already running" } };
}

function userInfo({ engine }: Scene): unknown {
  const roles = engine.behaviour().roles["own"] ?? [];
  const machine = roles.includes("Machine User");
  return {
    userName: "nightdesk",
    roles,
    permissions: machine ? [POLICY.name] : [],
    permissionPolicies: machine ? [POLICY] : [],
  };
}

function heeUser(asked: string, scene: Scene): Answered {
  // To look at others takes a permission of its own; a token without any role has it in no environment.
  if ((scene.engine.behaviour().roles["own"] ?? []).length === 0)
    return { status: 403, json: { error: "Access is denied" } };
  const same = (name: string) => name.toLowerCase() === asked.replace(/^\//, "").toLowerCase();
  const person = scene.world.people.find((one) => same(one.key) || same(one.email));
  const key = person?.key ?? Object.keys(scene.engine.behaviour().roles).find((name) => name !== "own" && same(name));
  if (key === undefined) return { status: 404, json: { error: "Not Found" } };
  const roles = scene.engine.behaviour().roles[key] ?? [];
  return {
    status: 200,
    json: { name: key, emailAddress: person?.email ?? null, active: true, roles: roles.map((name) => ({ name })) },
  };
}

function holds({ engine }: Scene, who: string, role: string): boolean {
  return (engine.behaviour().roles[who] ?? []).includes(role);
}

function isAlreadyRunning({ json }: Answered): boolean {
  return typeof json === "object" && json !== null && "status" in json && json.status === "Already running";
}

function present(given: { [K in keyof Behaviour]?: Behaviour[K] | undefined }): Partial<Behaviour> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
