import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { newReference } from "../base/ids.ts";
import type { Logger } from "../base/log.ts";
import type { Api } from "./api.ts";
import type { Counters } from "./counters.ts";
import { type Receive, receiveHook } from "./hooks.ts";
import { json, problem, type Response, send, text } from "./respond.ts";

/** Whether this process can do its work, and what is in its way. */
export type Ready = () => Promise<{ readonly ok: boolean; readonly problems: readonly string[] }>;

export type SlackListener = (request: IncomingMessage, response: ServerResponse) => void;

export interface HttpParts {
  /** 0: any free one. */
  readonly port: number;
  /** Default: all interfaces. */
  readonly host?: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Null in a worker: `/hooks`, `/slack` and `/api` are not there. */
  readonly receive: Receive | null;
  /** Bolt's. Null in Socket Mode. */
  readonly slackListener: SlackListener | null;
  readonly api: Api | null;
  readonly ready: Ready;
  /** The text of `/metrics`. */
  readonly metrics: () => Promise<string>;
  readonly counters: Counters;
  readonly reportFault: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

export interface HttpServer {
  /** Listens; resolves with the port. Rejects when it is taken. */
  listen(): Promise<number>;
  /** Takes no more, lets what is under way end (at most 5 s). */
  close(): Promise<void>;
}

const CLOSE_WITHIN_MS = 5_000;

/** Hooks, Slack's requests, the API, health and metrics: one port. */
export function createHttpServer(parts: HttpParts): HttpServer {
  const { clock, log, counters } = parts;
  let closing = false;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const startedMs = clock.machineNow().epochMilliseconds;
    const url = new URL(request.url ?? "/", "http://nightdesk");
    const route = routeOf(url.pathname);
    response.once("finish", () => {
      const tookMs = clock.machineNow().epochMilliseconds - startedMs;
      counters.count(route, { status: response.statusCode, tookMs });
      // The connection is idle only after this event.
      if (closing) setImmediate(() => server.closeIdleConnections());
    });
    if (route === "slack" && parts.slackListener !== null) return parts.slackListener(request, response);
    const method = request.method ?? "GET";
    try {
      send(response, await answer(parts, route, { request, url, method }), method);
    } catch (error) {
      const reference = newReference();
      log.error({ reference, route, error: stackOf(error) }, "a request failed, our fault");
      parts.reportFault(error, { reference, route });
      send(response, problem(500, { code: "fault", message: `Our fault. Reference ${reference}.` }), method);
    }
    // A body that nobody read would keep the connection busy.
    if (!request.complete) response.once("finish", () => request.destroy());
  };

  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 65_000 });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch((error: unknown) => {
      log.error({ error: messageOf(error) }, "a request could not be answered");
      response.destroy();
    });
  });
  return {
    listen: () => listen(server, parts),
    close: () => {
      closing = true;
      return close(server);
    },
  };
}

type Route = "hooks" | "slack" | "api" | "healthz" | "readyz" | "metrics" | "none";

function routeOf(path: string): Route {
  if (path.startsWith("/hooks/")) return "hooks";
  if (path === "/slack/events") return "slack";
  if (path.startsWith("/api/")) return "api";
  if (path === "/healthz") return "healthz";
  if (path === "/readyz") return "readyz";
  return path === "/metrics" ? "metrics" : "none";
}

const NOT_FOUND = problem(404, { code: "not_found", message: "There is nothing here." });

async function answer(
  parts: HttpParts,
  route: Route,
  asked: { request: IncomingMessage; url: URL; method: string },
): Promise<Response> {
  switch (route) {
    case "hooks":
      return parts.receive === null ? NOT_FOUND : receiveHook(parts.receive, asked);
    case "api":
      return parts.api === null ? NOT_FOUND : parts.api(asked);
    case "healthz":
      return json(200, { ok: true });
    case "readyz": {
      const { ok, problems } = await parts.ready();
      return json(ok ? 200 : 503, { ok, problems });
    }
    case "metrics":
      return text(200, await parts.metrics(), "text/plain; version=0.0.4; charset=utf-8");
    case "slack":
    case "none":
      return NOT_FOUND;
    default:
      return route satisfies never;
  }
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : messageOf(error);

function listen(server: Server, { port, host }: Pick<HttpParts, "port" | "host">): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const hard = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS);
    server.close(() => {
      clearTimeout(hard);
      resolve();
    });
    server.closeIdleConnections();
  });
}
