// `npm test`: everything that has to hold, in legs, with one Postgres for the whole run. `--static` stops before the
// tests; names of test files or drills run just those. The last line is always `N passed, N failed`.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Postgres, startPostgres } from "../sandbox/postgres.ts";
import { whatIsMissing } from "./helpers/missing.ts";
import { filesBelow, root } from "./helpers/source-code.ts";
import { sayDrillLine, type Tally, tallyOfDrills, tallyOfVitest, total, wholeLeg } from "./helpers/tally.ts";

interface Leg {
  readonly name: string;
  readonly needsPostgres: boolean;
  run(env: NodeJS.ProcessEnv): Promise<Tally>;
}

const LONGEST_LEG_MS = 12 * 60_000;
/** A drill waits more than it works. */
const DRILL_LANES = 7;
const ci = process.env["CI"] === "true";
let interrupted = false;
const scratch = mkdtempSync(join(tmpdir(), "nightdesk-test-"));

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const tallies: Tally[] = [];
  let postgres: Postgres | null = null;
  const env = { ...process.env };
  try {
    for (const leg of chooseLegs(words)) {
      if (interrupted) throw new Error("interrupted");
      if (leg.needsPostgres && postgres === null) {
        postgres = await startPostgres();
        env["NIGHTDESK_TEST_POSTGRES"] = postgres.url;
      }
      tallies.push(await play(leg, env));
    }
  } catch (error) {
    console.log(`stopped: ${error instanceof Error ? error.message : String(error)}`);
    tallies.push(wholeLeg(false));
  } finally {
    await postgres?.close();
    rmSync(scratch, { recursive: true, force: true });
  }
  const skipped = tallies.flatMap((tally) => tally.skipped);
  if (ci) for (const name of skipped) console.log(`skipped, which counts as failed under CI: ${name}`);
  const missing = words.length === 0 ? whatIsMissing() : [];
  for (const line of missing) console.log(`skipped: ${line}`);
  const { passed, failed } = total(
    [...tallies, { passed: 0, failed: 0, skipped: skipped.length > 0 ? [] : missing }],
    ci,
  );
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function play(leg: Leg, env: NodeJS.ProcessEnv): Promise<Tally> {
  console.log(`\n── ${leg.name}`);
  const startedMs = Date.now();
  const tally = await leg.run(env);
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  const skipped = tally.skipped.length === 0 ? "" : `, ${tally.skipped.length} skipped`;
  console.log(`${leg.name}: ${tally.passed} passed, ${tally.failed} failed${skipped} (${seconds} s)`);
  return tally;
}

function chooseLegs(words: readonly string[]): Leg[] {
  const stills = [tool("typecheck", ["tsc", "--noEmit"]), tool("lint", ["biome", "check", "."])];
  if (words.includes("--static")) return stills;
  if (words.length > 0) {
    const drills = words.filter((word) => /\.ya?ml$/.test(word));
    const tests = words.filter((word) => !drills.includes(word));
    return [...(tests.length > 0 ? [vitest("tests", tests)] : []), ...(drills.length > 0 ? [drillLeg(drills)] : [])];
  }
  const journeys = ["journeys", "chaos"].filter((folder) => existsSync(`${root}test/${folder}`));
  const apart = ["journeys", "chaos"].map((folder) => `--exclude=test/${folder}/**`);
  const drills = shortDrills();
  return [
    ...stills,
    vitest("unit and integration", apart),
    ...(journeys.length > 0
      ? [
          vitest(
            "journeys",
            journeys.map((folder) => `test/${folder}`),
          ),
        ]
      : []),
    ...(drills.length > 0 ? [drillLeg(drills)] : []),
  ];
}

function tool(name: string, command: readonly string[]): Leg {
  return { name, needsPostgres: false, run: async (env) => wholeLeg((await call(command, { env })).exitCode === 0) };
}

function vitest(name: string, args: readonly string[]): Leg {
  const report = join(scratch, `${name.replaceAll(" ", "-")}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  return {
    name,
    needsPostgres: true,
    run: async (env) => {
      const { exitCode } = await call(["vitest", "run", ...reporters, ...args], { env });
      return tallyOfVitest(existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined, exitCode);
    },
  };
}

function drillLeg(files: readonly string[]): Leg {
  // The long ones first, so that none is left to go on alone.
  const bySize = [...files].sort((a, b) => sizeOf(b) - sizeOf(a));
  return {
    name: "drills",
    needsPostgres: true,
    run: async (env) => {
      const words = ["sandbox/drill.ts", ...bySize, "--json", `--lanes=${DRILL_LANES}`];
      const { output } = await call([process.execPath, ...words], { env, keep: true });
      return tallyOfDrills(output, files.length);
    },
  };
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

/** Those of the sample estate that this machine can play. */
function shortDrills(): string[] {
  if (!existsSync(`${root}sandbox/drill.ts`)) return [];
  const hasRedis = !whatIsMissing().some((line) => line.includes("redis-server"));
  return filesBelow("examples/tis/drills")
    .filter((path) => path.endsWith(".yml"))
    .filter((path) => hasRedis || !/redis:\s*true/.test(readFileSync(`${root}${path}`, "utf8")));
}

/** Runs one command of the checkout to its end, its output on this terminal; `keep`: stdout is also returned. */
function call(
  command: readonly string[],
  options: { env: NodeJS.ProcessEnv; keep?: boolean },
): Promise<{ exitCode: number; output: string }> {
  const [name = "", ...args] = command;
  const binary = existsSync(`${root}node_modules/.bin/${name}`) ? `${root}node_modules/.bin/${name}` : name;
  return new Promise((resolve) => {
    const child = spawn(binary, args, {
      cwd: root,
      env: options.env,
      stdio: ["ignore", options.keep ? "pipe" : "inherit", "inherit"],
    });
    let output = "";
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on("line", (line) => {
        output += `${line}\n`;
        const said = sayDrillLine(line);
        if (said !== null) console.log(said);
      });
    }
    const tooLong = setTimeout(() => {
      console.log(`${name} has run for ${LONGEST_LEG_MS / 60_000} minutes and is stopped`);
      child.kill("SIGTERM");
    }, LONGEST_LEG_MS);
    const stop = () => {
      interrupted = true;
      child.kill("SIGTERM");
    };
    process.once("SIGTERM", stop);
    // Ctrl-C reaches the child by itself; staying lets it clean up, and us after it.
    process.once("SIGINT", stop);
    child.once("error", (error) => console.log(`${name}: ${error.message}`));
    child.once("close", (code) => {
      clearTimeout(tooLong);
      process.removeListener("SIGTERM", stop);
      process.removeListener("SIGINT", stop);
      resolve({ exitCode: code ?? 1, output });
    });
  });
}
