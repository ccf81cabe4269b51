// `npm run sandbox [-- --port N]`: everything on this machine, until Ctrl-C. Prints three lines on stdout.
// `npm run sandbox -- --doctor`: starts the same, lets `nightdesk doctor` look at it, and stops.
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Drill, readDrill } from "./drill/parse.ts";
import { runDrill } from "./drill/run.ts";
import { setStage } from "./drill/stage.ts";
import { DrillFileError } from "./drill/yaml.ts";
import { showNightdesk } from "./nightdesk.ts";
import type { DrillPanel } from "./page/drills.ts";
import { startPage } from "./page/server.ts";
import { type Postgres, startPostgres } from "./postgres.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const USUAL_PORT = 3210;
const closing: (() => Promise<unknown>)[] = [];

// Before anything is started: a Ctrl-C in the first second must not leave anything behind either.
let ending: Promise<void> | null = null;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(0));

try {
  const words = readWords(process.argv.slice(2));
  if (words.doctor) end(await doctor());
  else (await start(words.port)).lost.then(fail);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

/** Starts everything and says so. `lost` resolves when a part has ended by itself, to which and why. */
async function start(port: number | null): Promise<{ lost: Promise<string> }> {
  if (port !== null) await mustBeFree(port);
  const postgres = await startPostgres();
  closing.push(() => postgres.close());
  const stage = await setStage(sample(), { postgres, roles: ["all"] });
  closing.push(() => stage.close());
  const page = await openPage(port, { workspaceUrl: stage.workspace.url, drills: panel(postgres) });
  closing.push(() => page.close());
  if (ending === null) {
    console.log(`Open ${page.url} in a browser: a Slack workspace on this machine, with Nightdesk and three targets.`);
    console.log("Type first, in #ops: /sync jobs (and then: /sync run person-sync preprod)");
    console.log("Stop with Ctrl-C: nothing is left behind.");
  }
  return { lost: stage.processes.lost };
}

/** What `nightdesk doctor` finds here, on this terminal. Returns its exit code. */
async function doctor(): Promise<number> {
  const postgres = await startPostgres();
  closing.push(() => postgres.close());
  const stage = await setStage(sample(), { postgres, roles: ["all"] });
  closing.push(() => stage.close());
  return showNightdesk(["doctor"], stage.env);
}

/** The estate of examples/tis, with jobs quick enough to watch. */
function sample(): Drill {
  const job = { kind: "tis-sync", duration: "45s" };
  const roles = { own: ["Machine User"], asha: ["Machine User"], ben: ["Machine User"] };
  return {
    drill: "The sandbox",
    file: join(root, "examples/tis/nightdesk.yml"),
    catalogue: "nightdesk.yml",
    with: { redis: false, replicas: 1 },
    estate: {
      "tis-sync-prod": { ...job, profile: ["prod"], channel: "monitoring-prod", roles },
      "tis-sync-nimdta": { ...job, profile: ["prod", "nimdta"], channel: "monitoring-prod", roles },
      "tis-sync-preprod": { ...job, profile: ["stage"], channel: "monitoring-stage", roles },
    },
    steps: [],
  };
}

/** The page at the port that was asked for, or at the usual one, or at any when that is taken. */
async function openPage(port: number | null, options: { workspaceUrl: string; drills: DrillPanel }) {
  if (port !== null) return startPage({ ...options, port });
  try {
    return await startPage({ ...options, port: USUAL_PORT });
  } catch (error) {
    if (!isTaken(error)) throw error;
    return startPage({ ...options, port: 0 });
  }
}

/** Asked before anything is started: nobody should wait ten seconds for that answer. */
async function mustBeFree(port: number): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  } catch (error) {
    if (!isTaken(error)) throw error;
    throw new Error(`Port ${port} is taken: give another one with --port, or none for any that is free.`);
  }
  await new Promise((resolve) => server.close(resolve));
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

/** The drills of examples/tis; each plays in a sandbox of its own beside this one. */
function panel(postgres: Postgres): DrillPanel {
  return {
    list: async () =>
      drillFiles().flatMap((file) => {
        try {
          const { drill, about } = readDrill(join(root, file));
          return [{ file, title: drill, about: about ?? "" }];
        } catch (error) {
          if (error instanceof DrillFileError) return [];
          throw error;
        }
      }),
    play: async (file, onStep) => {
      const { ok, failed } = await runDrill(join(root, file), {
        postgres: async () => postgres,
        onStep: (report) => onStep(report),
      });
      return { ok, failed };
    },
  };
}

function drillFiles(): string[] {
  const folder = join(root, "examples/tis/drills");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yml"))
    .sort((a, b) => a.split("/").length - b.split("/").length || a.localeCompare(b))
    .map((file) => relative(root, join(folder, file)));
}

function readWords(words: string[]): { port: number | null; doctor: boolean } {
  const { values } = parseArgs({ args: words, options: { port: { type: "string" }, doctor: { type: "boolean" } } });
  const doctor = values.doctor ?? false;
  if (values.port === undefined) return { port: null, doctor };
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error("--port wants a number from 1 to 65535.");
  return { port, doctor };
}

/** One clear line on stderr, and everything that was started goes with it. */
function fail(why: string): void {
  if (ending !== null) return;
  console.error(`The sandbox stops: ${why.split("\n").join(" ")}`);
  end(1);
}

/** Last in, first out: Nightdesk ends before the Postgres that it writes to. */
function end(code: number): void {
  ending ??= closeAll().then(() => process.exit(code));
}

async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close().catch(() => {});
}
