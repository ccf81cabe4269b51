import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { parse } from "yaml";
import type { EstateWorld } from "../estate/contract.ts";
import { startEstate, type Target } from "../estate/index.ts";
import { watchLeftovers } from "../leftovers.ts";
import { type Nightdesk, type NightdeskEnv, type NightdeskRole, sandboxEnv, startNightdesk } from "../nightdesk.ts";
import { freePort, type Postgres } from "../postgres.ts";
import { type Redis, startRedis } from "../redis.ts";
import type { ChannelOptions, Manifest, PersonOptions, Workspace, WorkspaceOptions } from "../workspace/contract.ts";
import { startWorkspace } from "../workspace/start.ts";
import { type Api, openApi } from "./api.ts";
import { environmentFor, type Names, prepareCatalogue, readCatalogue } from "./fill.ts";
import type { Drill } from "./parse.ts";

/** Everything that one drill plays in: empty at the start, gone at the end. */
export interface Stage {
  readonly workspace: Workspace;
  readonly targets: Readonly<Record<string, Target>>;
  readonly api: Api;
  /** Where Nightdesk's web process listens. */
  readonly url: string;
  /** The catalogue as Nightdesk got it, with its variables filled in. */
  readonly catalogue: Readonly<Record<string, unknown>>;
  readonly names: Names;
  readonly redis: Redis | null;
  readonly processes: Processes;
  /** What each process of Nightdesk is given. */
  readonly env: NightdeskEnv;
  /** Drill time, epoch ms. */
  now(): number;
  /** Forward only; all that follows drill time sees it within 20 ms. */
  moveTo(instantMs: number): Promise<void>;
  close(): Promise<void>;
}

/** The processes of Nightdesk by role. */
export interface Processes {
  kill(role: NightdeskRole): Promise<void>;
  start(role: NightdeskRole): Promise<void>;
  /** Resolves when one that should run has ended, to which and why. */
  readonly lost: Promise<string>;
  /** Roles that a step has killed and none has started since. */
  down(): readonly string[];
  /** Why one that should run does not, with the end of its log; null when all is well. */
  trouble(): string | null;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
/** A drill's clock file is read at most every 20 ms; only after that has everybody seen a move. */
const CLOCK_SEEN_MS = 25;

export interface Shared {
  readonly postgres: Pick<Postgres, "url">;
  readonly logFolder?: string | undefined;
  /** Two processes as a drill wants it, or `all` in one. */
  readonly roles?: readonly NightdeskRole[];
  /** A database of that server to copy; an empty one unless told. */
  readonly template?: string;
  /** What the workspace does differently from the usual. */
  readonly slack?: Pick<WorkspaceOptions, "eventRetryDelaysMs">;
  /** What Nightdesk is given beside the usual. */
  readonly env?: NightdeskEnv;
}

/** Sets the stage for a drill: database, workspace, estate, catalogue, one web and its worker processes. */
export async function setStage(drill: Drill, shared: Shared): Promise<Stage> {
  const leftovers = watchLeftovers();
  const closing: (() => Promise<unknown> | unknown)[] = [() => leftovers.close()];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    return await build(drill, { ...shared, leftovers, closing, close });
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(
  drill: Drill,
  parts: Shared & {
    leftovers: ReturnType<typeof watchLeftovers>;
    closing: (() => Promise<unknown> | unknown)[];
    close: () => Promise<void>;
  },
): Promise<Stage> {
  const { leftovers, closing } = parts;
  const folder = await mkdtemp(join(tmpdir(), "nightdesk-drill-"));
  leftovers.folder(folder);
  const clock = await openClock(join(folder, "clock.json"), drill.clock);
  const found = readCatalogue(drill.catalogue, (path) => resolve(dirname(drill.file), path));

  const slack = { botToken: `xoxb-${secret()}`, signingSecret: secret() };
  const workspace = await startWorkspace({
    ...slack,
    manifest: readManifest(),
    people: drill.people === undefined ? peopleOf(found) : withNames(drill.people, found),
    channels: drill.channels ?? channelsOf(found),
    clock: clock.now,
    ...parts.slack,
  });
  closing.push(() => workspace.close());

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const targets = await startTargets(drill, { workspace, now: clock.now, moving: clock.moving, url });
  closing.push(() => Promise.all(Object.values(targets).map((target) => target.close())));

  const names: Names = {
    env: { ...environmentFor(found, targets), NIGHTDESK_API_TOKEN: secret() },
    estate: targets,
    people: workspace.people,
    channels: workspace.channels,
  };
  const catalogue = prepareCatalogue(found, names);
  const catalogueFile = join(folder, "nightdesk.yml");
  await writeFile(catalogueFile, JSON.stringify(catalogue, null, 2));
  await mkdir(join(folder, "postmortems"));

  const redis = drill.with.redis ? await startRedis(leftovers) : null;
  if (redis !== null) closing.push(() => redis.stop());
  const apiToken = names.env["NIGHTDESK_API_TOKEN"] ?? "";
  const env = sandboxEnv({
    databaseUrl: await newDatabase(parts, closing),
    slack: { ...slack, apiUrl: workspace.apiUrl },
    catalogueFile,
    apiToken,
    exportFolder: join(folder, "postmortems"),
    port,
    clockFile: clock.file,
    redisUrl: redis?.url,
    more: { ...names.env, ...parts.env },
  });
  const processes = manage({ env, leftovers, logFolder: parts.logFolder, replicas: drill.with.replicas });
  closing.push(processes.stop);
  await Promise.all((parts.roles ?? ["web", "worker"]).map((role) => processes.start(role)));
  workspace.connectApp(url);
  return {
    workspace,
    targets,
    api: openApi(url, apiToken),
    url,
    catalogue,
    names,
    redis,
    processes,
    env,
    now: clock.now,
    moveTo: clock.moveTo,
    close: parts.close,
  };
}

async function openClock(file: string, start: number | undefined) {
  let offsetMs = start === undefined ? 0 : start - Date.now();
  const save = async () => {
    // Renamed into place: a process that reads it at this moment must not find half of it.
    await writeFile(`${file}.new`, JSON.stringify({ offsetMs }));
    await rename(`${file}.new`, file);
  };
  await save();
  const now = () => Date.now() + offsetMs;
  let moving = false;
  return {
    file,
    now,
    moving: () => moving,
    moveTo: async (instantMs: number) => {
      if (instantMs <= now()) return;
      moving = true;
      offsetMs = instantMs - Date.now();
      await save();
      await new Promise((done) => setTimeout(done, CLOCK_SEEN_MS));
      moving = false;
    },
  };
}

async function startTargets(
  drill: Drill,
  around: Required<Pick<EstateWorld, "now" | "moving">> & { workspace: Workspace; url: string },
) {
  const { workspace, now, moving, url } = around;
  const people = Object.values(workspace.people).map(({ key, realName, email }) => ({ key, name: realName, email }));
  const targets: Record<string, Target> = {};
  for (const [name, { kind, ...options }] of Object.entries(drill.estate)) {
    targets[name] = await startEstate(kind, options, {
      name,
      now,
      moving,
      people,
      nightdesk: () => url,
      post: async (message) => {
        const posted = await workspace.postAs(message);
        if (!posted.ok) throw new Error(`#${message.channel}: ${posted.error}`);
      },
    });
  }
  return targets;
}

/** Every role serves health and metrics; only one of them can have the port that Slack and the senders know. */
const portOf = (role: NightdeskRole, env: NightdeskEnv): NightdeskEnv =>
  role === "worker" ? { ...env, PORT: "0" } : env;

function manage(options: {
  env: NightdeskEnv;
  leftovers: ReturnType<typeof watchLeftovers>;
  logFolder: string | undefined;
  replicas: number;
}): Processes & { stop(): Promise<void> } {
  const wanted = new Map<string, Nightdesk[]>();
  const killed = new Set<string>();
  const { promise: lost, resolve: lose } = Promise.withResolvers<string>();
  const watch = (one: Nightdesk) =>
    void one.ended.then((why) => {
      if (wanted.get(one.role)?.includes(one)) lose(`Nightdesk's ${one.role} ${why}: ${one.tail(3)}`);
    });
  return {
    lost,
    start: async (role) => {
      const count = role === "worker" ? options.replicas : 1;
      const running = wanted.get(role)?.filter((one) => one.running()) ?? [];
      const started = Array.from({ length: count - running.length }, () =>
        startNightdesk(role, { ...options, env: portOf(role, options.env) }),
      );
      wanted.set(role, [...running, ...(await Promise.all(started))]);
      for (const one of wanted.get(role) ?? []) watch(one);
      killed.delete(role);
    },
    kill: async (role) => {
      killed.add(role);
      const ending = wanted.get(role) ?? [];
      wanted.set(role, []);
      await Promise.all(ending.map((one) => one.kill()));
    },
    down: () => [...killed],
    trouble: () => {
      const dead = [...wanted.values()].flat().find((one) => !one.running());
      return dead === undefined ? null : `Nightdesk's ${dead.role} has ended by itself: ${dead.tail(6)}`;
    },
    stop: async () => {
      const ending = [...wanted.values()].flat();
      wanted.clear();
      await Promise.all(ending.map((one) => one.stop()));
    },
  };
}

async function newDatabase(shared: Shared, closing: (() => Promise<unknown> | unknown)[]): Promise<string> {
  const server = shared.postgres.url;
  const name = `drill_${randomBytes(6).toString("hex")}`;
  const administer = async (sql: string) => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await administer(`create database "${name}" template "${shared.template ?? "template1"}"`);
  closing.push(() => administer(`drop database if exists "${name}" with (force)`).catch(() => {}));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.toString();
}

/** The people of a drill with the names and addresses that the catalogue has for them. */
function withNames(people: Record<string, object>, catalogue: Record<string, unknown>): Record<string, PersonOptions> {
  const known = peopleOf(catalogue);
  return Object.fromEntries(Object.entries(people).map(([key, given]) => [key, { ...known[key], ...given }]));
}

function peopleOf(catalogue: Record<string, unknown>): Record<string, PersonOptions> {
  const people = catalogue["people"];
  if (typeof people !== "object" || people === null) return {};
  const entries = Object.entries(people).map(([key, person]: [string, unknown]) => {
    const given: PersonOptions = {};
    if (typeof person === "object" && person !== null) {
      if ("name" in person && typeof person.name === "string") given.realName = person.name;
      if ("email" in person && typeof person.email === "string") given.email = person.email;
    }
    return [key, given] as const;
  });
  return Object.fromEntries(entries);
}

/** The channels that a catalogue speaks of. */
function channelsOf(catalogue: Record<string, unknown>): ChannelOptions[] {
  const named = [...JSON.stringify(catalogue).matchAll(/"(?:channel|fallback|fromChannel)":"#?([\w-]+)"/g)];
  return [...new Set(named.map((match) => match[1] ?? ""))].map((name) => ({ name }));
}

function readManifest(): Manifest {
  return parse(readFileSync(join(root, "manifest.yml"), "utf8")) as Manifest;
}

function secret(): string {
  return randomBytes(16).toString("hex");
}
