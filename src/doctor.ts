import { systemClock } from "./base/clock.ts";
import { http } from "./base/http.ts";
import { silentLogger } from "./base/log.ts";
import { SCOPES } from "./command/manifest.ts";
import type { Catalogue } from "./config/catalogue.ts";
import type { Config, Environment } from "./config/env.ts";
import { loadCatalogue } from "./config/load.ts";
import { sentryClient } from "./intake/sentry-api.ts";
import { createConnections } from "./jobs/connections.ts";
import { describeCapabilities } from "./jobs/connectors/describe/capabilities.ts";
import { plugins } from "./plugins.ts";
import { redisBackend } from "./queue/backend.ts";
import { databaseProbe } from "./services/doctor.store.ts";
import { examine, renderFindings } from "./services/doctor.ts";
import { slackProbe } from "./slack/probe.ts";

/** `nightdesk doctor`: looks at everything that Nightdesk stands on, says it, and returns the exit code. */
export async function runDoctor(
  { config, problems }: { config: Config; problems: readonly string[] },
  env: Environment,
): Promise<number> {
  const { slack, databaseUrl, redisUrl } = config;
  const findings = await examine({
    config,
    configProblems: problems,
    loadCatalogue: () => loadCatalogue({ file: config.catalogueFile, env, plugins }),
    describeTargets: describedTargets,
    requiredScopes: SCOPES,
    slack: slack === null ? null : slackProbe({ ...slack, http }),
    sentry: (api) => sentryClient({ http, clock: systemClock }, api),
    database: databaseUrl === null ? null : databaseProbe(databaseUrl),
    redisSettings: redisUrl === null ? null : () => redisSettings(redisUrl),
    clock: systemClock,
  });
  const { text, exitCode } = renderFindings(findings);
  console.log(text);
  return exitCode;
}

function describedTargets(catalogue: Catalogue): ReadonlyMap<string, readonly string[]> {
  const connections = createConnections({ catalogue, http, clock: systemClock });
  return new Map(
    Object.keys(catalogue.targets).flatMap((target) => {
      const connection = connections.of(target);
      return connection === null ? [] : [[target, describeCapabilities(connection.capabilities)] as const];
    }),
  );
}

const REDIS_TIMEOUT_MS = 5_000;

async function redisSettings(url: string): Promise<{ maxmemoryPolicy: string; appendonly: string }> {
  const backend = redisBackend(url, silentLogger);
  try {
    const settings = await Promise.race([backend.check(), rejectAfter(REDIS_TIMEOUT_MS)]);
    if (settings === null) throw new Error("it did not tell its settings");
    return settings;
  } finally {
    await backend.close();
  }
}

function rejectAfter(ms: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms).unref();
  });
}
