import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { createCounters } from "../../src/http/counters.ts";
import type { Receive } from "../../src/http/hooks.ts";
import type { HookRequest } from "../../src/intake/sources/contract.ts";
import { serve } from "./serve.ts";

function intake() {
  const seen: [string, HookRequest][] = [];
  const receive: Receive = async (source, request) => {
    seen.push([source, request]);
    return { status: 202, body: "kept\n", headers: { "x-test": "yes" } };
  };
  return { seen, receive };
}

test("a hook reaches the intake as it came: raw body, headers, path, query, sender", async () => {
  const { seen, receive } = intake();
  const { url } = await serve({ receive });
  const body = Buffer.from([0xff, 0x00, 0x7b]);
  const answer = await fetch(`${url}/hooks/my%20queue/s3cret/a%2Fb?rid=1&x=`, {
    method: "POST",
    headers: { "X-Signature": "abc", "x-forwarded-for": "192.0.2.7" },
    body,
  });
  expect(answer.status).toBe(202);
  expect(answer.headers.get("x-test")).toBe("yes");
  const [source, request] = seen[0] ?? [];
  expect(source).toBe("my queue");
  expect(request).toMatchObject({ method: "POST", path: "/s3cret/a%2Fb", query: { rid: "1", x: "" } });
  expect(request?.headers["x-signature"]).toBe("abc");
  expect(request?.body.equals(body)).toBe(true);
  expect(request?.sender).toBe("127.0.0.1 for 192.0.2.7");
});

test("HEAD and GET are hooks too; HEAD has no body", async () => {
  const { seen, receive } = intake();
  const { url } = await serve({ receive });
  const head = await fetch(`${url}/hooks/ping/s/job/prod/start`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([202, ""]);
  expect(await (await fetch(`${url}/hooks/ping/s/job/prod`)).text()).toBe("kept\n");
  expect(seen.map(([, { method }]) => method)).toEqual(["HEAD", "GET"]);
});

test("1 MiB is taken, a byte more is not, declared or not", async () => {
  const { seen, receive } = intake();
  const { url } = await serve({ receive });
  const post = (body: BodyInit, init: RequestInit = {}) =>
    fetch(`${url}/hooks/jobs`, { method: "POST", body, ...init });
  expect((await post(Buffer.alloc(1_048_576))).status).toBe(202);
  const tooLarge = await post(Buffer.alloc(1_048_577)).catch(() => null);
  expect(tooLarge === null || tooLarge.status === 413).toBe(true);
  expect(seen).toHaveLength(1);

  const { port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  await once(socket, "connect");
  socket.write("POST /hooks/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n");
  const [first] = await once(socket, "data");
  expect(String(first)).toMatch(/^HTTP\/1\.1 413 /);
  socket.destroy();
  expect(seen).toHaveLength(1);
});

test("a sender that goes away in the middle is no delivery", async () => {
  const { seen, receive } = intake();
  const { url } = await serve({ receive });
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  socket.end("POST /hooks/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf");
  socket.resume();
  await once(socket, "close");
  expect(seen).toEqual([]);
});

test("Slack's requests go to Slack's listener untouched, and are not there without one", async () => {
  const { url } = await serve({
    slackListener: (request, response) => {
      request.resume();
      response.end(`slack ${request.method}`);
    },
  });
  expect(await (await fetch(`${url}/slack/events`, { method: "POST", body: "x" })).text()).toBe("slack POST");
  const without = await serve();
  expect((await fetch(`${without.url}/slack/events`, { method: "POST", body: "x" })).status).toBe(404);
});

test("health and readiness are two things", async () => {
  const { url } = await serve({ ready: async () => ({ ok: false, problems: ["Postgres does not answer"] }) });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const ready = await fetch(`${url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ ok: false, problems: ["Postgres does not answer"] });
});

test("a worker has no hooks and no API", async () => {
  const { url } = await serve();
  for (const path of ["/hooks/jobs", "/api/incidents", "/nothing"]) {
    expect((await fetch(url + path, { method: "POST", body: "x" })).status, path).toBe(404);
  }
});

test("a fault is told with its reference and reported, without its text", async () => {
  const reported: unknown[] = [];
  const { url } = await serve({
    receive: () => Promise.reject(new Error("secret detail")),
    reportFault: (...fault) => reported.push(fault),
  });
  const answer = await fetch(`${url}/hooks/jobs`, { method: "POST", body: "x" });
  expect(answer.status).toBe(500);
  const told = await answer.text();
  expect(told).toMatch(/Our fault\. Reference [0-9a-f]{8}\./);
  expect(told).not.toContain("secret detail");
  expect(reported).toHaveLength(1);
});

test("requests are counted by route and status", async () => {
  const counters = createCounters();
  const { url } = await serve({ counters, metrics: async () => counters.lines().join("\n") });
  await fetch(`${url}/healthz`);
  await fetch(`${url}/nowhere`);
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain('nightdesk_http_requests_total{route="healthz",status="200"} 1');
  expect(text).toContain('nightdesk_http_requests_total{route="none",status="404"} 1');
  expect(text).toContain('nightdesk_http_request_seconds_bucket{route="healthz",le="+Inf"} 1');
});

test("closing lets a request under way end", async () => {
  let release: () => void = () => {};
  const waiting = new Promise<void>((resolve) => {
    release = resolve;
  });
  let arrived: () => void = () => {};
  const here = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const { url, close } = await serve({
    receive: async () => {
      arrived();
      await waiting;
      return { status: 202, body: "kept\n", headers: {} };
    },
  });
  const answer = fetch(`${url}/hooks/jobs`, { method: "POST", body: "x" });
  await here;
  const closing = close();
  release();
  expect((await answer).status).toBe(202);
  await closing;
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});
