// `npm run -s drill -- FILE [FILE…] [--json] [--open] [--logs FOLDER]`: plays drills and says what came of them.
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { type DrillResult, type RunOptions, runDrill } from "./drill/run.ts";
import { type Postgres, startPostgres } from "./postgres.ts";

const USAGE = `usage: npm run -s drill -- FILE [FILE…] [--json] [--open] [--logs FOLDER]
  --json   one JSON object per step on stdout, and one per drill
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
  let postgres: Promise<Postgres> | undefined;
  const close = async () => void (await postgres?.then((one) => one.close()).catch(() => {}));
  // A Ctrl-C ends this process at once; what it started is tidied up by its watch (leftovers.ts).
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));

  let failed = 0;
  for (const [index, file] of given.files.entries()) {
    const last = index === given.files.length - 1;
    const result = await runDrill(file, {
      postgres: () => {
        postgres ??= startPostgres();
        return postgres;
      },
      onStep: given.json ? stepAsJson : stepAsText(file),
      logFolder: given.logs,
      onEnd: given.open && last ? lookAround(given.json) : undefined,
    });
    if (!result.ok) failed++;
    tell(result, given.json);
  }
  await close();
  return failed === 0 ? 0 : 1;
}

function read(words: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: words,
      allowPositionals: true,
      options: { json: { type: "boolean" }, open: { type: "boolean" }, logs: { type: "string" } },
    });
    return { files: positionals, json: values.json === true, open: values.open === true, logs: values.logs };
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
