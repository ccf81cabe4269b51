// `npm run -s chaos -- [alert] [run] [storm] [--from N] [--to N] [--lanes N] [--points] [--logs FOLDER] [--seconds N] [--jobs N]`: kills
// Nightdesk at every point of one alert and of one run; `storm`: at random, for two minutes, under 50 concurrent runs.
// Progress on stderr, a summary on stdout; exit code 1 when anything was lost or doubled.
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { startPostgres } from "../../sandbox/postgres.ts";
import { prepareTemplate } from "../helpers/template.ts";
import { type Outcome, playAll, playWithKill } from "./kill.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";
import { storm } from "./storm.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    from: { type: "string", default: "1" },
    to: { type: "string" },
    lanes: { type: "string", default: "5" },
    points: { type: "boolean", default: false },
    logs: { type: "string" },
    seconds: { type: "string", default: "120" },
    jobs: { type: "string", default: "50" },
  },
});
if (values.logs !== undefined) mkdirSync(values.logs, { recursive: true });

const given = process.env["NIGHTDESK_TEST_POSTGRES"];
const own = given === undefined ? await startPostgres() : null;
const server = given ?? own?.url ?? "";
let failed = 0;
try {
  const template = await prepareTemplate(server);
  const chosen = SCENARIOS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const stormy = positionals.length === 0 || positionals.includes("storm");
  if (chosen.length === 0 && !stormy) {
    throw new Error(`there is ${[...SCENARIOS, { name: "storm" }].map(({ name }) => name).join(", ")}`);
  }
  for (const scenario of chosen) failed += await everyPoint(scenario, { server, template, logFolder: values.logs });
  if (stormy) failed += await playStorm(Number(values.seconds) * 1_000);
} finally {
  await own?.close();
}
process.exit(failed === 0 ? 0 : 1);

/** Returns how many points went wrong. */
async function everyPoint(
  scenario: Scenario,
  where: { server: string; template: string; logFolder: string | undefined },
): Promise<number> {
  const census = await playWithKill(scenario, { ...where, at: 0 });
  const last = Math.min(Number(values.to ?? census.points.length), census.points.length);
  console.error(`${scenario.name}: ${census.points.length} points, ${(census.ms / 1_000).toFixed(1)} s without a kill`);
  if (values.points) for (const [index, point] of census.points.entries()) console.error(`${index + 1}\t${point}`);
  const wrong = new Map<number, readonly string[]>();
  if (census.problems.length > 0) wrong.set(0, census.problems);
  let killed = 0;
  const play = async (at: number) => {
    const outcome = await playWithKill(scenario, { ...where, at });
    if (outcome.killed) killed++;
    if (outcome.problems.length > 0) wrong.set(at, outcome.problems);
    console.error(line(at, outcome));
    return outcome.killed;
  };
  const from = Number(values.from);
  const ats = Array.from({ length: Math.max(0, last - from + 1) }, (_, index) => from + index);
  await playAll(ats, Number(values.lanes), async (at) => void (await play(Number(at))));
  // A slower day has more points than the census: on until one is not reached.
  for (let at = last + 1; values.to === undefined && (await play(at)); ) at++;
  const verdict = wrong.size === 0 ? "nothing lost, nothing doubled" : `wrong at ${[...wrong.keys()].join(", ")}`;
  console.log(`${scenario.name}: killed at ${killed} points: ${verdict}`);
  for (const [at, problems] of wrong) for (const problem of problems) console.log(`  ${at}: ${problem}`);
  return wrong.size;
}

/** Returns how much went wrong. */
async function playStorm(forMs: number): Promise<number> {
  const postgres = { url: server, port: Number(new URL(server).port), close: async () => {} };
  const { kills, runs, states, problems } = await storm({
    postgres,
    forMs,
    jobs: Number(values.jobs),
    progress: (text) => console.error(`storm: ${text}`),
  });
  const verdict = problems.length === 0 ? "nothing lost, nothing doubled" : `${problems.length} problems`;
  console.log(`storm: ${kills} kills under ${runs} runs, ${JSON.stringify(states)}: ${verdict}`);
  for (const problem of problems) console.log(`  ${problem}`);
  return problems.length;
}

function line(at: number, { killed, points, problems, ms }: Outcome): string {
  const where = killed ? (points.at(-1) ?? "at the start") : "not reached";
  const verdict = problems.length === 0 ? "ok  " : "FAIL";
  return `${verdict} ${String(at).padStart(3)} ${(ms / 1_000).toFixed(1).padStart(5)} s  ${where}${problems.map((problem) => `\n       ${problem}`).join("")}`;
}
