import { commands } from "../commands/index.ts";
import type { Clock } from "./base/clock.ts";
import { messageOf } from "./base/errors.ts";
import { http } from "./base/http.ts";
import type { Logger } from "./base/log.ts";
import { createReleaser } from "./base/release.ts";
import { createDeployHandler, keepDeploys, reckonWhenChanged } from "./changes/suspects.ts";
import { createActorResolver } from "./command/people.ts";
import { createRouter } from "./command/router.ts";
import type { Catalogue } from "./config/catalogue.ts";
import type { ServingConfig } from "./config/env.ts";
import { createAdvanceFanout } from "./fanout/advance.ts";
import { createChunkHandler } from "./fanout/chunk.ts";
import { createDeadLetterHandler } from "./fanout/dead-letters.ts";
import { createAuthorise } from "./guard/authorise.ts";
import { createApi } from "./http/api.ts";
import { createCounters } from "./http/counters.ts";
import { createMetrics } from "./http/metrics.ts";
import { createHttpServer } from "./http/server.ts";
import { endBridges } from "./incidents/bridges.ts";
import { listIncidents } from "./incidents/incidents.store.ts";
import { createQuiet } from "./incidents/quiet.ts";
import { redactorOf } from "./incidents/redact.ts";
import { createProver } from "./intake/certificates.ts";
import { isBehind } from "./intake/inbox.store.ts";
import { createInboxProcessor } from "./intake/process.ts";
import { createReceiver } from "./intake/receive.ts";
import { forgetBodies } from "./intake/retention.store.ts";
import { sentryApis } from "./intake/sentry-api.ts";
import { HOOK_SOURCES, SOURCES } from "./intake/sources/index.ts";
import { createSubscriptionHandler } from "./intake/subscriptions.ts";
import { createTellAbort } from "./jobs/abort.ts";
import { createAdvance } from "./jobs/advance.ts";
import { createConnections } from "./jobs/connections.ts";
import { forgetRuns } from "./jobs/retention.ts";
import { createHearMonitors } from "./monitors/hear.ts";
import { createMonitorSweep } from "./monitors/sweep.ts";
import { createExporters } from "./postmortem/exporters/index.ts";
import { postgresBackend, redisBackend } from "./queue/backend.ts";
import { createRinger, startWorker } from "./queue/queue.ts";
import { startReconciling } from "./queue/reconcile.ts";
import { startSweep } from "./queue/sweep.ts";
import type { Handlers } from "./queue/work.ts";
import { createAlertLate } from "./services/alert-late.ts";
import { attachRuns } from "./services/attach-runs.store.ts";
import { createChains } from "./services/chains.ts";
import { createAdvanceChain } from "./services/chains-advance.ts";
import { createCommandExecutor, readCommandRequest, receiveCommand } from "./services/command-requests.ts";
import { confirmationState } from "./services/confirmations.ts";
import type { Services } from "./services/contract.ts";
import { createDeadLetters } from "./services/dead-letters.ts";
import { createAlertDeadLetters } from "./services/dead-letters-alert.ts";
import { createExportIncident } from "./services/export.ts";
import { createFreezes } from "./services/freezes.ts";
import { createGates } from "./services/gates.ts";
import { createAdvanceGate, wakeGates } from "./services/gates-advance.ts";
import { viewGate } from "./services/gates-view.ts";
import { createChanges } from "./services/impact.ts";
import { createIncidents } from "./services/incidents.ts";
import { createJobs } from "./services/jobs.ts";
import { linkSignal } from "./services/link-signal.ts";
import { redrawTold } from "./services/monitors.store.ts";
import { createMonitors } from "./services/monitors.ts";
import { createRaiseMonitor } from "./services/monitors-raise.ts";
import { keepWatching, watchRuns } from "./services/monitors-runs.ts";
import { createFanouts } from "./services/orphans.ts";
import { createPermissions } from "./services/permissions.ts";
import { createPins } from "./services/pins.ts";
import { createCarryPin } from "./services/pins-carry.ts";
import { placesThatTakeIds } from "./services/resync.ts";
import { createRuns } from "./services/runs.ts";
import { viewRun } from "./services/runs-view.ts";
import { createSentry } from "./services/sentry.ts";
import { createSentryCarry } from "./services/sentry-carry.ts";
import { createSentryCatchUp } from "./services/sentry-catch-up.ts";
import { noteSentryIssues } from "./services/sentry-issues.store.ts";
import { beginLooks } from "./services/sentry-looks.store.ts";
import type { Identity } from "./slack/identity.ts";
import { createSlack } from "./slack/slack.ts";
import { migrate } from "./store/migrate.ts";
import { requestWork } from "./store/outbox.ts";
import { pingDatabase } from "./store/ping.ts";
import { type Db, openStore } from "./store/store.ts";

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
const FORGET_EVERY_MS = 3_600_000;
const WATCHED_EVERY_MS = 20_000;
/** Slack's select takes a hundred options. */
const OPEN_TO_CHOOSE = 100;
const CONNECTIONS = { all: 20, web: 10, worker: 20 } as const;

/** Builds every room and joins their ports. The only place that knows them all. */
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
  const stepping = { store, clock, catalogue, connections, log };
  const looking = { ...stepping, redact: redactorOf(catalogue), alert: createAlertDeadLetters(catalogue) };
  const fanning = { ...stepping, resultFiles: slack.resultFiles };
  const advanceFanout = createAdvanceFanout(fanning);
  const services: Services = {
    jobs: createJobs(ground),
    runs: createRuns(ground),
    chains: createChains(ground),
    pins: createPins(ground),
    freezes: createFreezes(ground),
    changes: createChanges(ground),
    fanouts: createFanouts({ ...ground, http, readAttached: slack.readAttached }),
    deadLetters: createDeadLetters({ looking, authorise }),
    monitors: createMonitors(ground),
    sentry: createSentry({ store, clock, catalogue, authorise }),
    gates: createGates(ground),
    permissions: createPermissions(ground),
    incidents: createIncidents({ store, clock, catalogue, authorise, resolveActor, exportIncident }),
  };
  const router = createRouter({ commands, services, catalogue, clock, log, reportFault: reportError });

  const alertLate = createAlertLate(catalogue);
  const hearMonitors = createHearMonitors(catalogue);
  const inbox = createInboxProcessor({
    store,
    catalogue,
    sources: SOURCES,
    clock,
    log,
    ports: {
      linkSignal: (tx, signal, now) => linkSignal(tx, signal, now, alertLate),
      signalsJoined: async (tx, joinings, now) => {
        await wakeGates(tx, joinings, now);
        await attachRuns(tx, joinings, now);
        await noteSentryIssues(tx, joinings);
        await keepDeploys(tx, joinings, now);
        await hearMonitors(tx, joinings, now);
      },
      captureSlackEvent: slack.captureSlackEvent,
      channelName: slack.channelName,
      self: () => selfOf(slack.self()),
    },
  });
  const handlers: Handlers = {
    inbox: inbox.process,
    incident: async (id) => {
      await endBridges(ground, id);
      await reckonWhenChanged(ground, id);
      return slack.project("incident", id);
    },
    "run-card": (id) => slack.project("run-card", id),
    "gate-card": (id) => slack.project("gate-card", id),
    quiet: createQuiet({ store, clock }),
    gate: createAdvanceGate({ ...ground, http }),
    run: watchRuns(
      ground,
      createAdvance({ ...stepping, alert: alertLate, kinds: { fanout: advanceFanout, compare: advanceFanout } }),
    ),
    monitors: createMonitorSweep({
      ...{ store, clock, catalogue, http, behind: isBehind, redraw: redrawTold },
      raise: createRaiseMonitor(catalogue),
    }),
    abort: createTellAbort(stepping),
    chain: createAdvanceChain(ground),
    pin: createCarryPin(ground),
    chunk: createChunkHandler(fanning),
    "dead-letters": createDeadLetterHandler(looking),
    "sentry-catch-up": createSentryCatchUp({ store, clock, catalogue, http, log }),
    "sentry-change": createSentryCarry({ store, clock, catalogue, http, log }),
    subscription: createSubscriptionHandler({ store, catalogue, sources: HOOK_SOURCES, clock, http }),
    deploy: createDeployHandler(ground),
    command: createCommandExecutor({
      store,
      clock,
      log,
      router,
      resolveActor,
      numbersOfThread: slack.numbersOfThread,
    }),
    answer: slack.deliverAnswer,
  };

  const forget = async () => {
    const before = clock.now().subtract({ milliseconds: config.retentionMs });
    const blanked = await forgetBodies(store.db, before);
    if (blanked > 0) log.info({ blanked }, "raw deliveries older than the retention time were blanked");
    await forgetRuns({ db: store.db, catalogue, connections, log }, before);
  };

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
        await beginLooks(store, [...sentryApis(catalogue.sources).keys()], clock.now());
        await store.tx(async (tx) => {
          for (const kind of ["dead-letters", "monitors"] as const) {
            await requestWork(tx, { kind, ref: 0, dueAt: clock.now() });
          }
        });
        const watching = startSweep({
          name: "monitors",
          everyMs: WATCHED_EVERY_MS,
          log,
          once: () => keepWatching({ store, clock }),
        });
        releaser.add("monitors", watching.close);
        const forgetting = startSweep({ name: "retention", everyMs: FORGET_EVERY_MS, log, once: forget });
        releaser.add("retention", forgetting.close);
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
      log.info({ role: config.role, queue: backend.name }, "Nightdesk is ready");
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

function selfOf(identity: Identity | null): { botId?: string; userId?: string } {
  if (identity === null) return {};
  return { userId: identity.botUserId, ...(identity.botId === null ? {} : { botId: identity.botId }) };
}
