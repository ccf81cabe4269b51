import { commands } from "../commands/index.ts";
import type { Clock } from "./base/clock.ts";
import { messageOf } from "./base/errors.ts";
import { http } from "./base/http.ts";
import type { Logger } from "./base/log.ts";
import { createReleaser } from "./base/release.ts";
import { createActorResolver } from "./command/people.ts";
import { createRouter } from "./command/router.ts";
import type { Catalogue } from "./config/catalogue.ts";
import type { ServingConfig } from "./config/env.ts";
import { createAuthorise } from "./guard/authorise.ts";
import { createHandlers } from "./handlers.ts";
import { createApi } from "./http/api.ts";
import { createCounters } from "./http/counters.ts";
import { createMetrics } from "./http/metrics.ts";
import { createHttpServer } from "./http/server.ts";
import { listIncidents } from "./incidents/incidents.store.ts";
import { redactorOf } from "./incidents/redact.ts";
import { createProver } from "./intake/certificates.ts";
import { createReceiver } from "./intake/receive.ts";
import { HOOK_SOURCES } from "./intake/sources/index.ts";
import { createConnections } from "./jobs/connections.ts";
import { createExporters } from "./postmortem/exporters/index.ts";
import { postgresBackend, redisBackend } from "./queue/backend.ts";
import { createRinger, startWorker } from "./queue/queue.ts";
import { startReconciling } from "./queue/reconcile.ts";
import { readCommandRequest, receiveCommand } from "./services/command-requests.ts";
import { confirmationState } from "./services/confirmations.ts";
import { createAlertDeadLetters } from "./services/dead-letters-alert.ts";
import { createExportIncident } from "./services/export.ts";
import { viewGate } from "./services/gates-view.ts";
import { placesThatTakeIds } from "./services/resync.ts";
import { viewRun } from "./services/runs-view.ts";
import { createSlack } from "./slack/slack.ts";
import { migrate } from "./store/migrate.ts";
import { pingDatabase } from "./store/ping.ts";
import { type Db, openStore } from "./store/store.ts";
import { startUpkeep } from "./upkeep.ts";
import { createUseCases } from "./use-cases.ts";

export interface AppParts {
  readonly config: ServingConfig;
  readonly catalogue: Catalogue;
  readonly log: Logger;
  readonly clock: Clock;
  readonly reportError: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

export interface App {
  /** Migrates, listens and works, as far as the role goes. Resolves when it serves. */
  start(): Promise<void>;
  /** Closes what was opened, last first. */
  close(): Promise<void>;
}

/** The sweep finds what no ring told of; in a drill, where time jumps, it looks more often. */
const SWEEP_MS = 1_000;
const DRILL_SWEEP_MS = 100;
/** Slack's select takes a hundred options. */
const OPEN_TO_CHOOSE = 100;
const CONNECTIONS = { all: 20, web: 10, worker: 20 } as const;

/** Builds every room and joins their ports; what is long of it stands in `use-cases.ts`, `handlers.ts` and `upkeep.ts`. */
export function createApp(parts: AppParts): App {
  const { config, catalogue, log, clock, reportError } = parts;
  const releaser = createReleaser(log);
  const store = openStore({ url: config.databaseUrl, connections: CONNECTIONS[config.role] });
  releaser.add("store", store.close);
  const backend =
    config.redisUrl === null ? postgresBackend(config.databaseUrl, log) : redisBackend(config.redisUrl, log);
  releaser.add("queue backend", backend.close);

  const prove = createProver({ http, clock });
  const receiver = createReceiver({ store, catalogue, sources: HOOK_SOURCES, clock, log, prove });
  const slack = createSlack({
    token: config.slack.botToken,
    signingSecret: config.slack.signingSecret,
    appToken: config.slack.appToken,
    slackApiUrl: config.slack.apiUrl ?? undefined,
    store,
    clock,
    catalogue,
    log,
    http,
    viewGate: (gate) => viewGate(ground, gate),
    viewRun: (run) => viewRun(ground, run),
    ports: {
      receiveCommand: (received) => receiveCommand(store, clock, received),
      readCommand: (id) => readCommandRequest(store.db, id),
      receiveSlackEvent: receiver.receiveSlackEvent,
      mayAsk: (text, at) => router.mayAsk(text, at),
      questionState: (id) => confirmationState(store.db, id, clock.now()),
      resyncPlaces: () => placesThatTakeIds(catalogue, connections),
      openIncidents: () => listIncidents(store.db, { limit: OPEN_TO_CHOOSE }),
    },
  });

  const { groupMembers } = slack;
  const connections = createConnections({ catalogue, http, clock, mayRunCommands: config.mayRunCommands });
  const authorise = createAuthorise({ store, clock, catalogue, groupMembers });
  const resolveActor = createActorResolver({ catalogue, lookUp: slack.directory.lookUp });
  const exporters = createExporters({
    folder: config.exportFolder ?? catalogue.postmortem.folder,
    uploadToThread: slack.uploadToThread,
    onUploadFailed: (error) => log.warn({ error: messageOf(error) }, "the thread did not take the postmortem"),
  });
  const exportIncident = createExportIncident({ store, clock, catalogue, authorise, exporters });
  const ground = { store, clock, catalogue, connections, groupMembers, authorise };
  const redact = redactorOf(catalogue);
  const looking = { store, clock, catalogue, connections, log, redact, alert: createAlertDeadLetters(catalogue) };
  const services = createUseCases(ground, {
    http,
    looking,
    readAttached: slack.readAttached,
    resolveActor,
    exportIncident,
  });
  const router = createRouter({ commands, services, catalogue, clock, log, reportFault: reportError });
  const handlers = createHandlers(ground, { log, http, slack, router, looking, resolveActor });

  return {
    start: async () => {
      await migrate(config.databaseUrl);
      await backend.prepare();
      const ringer = createRinger({ backend, clock, log });
      releaser.add("ringer", ringer.close);
      store.onCommitted(ringer.ring);
      if (config.role !== "web") {
        const worker = await startWorker({
          backend,
          ringer,
          db: store.db,
          clock,
          log,
          handlers,
          sweepEveryMs: config.clockFile === null ? SWEEP_MS : DRILL_SWEEP_MS,
          reportError,
        });
        releaser.add("worker", worker.close);
        releaser.add("reconciling", startReconciling({ store, clock, log }).close);
        await startUpkeep(ground, { log, retentionMs: config.retentionMs, releaser });
      }
      const web = config.role !== "worker";
      const counters = createCounters();
      const server = createHttpServer({
        port: config.port,
        clock,
        log,
        receive: web ? receiver.receive : null,
        slackListener: web ? slack.requestListener : null,
        api: web
          ? createApi({ store, clock, catalogue, exporters, connections, groupMembers, token: config.apiToken })
          : null,
        ready: () => readiness(store.db),
        metrics: createMetrics({ db: store.db, clock, counters }),
        counters,
        reportFault: reportError,
      });
      await server.listen();
      releaser.add("receiver", receiver.idle);
      releaser.add("web server", server.close);
      if (web) {
        await slack.start();
        releaser.add("slack", slack.stop);
      }
      log.info({ queue: backend.name }, "Nightdesk is ready");
    },
    close: releaser.close,
  };
}

/** Postgres is the truth: without it nothing can be done; without the queue or Slack, later. */
async function readiness(db: Db): Promise<{ ok: boolean; problems: readonly string[] }> {
  try {
    await pingDatabase(db);
    return { ok: true, problems: [] };
  } catch (error) {
    return { ok: false, problems: [`the database does not answer: ${messageOf(error)}`] };
  }
}
