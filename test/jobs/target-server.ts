import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** One call that the target got. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly authorization: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** The answer never comes: the connection is cut after the call was taken. */
  readonly hangUp?: boolean;
  readonly afterMs?: number;
}

/** A target on loopback, driven by one function; it lives as long as the test. */
export async function targetServer(
  answer: (call: Call) => Reply | Promise<Reply>,
): Promise<{ url: string; calls: Call[]; close(): Promise<void> }> {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = {
      method: request.method ?? "",
      path: request.url ?? "",
      body: Buffer.concat(chunks).toString("utf8"),
      authorization: request.headers.authorization,
      headers: request.headers,
    };
    calls.push(call);
    const reply = await answer(call);
    if (reply.hangUp === true) {
      request.socket.destroy();
      return;
    }
    if (reply.afterMs !== undefined) await new Promise((resolve) => setTimeout(resolve, reply.afterMs));
    const text = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body ?? {});
    response.writeHead(reply.status ?? 200, { connection: "close", ...reply.headers });
    response.end(text);
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
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls, close };
}

/** TIS-SYNC as far as it can be seen from outside: a boolean map, no ids, no abort, "Already running" with status 200. */
export function syncTarget(profile: string) {
  const state = {
    profile,
    running: new Map<string, boolean>([["personJob", false]]),
    starts: 0,
    policies: [{ resource: "tis:sync::jobs:", actions: ["Update", "View"], effect: "Allow" }] as unknown,
    roles: new Map<string, string[]>([["asha", ["Machine User"]]]),
    /** Answers the next calls that match instead. */
    instead: null as ((call: Call) => Reply | null) | null,
    /** Does what was asked and then cuts the connection. */
    cutAfterStart: false,
  };
  const answer = (call: Call): Reply => {
    const other = state.instead?.(call) ?? null;
    if (other !== null) return other;
    if (call.path === "/sync/api/sys/profile") return { body: state.profile };
    if (call.path === "/sync/api/jobs/status") return { body: Object.fromEntries(state.running) };
    if (call.path === "/profile/api/userinfo") return { body: { permissionPolicies: state.policies } };
    if (call.path.startsWith("/profile/api/hee-users/")) {
      const roles = state.roles.get(decodeURIComponent(call.path.slice("/profile/api/hee-users/".length)));
      return roles === undefined ? { status: 404 } : { body: { roles: roles.map((name) => ({ name })) } };
    }
    const name = /^\/sync\/api\/job\/(.+)$/.exec(call.path)?.[1];
    if (call.method === "PUT" && name !== undefined) {
      const running = state.running.get(name);
      if (running === undefined) return { status: 400, body: { error: "Job not found" } };
      if (running) return { body: { status: "Already running" } };
      state.running.set(name, true);
      state.starts += 1;
      return state.cutAfterStart ? { hangUp: true } : { body: { status: "Just started" } };
    }
    return { status: 404 };
  };
  return { state, answer };
}

/** Its entry under `targets:`. */
export const syncEntry = (url: string, equals: string[]) => ({
  connector: "http",
  url,
  headers: { authorization: "Bearer s3cr3t-token" },
  identity: { get: "/sync/api/sys/profile", split: ",", equals },
  start: {
    put: "/sync/api/job/${target.name}",
    conflict: { path: "status", equals: "Already running" },
    invalid: { status: 400 },
  },
  status: { get: "/sync/api/jobs/status", running: "${target.name}" },
  permission: {
    own: {
      get: "/profile/api/userinfo",
      policies: "permissionPolicies",
      resource: "tis:sync::jobs:",
      actions: { run: "Update", view: "View" },
    },
    person: { get: "/profile/api/hee-users/${person.target}", roles: "roles", needs: { run: "Machine User" } },
  },
  evidence: "signals",
  abort: "none",
  timeout: "1s",
});
