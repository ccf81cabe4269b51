import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Json } from "../contract.ts";
import { isJson, parsed, text } from "../json.ts";
import type { State } from "../state.ts";
import type { Kind, Retry } from "./dispatch.ts";
import type { Answered } from "./post.ts";

/** Socket Mode: the app opens web sockets, each payload goes to one of them, and is acknowledged by its envelope's id. */
export interface SocketMode {
  /** A single-use address for `apps.connections.open`. */
  ticket(): string;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  connected(): boolean;
  /** Called whenever the app has opened a socket. */
  onOpen(listener: () => void): void;
  send(envelope: { kind: Kind; payload: Json; timeoutMs: number; retry?: Retry }): Promise<Answered>;
  close(): void;
}

const PING_MS = 5000;
const MAX_SOCKETS = 10;

export function createSocketMode(state: State): SocketMode {
  const server = new WebSocketServer({ noServer: true });
  const tickets = new Set<string>();
  const sockets = new Set<WebSocket>();
  const waiting = new Map<string, (payload: unknown) => void>();
  const openListeners: (() => void)[] = [];
  let turn = 0;
  const pings = setInterval(() => {
    for (const socket of sockets) socket.ping("Ping from the workspace");
  }, PING_MS);
  pings.unref();

  function welcome(socket: WebSocket): void {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => sockets.delete(socket));
    socket.on("message", (data) => {
      const answer = parsed(String(data));
      if (isJson(answer)) waiting.get(text(answer["envelope_id"]))?.(answer["payload"]);
    });
    socket.send(
      JSON.stringify({
        type: "hello",
        num_connections: sockets.size,
        connection_info: { app_id: state.app.id },
        debug_info: { host: "sandbox", approximate_connection_time: 18_060 },
      }),
    );
    for (const listener of openListeners) listener();
  }

  return {
    ticket: () => {
      const ticket = randomUUID();
      tickets.add(ticket);
      return `${state.url.replace(/^http/, "ws")}/link/?ticket=${ticket}&app_id=${state.app.id}`;
    },
    upgrade: (request, socket, head) => {
      const ticket = new URL(request.url ?? "/", state.url).searchParams.get("ticket") ?? "";
      if (!tickets.delete(ticket) || sockets.size >= MAX_SOCKETS) return void socket.destroy();
      server.handleUpgrade(request, socket, head, welcome);
    },
    connected: () => sockets.size > 0,
    onOpen: (listener) => void openListeners.push(listener),
    send: ({ kind, payload, timeoutMs, retry }) => {
      const startedAt = performance.now();
      const open = [...sockets];
      const socket = open[turn++ % open.length];
      const id = randomUUID();
      return new Promise((resolve) => {
        const settle = (answer: Pick<Answered, "status" | "body" | "failure">): void => {
          clearTimeout(timer);
          waiting.delete(id);
          resolve({ ...answer, headers: {}, ackedMs: performance.now() - startedAt });
        };
        const timer = setTimeout(() => settle({ status: null, body: "", failure: "http_timeout" }), timeoutMs);
        waiting.set(id, (answer) => {
          settle({ status: 200, body: answer === undefined ? "" : JSON.stringify(answer), failure: null });
        });
        const event = { retry_attempt: retry?.number ?? 0, retry_reason: retry?.reason ?? "" };
        socket?.send(
          JSON.stringify({
            envelope_id: id,
            type: kind,
            payload,
            accepts_response_payload: kind !== "events_api",
            ...(kind === "events_api" && event),
          }),
        );
      });
    },
    close: () => {
      clearInterval(pings);
      for (const socket of sockets) socket.terminate();
      server.close();
    },
  };
}
