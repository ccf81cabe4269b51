import { createApp } from "./app.ts";
import { drillClock, systemClock } from "./base/clock.ts";
import { ConfigError, messageOf, UserError } from "./base/errors.ts";
import { createLogger } from "./base/log.ts";
import { checkCatalogue } from "./config/check.ts";
import { inspectConfig, readConfig, type ServingRole } from "./config/env.ts";
import { loadCatalogue } from "./config/load.ts";
import { contractsFromTerminal } from "./contracts.ts";
import { runDoctor } from "./doctor.ts";
import { exportFromTerminal } from "./export.ts";
import { plugins } from "./plugins.ts";
import { stopSignal } from "./stop-signal.ts";
import { migrate } from "./store/migrate.ts";

const USAGE = `usage: nightdesk [all | web | worker]     start (all: everything in one process; the default)
       nightdesk migrate                 prepare the database and stop
       nightdesk check FILE [--no-env]   check a catalogue
       nightdesk doctor                  check tokens, scopes, channels, secrets, clock, database, Redis
       nightdesk contracts scan DIR [--write]   compare a folder of JSON Schemas with the catalogue's contracts
       nightdesk export INC-n [--format=markdown] [--out=FILE]`;

const env = process.env;

async function main(words: readonly string[]): Promise<number> {
  const [verb = "all", ...rest] = words;
  switch (verb) {
    case "all":
    case "web":
    case "worker":
      return serve(verb);
    case "migrate": {
      const applied = await migrate(readConfig(env, "migrate").databaseUrl);
      console.log(applied.length === 0 ? "The database is up to date." : `Applied: ${applied.join(", ")}`);
      return 0;
    }
    case "check":
      return check(rest);
    case "doctor":
      return runDoctor(inspectConfig(env, "doctor"), env);
    case "contracts": {
      const { block, lines, exitCode } = contractsFromTerminal(rest, env);
      process.stdout.write(block);
      for (const line of lines) console.error(line);
      return exitCode;
    }
    case "export":
      return exportFromTerminal(readConfig(env, "export"), { words: rest, env });
    case "help":
    case "--help":
    case "-h":
      console.log(USAGE);
      return 0;
    default:
      console.error(`There is no "nightdesk ${verb}".\n${USAGE}`);
      return 2;
  }
}

function check(words: readonly string[]): number {
  const file = words.find((word) => !word.startsWith("--")) ?? env["NIGHTDESK_CATALOGUE"] ?? "nightdesk.yml";
  const result = checkCatalogue(file, { env, plugins, allowUnset: words.includes("--no-env") });
  for (const line of result.lines) console.log(line);
  return result.exitCode;
}

/** Runs until a signal asks to stop; a later one, or 20 s, ends it the hard way. */
async function serve(role: ServingRole): Promise<number> {
  const config = readConfig(env, role);
  const log = createLogger({ level: config.logLevel, role });
  const faults = await reportFaults(config.sentryDsn);
  const { catalogue, warnings } = loadCatalogue({ file: config.catalogueFile, env, plugins });
  for (const warning of warnings) log.warn({ catalogue: warning }, "the catalogue has something to know");
  const app = createApp({
    config,
    catalogue,
    log,
    clock: config.clockFile === null ? systemClock : drillClock(config.clockFile),
    reportError: faults.report,
  });
  process.on("unhandledRejection", (error) => {
    log.error({ error: messageOf(error) }, "a promise was rejected and nobody looked");
    faults.report(error, {});
  });
  await app.start();
  const signal = await stopSignal();
  log.info({ signal }, "stopping");
  const deadline = setTimeout(() => process.exit(1), 20_000);
  await app.close();
  await faults.close();
  clearTimeout(deadline);
  return 0;
}

interface Faults {
  report(error: unknown, context: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

/** Our own errors go to Sentry. Loaded only where it is wanted: it takes longer to load than everything else together. */
async function reportFaults(dsn: string | null): Promise<Faults> {
  if (dsn === null) return { report: () => {}, close: async () => {} };
  const sentry = await import("@sentry/node");
  sentry.init({ dsn });
  return {
    report: (error, context) => {
      sentry.captureException(error, { extra: context });
    },
    close: async () => {
      await sentry.close(2_000);
    },
  };
}

main(process.argv.slice(2)).then(
  (code) => {
    // Handles that a library leaves open must not keep a finished command alive.
    process.exit(code);
  },
  (error: unknown) => {
    if (error instanceof ConfigError) for (const problem of error.problems) console.error(problem);
    else if (error instanceof UserError) console.error([error.message, error.wayOut].filter(Boolean).join(" "));
    else console.error(`Nightdesk could not start: ${messageOf(error)}`);
    process.exit(1);
  },
);
