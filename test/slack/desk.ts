import { createServer } from "node:http";
import { onTestFinished } from "vitest";
import type { Workspace } from "../../sandbox/workspace/contract.ts";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { http } from "../../src/base/http.ts";
import { silentLogger } from "../../src/base/log.ts";
import type { Answer } from "../../src/command/answer.ts";
import { createActorResolver } from "../../src/command/people.ts";
import type { Catalogue } from "../../src/config/catalogue.ts";
import { listIncidents } from "../../src/incidents/incidents.store.ts";
import {
  type AskedCommand,
  createCommandExecutor,
  readCommandRequest,
  receiveCommand,
} from "../../src/services/command-requests.ts";
import { confirmationState } from "../../src/services/confirmations.ts";
import { viewGate } from "../../src/services/gates-view.ts";
import { viewRun } from "../../src/services/runs-view.ts";
import { createSlack, type Slack } from "../../src/slack/slack.ts";
import { claimWork, dueWork, releaseWork, type WorkOutcome } from "../../src/store/outbox.ts";
import type { Store } from "../../src/store/store.ts";
import { testDatabase } from "../helpers/database.ts";
import { APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, startTwin } from "./backends.ts";
import { testCatalogue } from "./record.ts";

export interface Desk {
  readonly workspace: Workspace;
  readonly store: Store;
  readonly slack: Slack;
  readonly url: string;
  readonly catalogue: Catalogue;
  /** What reached the router, in order. */
  readonly asked: AskedCommand[];
  /** Makes the database unreachable for whatever is received, and back. */
  loseDatabase(lost: boolean): void;
  /** Whether the workers work. */
  work(on: boolean): void;
}

/**
 * Nightdesk's Slack room over real Bolt, a real Postgres and the emulated workspace, with the real command requests and
 * a router that answers what the test says. A plain loop does the outbox's work.
 */
export async function startDesk(options: {
  answer?: (asked: AskedCommand) => Answer;
  mayAsk?: (text: string) => boolean;
  catalogue?: (workspace: Workspace) => Catalogue;
  socketMode?: boolean;
}): Promise<Desk> {
  const clock: Clock = systemClock;
  const { store } = await testDatabase();
  const workspace = await startTwin();
  const catalogue = options.catalogue?.(workspace) ?? testCatalogue();
  const asked: AskedCommand[] = [];
  let lost = false;
  const unlessLost = async <T>(work: () => Promise<T>): Promise<T> => {
    if (lost) throw new Error("connection refused");
    return work();
  };
  const slack = createSlack({
    token: BOT_TOKEN,
    ...(options.socketMode === true
      ? { signingSecret: null, appToken: APP_TOKEN }
      : { signingSecret: SIGNING_SECRET, appToken: null }),
    slackApiUrl: workspace.apiUrl,
    store,
    clock,
    catalogue,
    log: silentLogger,
    http,
    viewGate: (gate) => viewGate({ store, clock, catalogue, groupMembers: async () => [] }, gate),
    viewRun: (run) => viewRun({ store, clock, catalogue, connections: { of: () => null } }, run),
    ports: {
      receiveCommand: (received) => unlessLost(() => receiveCommand(store, clock, received)),
      readCommand: (id) => unlessLost(() => readCommandRequest(store.db, id)),
      receiveSlackEvent: (envelope) => unlessLost(() => captureAtOnce(envelope)),
      questionState: (id) => confirmationState(store.db, id, clock.now()),
      mayAsk: (text) => options.mayAsk?.(text) ?? false,
      resyncPlaces: () => [{ job: "placements", environment: "prod" }],
      openIncidents: () => listIncidents(store.db, { limit: 20 }),
    },
  });
  async function captureAtOnce(envelope: Readonly<Record<string, unknown>>): Promise<void> {
    const { event } = envelope;
    if (typeof event !== "object" || event === null) throw new Error("no event");
    // Events of different kinds are sent side by side: which comes first is left to chance, as with Slack.
    await store.tx((tx) => slack.captureSlackEvent(tx, { ...event }, clock.now()));
  }
  const execute = createCommandExecutor({
    store,
    clock,
    log: silentLogger,
    resolveActor: createActorResolver({ catalogue, lookUp: slack.directory.lookUp }),
    numbersOfThread: slack.numbersOfThread,
    router: {
      answer: (one) => {
        asked.push(one);
        return Promise.resolve(options.answer?.(one) ?? { tone: "done", text: `Did ${one.text}.` });
      },
      tooLate: () => null,
      fault: () => ({ tone: "problem", text: "our fault" }),
    },
  });
  const handlers: Readonly<Record<string, (ref: number) => Promise<WorkOutcome>>> = {
    command: execute,
    answer: slack.deliverAnswer,
    incident: (ref) => slack.project("incident", ref),
    "run-card": (ref) => slack.project("run-card", ref),
  };
  const loop = startLoop(store, clock, handlers);
  const server = createServer(slack.requestListener ?? undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  if (options.socketMode === true) await slack.start();
  else workspace.connectApp(url);
  onTestFinished(async () => {
    await loop.stop();
    await slack.stop();
    await workspace.settled();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    workspace,
    store,
    slack,
    url,
    catalogue,
    asked,
    loseDatabase: (on) => {
      lost = on;
    },
    work: loop.work,
  };
}

/** Waits for what must come; long enough for a busy machine. Null when it does not come. */
export function soon<T>(workspace: Workspace, read: () => T | null | undefined | false): Promise<T | null> {
  return workspace.until(read, 12_000);
}

function startLoop(
  store: Store,
  clock: Clock,
  handlers: Readonly<Record<string, (ref: number) => Promise<WorkOutcome>>>,
): { work(on: boolean): void; stop(): Promise<void> } {
  let on = true;
  let running = true;
  const step = async () => {
    const rings = on ? await dueWork(store.db, { now: clock.now(), machineNow: clock.machineNow(), limit: 20 }) : [];
    for (const ring of rings) {
      const worker = "test";
      const by = { worker, now: clock.now(), machineNow: clock.machineNow(), forMs: 8_000 };
      const claim = await claimWork(store.db, ring, by);
      const handler = handlers[ring.kind];
      if (claim === null || handler === undefined) continue;
      const outcome = await handler(ring.ref);
      await releaseWork(store.db, claim, { worker, now: clock.now(), outcome });
    }
  };
  const ended = (async () => {
    while (running) {
      await step();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  return {
    work: (now) => {
      on = now;
    },
    stop: async () => {
      running = false;
      await ended;
    },
  };
}
