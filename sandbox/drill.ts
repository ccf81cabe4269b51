// `npm run -s drill -- FILE [FILE…] [--json] [--lanes N] [--open] [--logs FOLDER]`: plays drills and says what came of them.
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { type DrillResult, type RunOptions, runDrill } from "./drill/run.ts";
import { type Postgres, startPostgres } from "./postgres.ts";

const USAGE = `usage: npm run -s drill -- FILE [FILE…] [--json] [--lanes N] [--open] [--logs FOLDER]
  --json   one JSON object per step on stdout, and one per drill
  --lanes  with --json: so many drills at a time
  --open   leave the last drill's sandbox up with its page, to look around
  --logs   keep what Nightdesk's processes log in that folder`;

const code = await main(process.argv.slice(2));
process.exit(code);

async function main(words: string[]): Promise<number> {
  const given = read(words);
  if (given === null || given.files.length === 0) {
    console.error(USAGE);
    return 2;
  }
  if (given.logs !== undefined) mkdirSync(given.logs, { recursive: true });
  const postgres = sharedPostgres();
  // A Ctrl-C ends this process at once; what it started is tidied up by its watch (leftovers.ts).
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));

  let failed = 0;
  const waiting = [...given.files.entries()];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, file] = next;
      const result = await runDrill(file, {
        postgres: postgres.open,
        onStep: given.json ? stepAsJson : stepAsText(file),
        logFolder: given.logs,
        onEnd: given.open && index === given.files.length - 1 ? lookAround(given.json) : undefined,
      });
      if (!result.ok) failed++;
      tell(result, given.json);
    }
  };
  await Promise.all(Array.from({ length: given.lanes }, lane));
  await postgres.close();
  return failed === 0 ? 0 : 1;
}

/** One server for all drills, each with a database of its own: the runner's (`npm test`), else one that is started here. */
function sharedPostgres(): { open(): Promise<Pick<Postgres, "url">>; close(): Promise<void> } {
  const given = process.env["NIGHTDESK_TEST_POSTGRES"];
  if (given !== undefined) return { open: async () => ({ url: given }), close: async () => {} };
  let own: Promise<Postgres> | undefined;
  return {
    open: () => {
      own ??= startPostgres();
      return own;
    },
    close: async () => void (await own?.then((one) => one.close()).catch(() => {})),
  };
}

function read(words: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        json: { type: "boolean" },
        lanes: { type: "string", default: "1" },
        open: { type: "boolean" },
        logs: { type: "string" },
      },
    });
    const { json = false, open = false, logs } = values;
    // Steps as text of several at a time would be nobody's.
    const lanes = json ? Math.max(1, Number.parseInt(values.lanes, 10) || 1) : 1;
    return { files: positionals, json, open, logs, lanes };
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return null;
  }
}

function stepAsJson(...[{ step, kind, ok, ms, message }, drill]: Parameters<RunOptions["onStep"]>): void {
  console.log(JSON.stringify({ drill, step, kind, ok, ms, message }));
}

function stepAsText(file: string): RunOptions["onStep"] {
  let named = false;
  return ({ step, kind, ok, ms, message }, drill) => {
    if (!named) console.log(drill === file ? file : `${drill} (${file})`);
    named = true;
    const number = step === 0 ? "  " : String(step).padStart(2);
    const took = ms >= 1_000 ? `  ${(ms / 1_000).toFixed(1)} s` : "";
    console.log(`${ok ? "ok  " : "FAIL"} ${number} ${kind.padEnd(9)} ${ok ? oneLine(message) : message}${took}`);
  };
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 140 ? `${line.slice(0, 139)}…` : line;
}

function summary({ ok, steps, failed, ms }: DrillResult): string {
  const took = `${(ms / 1_000).toFixed(1)} s`;
  return ok ? `passed: ${steps} steps in ${took}\n` : `failed: ${failed} of ${steps} steps, ${took}\n`;
}

/** The result first: whoever looks around wants to know what of, and ends it with a Ctrl-C. */
function lookAround(json: boolean): RunOptions["onEnd"] {
  return async (stage, result) => {
    tell(result, json);
    const { startPage } = await import("./page/server.ts");
    const page = await startPage({ workspaceUrl: stage.workspace.url });
    console.error(`The drill's workspace is at ${page.url} (Nightdesk at ${stage.url}). Ctrl-C ends it.`);
    await new Promise(() => {});
  };
}

function tell(result: DrillResult, json: boolean): void {
  console.log(json ? JSON.stringify(result) : summary(result));
}
