import { randomInt, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { type Stage, setStage } from "../../sandbox/drill/stage.ts";
import type { Postgres } from "../../sandbox/postgres.ts";
import { type Fields, fieldsOf, listOf } from "../journeys/fields.ts";

export interface StormOptions {
  readonly postgres: Postgres;
  /** How long processes are killed while runs are asked for. */
  readonly forMs: number;
  /** How many jobs are kept running at a time. */
  readonly jobs: number;
  readonly progress?: (text: string) => void;
}

export interface StormOutcome {
  readonly kills: number;
  readonly runs: number;
  readonly states: Readonly<Record<string, number>>;
  /** What is not as it must be, in words; empty when all is well. */
  readonly problems: readonly string[];
}

/** Jobs at targets that speak the job contract, and as many processes of this machine. */
const TARGETS = 5;
/** Long enough that many a kill finds it running, short enough that each job runs many times. */
const RUN_SECONDS = 8;
const PERSONS = "asha";
/** On a loaded machine a start takes long: a short storm goes on until so many have died. */
const LEAST_KILLS = 2;
const END_WITHIN_MS = 240_000;
const ASKED = ["unknown", "abort_unconfirmed", "restore_failed"];
const NOTHING_STARTED = ["refused", "withdrawn"];
const script = fileURLToPath(new URL("storm-job.sh", import.meta.url));

/**
 * Kills web and worker at random, again and again, under many concurrent runs of which some are aborted. Then asks the
 * targets, the leases and the record.
 */
export async function storm(options: StormOptions): Promise<StormOutcome> {
  const folder = mkdtempSync(join(tmpdir(), "nightdesk-storm-"));
  const stage = await setUp(options, folder);
  const say = options.progress ?? (() => {});
  try {
    const until = Date.now() + options.forMs;
    const asked = await Promise.all([
      kill(stage, until, say),
      ...jobNames(options.jobs).map((job) => keepRunning(stage, job, until)),
    ]);
    const kills = asked[0] ?? 0;
    say(`${kills} kills; waiting for the ends`);
    const runs = await untilEnded(stage, say);
    const problems = [
      ...judgeRuns(runs),
      ...judgeTargets(stage, runs, join(folder, "starts")),
      ...(await judgeLeases(stage, runs)),
    ];
    return { kills, runs: runs.length, states: countBy(runs), problems };
  } finally {
    await stage.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const jobNames = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => (n % 2 === 0 ? `staged-${n}` : `shell-${n}`));

async function setUp({ postgres, jobs }: StormOptions, folder: string): Promise<Stage> {
  const staged = Array.from({ length: TARGETS }, (_, n) => `target-${n}`);
  const entry = (target: string, more: object = {}) => ({
    maxAttempts: 3,
    abortDeadline: "20s",
    environments: { prod: { target } },
    ...more,
  });
  const stage = await setStage(
    {
      drill: "a storm",
      file: import.meta.filename,
      catalogue: {
        version: 1,
        environments: { prod: { look: "red" } },
        people: { [PERSONS]: { name: "Asha Rao" } },
        roles: { all: { members: [PERSONS], allow: [{ actions: ["*"] }] } },
        targets: {
          ...Object.fromEntries(
            staged.map((name) => [
              name,
              { connector: "contract", url: `\${estate.${name}.url}`, token: `\${estate.${name}.token}` },
            ]),
          ),
          here: {
            connector: "shell",
            host: hostname(),
            command: ["/bin/sh", script, join(folder, "starts"), `\${parameter.n}`, String(RUN_SECONDS)],
            stateDir: join(folder, "shell"),
          },
        },
        jobs: Object.fromEntries(
          jobNames(jobs).map((job, n) => [
            job,
            job.startsWith("shell")
              ? entry("here", { parameters: { n: { type: "string", required: true } } })
              : entry(staged[n % TARGETS] ?? ""),
          ]),
        ),
        routes: [{ channel: "ops" }],
        fallback: "ops",
      },
      with: { redis: false, replicas: 1 },
      people: { [PERSONS]: {} },
      channels: [{ name: "ops" }],
      estate: Object.fromEntries(
        staged.map((name) => [
          name,
          { kind: "staged-sync", environment: "prod", stages: 2, items: 100, rate: 100 / RUN_SECONDS },
        ]),
      ),
      steps: [],
    },
    { postgres, env: { NIGHTDESK_SHELL: "1" } },
  );
  return stage;
}

/** Kills one or the other every few seconds, and starts it again after a moment. Returns how often. */
async function kill(stage: Stage, until: number, say: (text: string) => void): Promise<number> {
  let kills = 0;
  while (Date.now() < until || kills < LEAST_KILLS) {
    await pause(randomInt(1_500, 6_000));
    const role = randomInt(3) === 0 ? "web" : "worker";
    await stage.processes.kill(role);
    kills += 1;
    await pause(randomInt(0, 1_500));
    await stage.processes.start(role);
    say(`kill ${kills}: ${role}`);
  }
  return kills;
}

/** Asks for the job again whenever it has ended, twice with one key as a nervous sender does, and aborts one in five. */
async function keepRunning(stage: Stage, job: string, until: number): Promise<number> {
  let asked = 0;
  while (Date.now() < until) {
    const key = randomUUID();
    const text = `sync run ${job} prod${job.startsWith("shell") ? ` n=${key}` : ""}`;
    await Promise.all([command(stage, text, key), command(stage, text, key)]);
    asked += 1;
    await pause(randomInt(500, RUN_SECONDS * 1_000));
    if (randomInt(5) === 0) await command(stage, `sync abort ${job} prod`, randomUUID());
    await pause(randomInt(500, RUN_SECONDS * 1_000));
  }
  return asked;
}

/** The web process may be dead: what is not answered may have been kept or not, as in life. */
async function command(stage: Stage, text: string, key: string): Promise<void> {
  await fetch(`${stage.url}/api/command`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${stage.env["NIGHTDESK_API_TOKEN"]}`,
      "content-type": "application/json",
      "idempotency-key": key,
    },
    body: JSON.stringify({ text, as: PERSONS }),
    signal: AbortSignal.timeout(15_000),
  })
    .then((response) => response.arrayBuffer())
    .catch(() => undefined);
}

async function untilEnded(stage: Stage, say: (text: string) => void): Promise<Fields[]> {
  const deadline = Date.now() + END_WITHIN_MS;
  for (;;) {
    const runs = listOf(fieldsOf((await stage.api.get("/api/runs?limit=5000")).json)["runs"]);
    const open = runs.filter((run) => run["finishedAt"] === null && !ASKED.includes(String(run["state"])));
    if (open.length === 0 || Date.now() > deadline) return runs;
    say(`${open.length} of ${runs.length} runs have not ended: ${JSON.stringify(countBy(open))}`);
    await pause(2_000);
  }
}

/** Every run ends in a proved state, or a person is asked about it. */
function judgeRuns(runs: readonly Fields[]): string[] {
  return runs.flatMap((run) => {
    const state = String(run["state"]);
    if (ASKED.includes(state) || NOTHING_STARTED.includes(state) || run["proved"] === true) return [];
    return [
      `run ${String(run["number"])} of ${String(run["job"])} is ${state} without a proof: ${String(run["because"])}`,
    ];
  });
}

/** What the targets themselves counted: no intent was begun twice, and what succeeded was begun. */
function judgeTargets(stage: Stage, runs: readonly Fields[], startsFile: string): string[] {
  const begun = (run: Fields) => run["startedAt"] !== null || ASKED.includes(String(run["state"]));
  const staged = runs.filter((run) => String(run["job"]).startsWith("staged"));
  const counted = Object.values(stage.targets).reduce((sum, target) => sum + Number(target.counts()["starts"]), 0);
  const keys = linesOf(startsFile);
  const twice = keys.length - new Set(keys).size;
  const most = staged.filter(begun).length;
  const least = staged.filter((run) => run["state"] === "succeeded").length;
  const shellMost = runs.filter((run) => String(run["job"]).startsWith("shell") && begun(run)).length;
  return [
    ...(counted > most ? [`the targets counted ${counted} starts of ${most} runs`] : []),
    ...(counted < least ? [`the targets counted ${counted} starts, and ${least} runs have succeeded`] : []),
    ...(twice > 0 ? [`${twice} processes were started a second time`] : []),
    ...(keys.length > shellMost ? [`${keys.length} processes were started for ${shellMost} runs`] : []),
    ...(keys.length === 0 ? ["no process was ever started"] : []),
  ];
}

/** A lease is held only by a run that has not ended. */
async function judgeLeases(stage: Stage, runs: readonly Fields[]): Promise<string[]> {
  const client = new pg.Client({ connectionString: stage.env["DATABASE_URL"] });
  await client.connect();
  const held = await client
    .query<{ number: number }>("select runs.number from leases join runs on runs.id = leases.run_id")
    .finally(() => client.end());
  const open = new Set(runs.filter((run) => run["finishedAt"] === null).map((run) => Number(run["number"])));
  return held.rows
    .filter(({ number }) => !open.has(number))
    .map(({ number }) => `run ${number} has ended and holds a lease`);
}

function countBy(runs: readonly Fields[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const run of runs) counts[String(run["state"])] = (counts[String(run["state"])] ?? 0) + 1;
  return counts;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  } catch {
    return [];
  }
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
