import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { App, type Authorize, HTTPReceiver, type ReceiverEvent, SocketModeReceiver } from "@slack/bolt";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { clientOptions } from "./api.ts";
import { quietLogger } from "./logger.ts";

export interface BoltOptions {
  readonly token: string;
  /** HTTP: Slack calls us. Socket Mode: we call Slack; it goes first when both are given. */
  readonly signingSecret: string | null;
  readonly appToken: string | null;
  readonly slackApiUrl: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Keeps an event; it is acknowledged only afterwards. Throws when it could not be kept: Slack then sends it again. */
  readonly keepEvent: (envelope: Readonly<Record<string, unknown>>) => Promise<void>;
}

export interface Bolt {
  readonly app: App;
  /** For POST /slack/events; it reads the body itself. In Socket Mode every request is answered 404. */
  readonly requestListener: RequestListener;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Slack's clock and ours may differ by this much, both ways: a request from the future could be replayed later. */
const SKEW_S = 300;
const LIMIT_BYTES = 2_000_000;

/** Bolt with either receiver. Nothing is asked of Slack at start: it may be out, and Nightdesk must start all the same. */
export function createBolt(options: BoltOptions): Bolt {
  const { appToken, signingSecret } = options;
  if (appToken !== null) return overSocket(options, appToken);
  if (signingSecret !== null) return overHttp(options, signingSecret);
  throw new Error("Slack needs a signing secret (HTTP) or an app token (Socket Mode)");
}

function overHttp(options: BoltOptions, signingSecret: string): Bolt {
  const logger = quietLogger(options.log);
  const receiver = new HTTPReceiver({
    signingSecret,
    endpoints: "/slack/events",
    logger,
    bodyLimit: LIMIT_BYTES,
    processEventErrorHandler: ({ error, response }) => {
      options.log.error({ error: messageOf(error) }, "a request of Slack could not be handled");
      // Slack sends an event again after a status like this.
      if (!response.headersSent) response.writeHead(503).end();
      return Promise.resolve(true);
    },
  });
  const app = createApp(options, receiver);
  return {
    app,
    requestListener: (request, response) => {
      if (isFromTheFuture(request, options.clock)) {
        request.resume();
        response.writeHead(401).end();
        return;
      }
      answer(receiver, request, response);
    },
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

/** The receiver throws for a path or a method that it does not serve. */
function answer(receiver: HTTPReceiver, request: IncomingMessage, response: ServerResponse): void {
  try {
    receiver.requestListener(request, response);
  } catch {
    response.writeHead(404).end();
  }
}

function isFromTheFuture(request: IncomingMessage, clock: Clock): boolean {
  const sentS = Number(request.headers["x-slack-request-timestamp"]);
  return sentS - clock.machineNow().epochMilliseconds / 1_000 > SKEW_S;
}

function overSocket(options: BoltOptions, appToken: string): Bolt {
  const receiver = new SocketModeReceiver({
    appToken,
    logger: quietLogger(options.log),
    installerOptions: { clientOptions: clientOptions(options) },
    processEventErrorHandler: ({ error }) => {
      options.log.error({ error: messageOf(error) }, "an event of Slack could not be handled");
      // Not acknowledged: Slack sends it again.
      return Promise.resolve(false);
    },
  });
  const app = createApp(options, receiver);
  return {
    app,
    requestListener: (request, response) => {
      request.resume();
      response.writeHead(404).end();
    },
    start: async () => {
      await receiver.start();
    },
    stop: () => receiver.stop(),
  };
}

function createApp(options: BoltOptions, receiver: HTTPReceiver | SocketModeReceiver): App {
  const authorize: Authorize<boolean> = () => Promise.resolve({ botToken: options.token });
  const app = new App({
    receiver,
    authorize,
    ignoreSelf: false,
    logger: quietLogger(options.log),
    clientOptions: clientOptions(options),
    convoStore: false,
  });
  app.error(async (error) => {
    options.log.error({ error: error.stack ?? messageOf(error) }, "a Slack surface failed");
  });
  keepEventsFirst(app, options);
  return app;
}

/**
 * Bolt acknowledges events before any listener sees them. Ours are saved first, and acknowledged only when they are:
 * an event that was acknowledged and lost would be lost for good.
 */
function keepEventsFirst(app: App, options: BoltOptions): void {
  const surfaces = app.processEvent.bind(app);
  app.processEvent = async (event: ReceiverEvent) => {
    if (event.body["type"] !== "event_callback") return surfaces(event);
    await options.keepEvent(event.body);
    await event.ack();
  };
}
