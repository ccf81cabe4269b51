import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { VERBS } from "../../../sandbox/drill/language.ts";
import { sendWebhook } from "../../../sandbox/drill/verbs/webhook.ts";

const catalogue = {
  sources: {
    sentry: { kind: "sentry", secret: "sentry-secret" },
    jobs: { kind: "job", secret: "job-secret" },
    queues: { kind: "generic", secret: "queue-secret", auth: "hmac-sha256" },
    plain: { kind: "generic", secret: "path-secret", auth: "path" },
    github: { kind: "github", secret: "github-secret" },
    deploys: { kind: "deploy", secret: "deploy-secret" },
    prometheus: { kind: "alertmanager", secret: "bearer-secret" },
    grafana: { kind: "grafana", secret: "grafana-secret" },
    stamped: { kind: "grafana", secret: "grafana-secret", timestampHeader: "X-Grafana-At" },
    aws: { kind: "aws", auth: "path", secret: "aws-secret" },
    later: { kind: "zabbix", secret: "x" },
  },
};

async function hooks(status = 202) {
  const seen: { method: string; path: string; headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += String(chunk);
    });
    request.on("end", () => {
      seen.push({ method: request.method ?? "", path: request.url ?? "", headers: request.headers, body });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const send = (webhook: Record<string, unknown>) =>
    sendWebhook(VERBS.webhook.parse(webhook), { url: `http://127.0.0.1:${port}`, catalogue, file: "/x/drill.yml" });
  return { seen, send };
}

const hmac = (secret: string, text: string) => createHmac("sha256", secret).update(text).digest("hex");

test("each kind is signed as its vendor signs", async () => {
  const { seen, send } = await hooks();
  await send({ source: "sentry", event: "event_alert", body: { a: 1 } });
  await send({ source: "jobs", body: { job: "x" } });
  await send({ source: "queues", body: { q: 1 } });
  await send({ source: "plain", body: { p: 1 } });
  expect(seen[0]).toMatchObject({
    path: "/hooks/sentry",
    headers: { "sentry-hook-resource": "event_alert", "sentry-hook-signature": hmac("sentry-secret", '{"a":1}') },
  });
  const at = String(seen[1]?.headers["x-nightdesk-timestamp"]);
  expect(Math.abs(Number(at) - Date.now() / 1000)).toBeLessThan(10);
  expect(seen[1]?.headers["x-nightdesk-signature"]).toBe(`v0=${hmac("job-secret", `v0:${at}:{"job":"x"}`)}`);
  expect(seen[2]?.headers["x-signature"]).toBe(hmac("queue-secret", '{"q":1}'));
  expect(seen[3]?.path).toBe("/hooks/plain/path-secret");
});

test("GitHub, pipelines, Prometheus, Grafana and Amazon, each in its own way", async () => {
  const { seen, send } = await hooks();
  await send({ source: "github", event: "workflow_run", body: { a: 1 }, repeat: 2 });
  const [sent, again] = seen;
  expect(sent).toMatchObject({
    path: "/hooks/github",
    headers: {
      "x-github-event": "workflow_run",
      "x-hub-signature-256": `sha256=${hmac("github-secret", '{"a":1}')}`,
      "x-github-delivery": again?.headers["x-github-delivery"],
    },
  });
  seen.length = 0;
  await send({ source: "github", event: "ping", body: { a: 1 }, repeat: 2, each: [{ path: "a", from: 1 }] });
  expect(new Set(seen.map((one) => one.headers["x-github-delivery"])).size).toBe(2);
  seen.length = 0;
  for (const source of ["deploys", "prometheus", "grafana", "stamped"]) await send({ source, body: { a: 1 } });
  await send({ source: "aws", event: "Notification", body: { Type: "Notification", MessageId: "m-1" } });
  const at = String(seen[3]?.headers["x-grafana-at"]);
  expect(seen[0]?.headers["x-signature"]).toBe(hmac("deploy-secret", '{"a":1}'));
  expect(seen[1]?.headers.authorization).toBe("Bearer bearer-secret");
  expect(seen[2]?.headers["x-grafana-alerting-signature"]).toBe(hmac("grafana-secret", '{"a":1}'));
  expect(seen[3]?.headers["x-grafana-alerting-signature"]).toBe(hmac("grafana-secret", `${at}:{"a":1}`));
  expect(seen[4]).toMatchObject({
    path: "/hooks/aws/aws-secret",
    headers: { "x-amz-sns-message-type": "Notification", "x-amz-sns-message-id": "m-1" },
  });
  expect(seen[4]?.headers["content-type"]).toMatch(/^text\/plain/);
});

test("a repetition is the same bytes and ids; with each: every copy is a delivery of its own", async () => {
  const { seen, send } = await hooks();
  const body = { data: { event: { id: "0", group: "" } } };
  await send({ source: "sentry", event: "error", body, repeat: 2 });
  expect(new Set(seen.map((one) => JSON.stringify([one.body, one.headers["request-id"]]))).size).toBe(1);
  seen.length = 0;
  const said = await send({
    source: "sentry",
    event: "error",
    body,
    repeat: 3,
    each: [
      { path: "data.event.id", from: 7 },
      { path: "data.event.group", in: ["a", "b"] },
    ],
  });
  expect(seen.map((one) => JSON.parse(one.body).data.event)).toEqual([
    { id: "7", group: "a" },
    { id: "8", group: "b" },
    { id: "9", group: "a" },
  ]);
  expect(new Set(seen.map((one) => one.headers["request-id"])).size).toBe(3);
  expect(said).toBe("sentry error: 202 ×3");
});

test("a ping carries its secret, job, environment and run in the address", async () => {
  const { seen, send } = await hooks(200);
  const about = { source: "jobs", path: "/ping", job: "ndw-etl", environment: "prod" };
  await send({ ...about, ping: "start", rid: "a1" });
  await send({ ...about, ping: "success" });
  await send({ ...about, ping: 3 });
  expect(seen.map((one) => one.path)).toEqual([
    "/hooks/ping/job-secret/ndw-etl/prod/start?rid=a1",
    "/hooks/ping/job-secret/ndw-etl/prod",
    "/hooks/ping/job-secret/ndw-etl/prod/3",
  ]);
});

test("the answer must be the one expected: 401 for a wrong signature", async () => {
  const refusing = await hooks(401);
  expect(await refusing.send({ source: "jobs", body: {}, signed: "wrong" })).toBe("jobs: 401");
  await refusing.send({ source: "jobs", body: {}, signed: false });
  expect(refusing.seen[1]?.headers).not.toHaveProperty("x-nightdesk-signature");
  await expect(refusing.send({ source: "jobs", body: {} })).rejects.toThrow("expected 202, was answered 401");
  const taking = await hooks();
  await expect(taking.send({ source: "jobs", body: {}, signed: "wrong" })).rejects.toThrow(
    "expected 401, was answered 202",
  );
  await expect(taking.send({ source: "sentri", body: {} })).rejects.toThrow(/no source "sentri"; it has sentry, jobs/);
  await expect(taking.send({ source: "later", body: {} })).rejects.toThrow(/"zabbix" are not built yet/);
});

test("over: spreads and concurrency: overlaps", async () => {
  const { seen, send } = await hooks();
  const startedAt = Date.now();
  await send({ source: "jobs", body: {}, repeat: 10, over: "300ms", concurrency: 3 });
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(250);
  expect(seen).toHaveLength(10);
});
