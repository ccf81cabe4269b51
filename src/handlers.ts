import type { Http } from "./base/http.ts";
import type { Logger } from "./base/log.ts";
import { createDeployHandler, keepDeploys, reckonWhenChanged } from "./changes/suspects.ts";
import type { Router } from "./command/router.ts";
import { createAdvanceFanout } from "./fanout/advance.ts";
import { createChunkHandler } from "./fanout/chunk.ts";
import { createDeadLetterHandler, type DeadLettering } from "./fanout/dead-letters.ts";
import { endBridges } from "./incidents/bridges.ts";
import { createQuiet } from "./incidents/quiet.ts";
import { isBehind } from "./intake/inbox.store.ts";
import { createInboxProcessor } from "./intake/process.ts";
import { HOOK_SOURCES, SOURCES } from "./intake/sources/index.ts";
import { createSubscriptionHandler } from "./intake/subscriptions.ts";
import { createTellAbort } from "./jobs/abort.ts";
import { createAdvance } from "./jobs/advance.ts";
import { createHearMonitors } from "./monitors/hear.ts";
import { createMonitorSweep } from "./monitors/sweep.ts";
import type { Handlers } from "./queue/work.ts";
import { createAlertLate } from "./services/alert-late.ts";
import { attachRuns } from "./services/attach-runs.store.ts";
import { createAdvanceChain } from "./services/chains-advance.ts";
import { createCommandExecutor, type ResolveActor } from "./services/command-requests.ts";
import { createAdvanceGate, wakeGates } from "./services/gates-advance.ts";
import { linkSignal } from "./services/link-signal.ts";
import { redrawTold } from "./services/monitors.store.ts";
import { createRaiseMonitor } from "./services/monitors-raise.ts";
import { watchRuns } from "./services/monitors-runs.ts";
import { createCarryPin } from "./services/pins-carry.ts";
import { createSentryCarry } from "./services/sentry-carry.ts";
import { createSentryCatchUp } from "./services/sentry-catch-up.ts";
import { noteSentryIssues } from "./services/sentry-issues.store.ts";
import type { Identity } from "./slack/identity.ts";
import type { Slack } from "./slack/slack.ts";
import type { Ground } from "./use-cases.ts";

/** Who does each kind of work. What an earlier room may not know of a later one is joined here. */
export function createHandlers(
  ground: Ground,
  parts: {
    readonly log: Logger;
    readonly http: Http;
    readonly slack: Slack;
    readonly router: Router;
    readonly looking: DeadLettering;
    readonly resolveActor: ResolveActor;
  },
): Handlers {
  const { store, clock, catalogue, connections } = ground;
  const { log, http, slack, router, looking, resolveActor } = parts;
  const stepping = { store, clock, catalogue, connections, log };
  const fanning = { ...stepping, resultFiles: slack.resultFiles };
  const advanceFanout = createAdvanceFanout(fanning);
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
  return {
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
}

function selfOf(identity: Identity | null): { botId?: string; userId?: string } {
  if (identity === null) return {};
  return { userId: identity.botUserId, ...(identity.botId === null ? {} : { botId: identity.botId }) };
}
