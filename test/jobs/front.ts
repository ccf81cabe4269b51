import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A call on its way to the target. */
export interface Passing {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Instead {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/**
 * Stands before a real target and passes every call on, as bad as a test wants it: `instead` answers in the target's
 * place, `after` changes what the target has answered (null: the connection is cut).
 */
export async function openFront(url: string) {
  const state = {
    calls: [] as Passing[],
    instead: null as ((call: Passing) => Instead | null | "silence") | null,
    after: null as ((call: Passing, answered: Instead) => Instead | null) | null,
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call: Passing = {
      method: request.method ?? "GET",
      path: request.url ?? "/",
      headers: request.headers,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    state.calls.push(call);
    const instead = state.instead?.(call) ?? null;
    if (instead === "silence") return;
    // What the target cuts is cut here too.
    const answered = instead ?? (await passOn(url, call).catch(() => null));
    const final = answered === null || state.after === null ? answered : state.after(call, answered);
    if (final === null) return void request.socket.destroy();
    const text = typeof final.body === "string" ? final.body : JSON.stringify(final.body ?? {});
    response.writeHead(final.status, { connection: "close", ...final.headers });
    response.end(final.status === 204 ? undefined : text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closed;
  };
  onTestFinished(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, state, close };
}

async function passOn(url: string, { method, path, headers, body }: Passing): Promise<Instead> {
  const own = Object.entries(headers).flatMap(([name, value]) =>
    ["host", "connection", "content-length", "transfer-encoding", "expect"].includes(name) || typeof value !== "string"
      ? []
      : [[name, value]],
  );
  const response = await fetch(url + path, {
    method,
    headers: Object.fromEntries(own),
    redirect: "manual",
    ...(body === "" ? {} : { body }),
  });
  const kept = ["content-type", "location", "retry-after", "x-amzn-query-error", "link"].flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  return { status: response.status, headers: Object.fromEntries(kept), body: await response.text() };
}
