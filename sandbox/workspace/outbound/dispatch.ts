import type { Json } from "../contract.ts";
import type { State } from "../state.ts";
import { type Answered, postSigned } from "./post.ts";
import type { SocketMode } from "./socket.ts";

export type Kind = "events_api" | "slash_commands" | "interactive";

export interface Retry {
  /** 0 for the first delivery. */
  number: number;
  reason: string;
}

/** The way from the workspace to the app: its request URL, or its sockets when it has opened one. */
export interface Dispatch {
  send(kind: Kind, payload: Json, retry?: Retry): Promise<Answered>;
  connect(url: string): void;
  /** Whether there is an app to send to. */
  connected(): boolean;
  /** Requests that have no answer yet. */
  inFlight(): number;
}

const ACK_TIMEOUT_MS = 3000;

export function createDispatch(state: State, socket: SocketMode): Dispatch {
  let appUrl = state.options.appUrl?.replace(/\/+$/, "") ?? null;
  let inFlight = 0;

  async function send(kind: Kind, payload: Json, retry?: Retry): Promise<Answered> {
    inFlight += 1;
    try {
      const timeoutMs = state.options.ackTimeoutMs ?? ACK_TIMEOUT_MS;
      if (socket.connected()) return await socket.send({ kind, payload, timeoutMs, ...(retry && { retry }) });
      if (appUrl === null) return { status: null, body: "", headers: {}, failure: "connection_failed", ackedMs: 0 };
      return await postSigned({
        url: `${appUrl}/slack/events`,
        secret: state.options.signingSecret,
        timeoutMs,
        ...encoded(kind, payload),
        headers: retryHeaders(retry),
      });
    } finally {
      inFlight -= 1;
    }
  }

  return {
    send,
    connect: (url) => {
      appUrl = url.replace(/\/+$/, "");
    },
    connected: () => appUrl !== null || socket.connected(),
    inFlight: () => inFlight,
  };
}

function encoded(kind: Kind, payload: Json): { contentType: string; body: string } {
  if (kind === "events_api") return { contentType: "application/json", body: JSON.stringify(payload) };
  const fields =
    kind === "interactive"
      ? { payload: JSON.stringify(payload) }
      : Object.fromEntries(Object.entries(payload).map(([key, value]) => [key, String(value)]));
  return { contentType: "application/x-www-form-urlencoded", body: new URLSearchParams(fields).toString() };
}

function retryHeaders(retry: Retry | undefined): Record<string, string> {
  if (retry === undefined || retry.number === 0) return {};
  return { "x-slack-retry-num": String(retry.number), "x-slack-retry-reason": retry.reason };
}
