import { sql } from "kysely";
import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { createReceiver, MOST_BODY_BYTES } from "../../src/intake/receive.ts";
import { HOOK_SOURCES } from "../../src/intake/sources/index.ts";
import type { Ring } from "../../src/store/outbox.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { testDatabase } from "../helpers/database.ts";
import { estate, eventAlert, issue, jobRequest, pingRequest, sentryRequest, slackCallback } from "../helpers/hear.ts";

function receiverOver(store: Store, options: { answerWithinMs?: number } = {}) {
  const clock = manualClock("2021-03-16T23:50:00Z");
  const shared = { store, catalogue: estate(), sources: HOOK_SOURCES, clock, log: silentLogger };
  const receiver = createReceiver({ ...shared, ...options });
  return { clock, receiver };
}

async function desk() {
  const { store } = await testDatabase();
  return { store, ...receiverOver(store) };
}

const inboxOf = (store: Store) => store.db.selectFrom("inbox").selectAll().orderBy("id").execute();

test("a delivery is in the database when it is answered, and asks for its work once", async () => {
  const { store, receiver, clock } = await desk();
  const rung: Ring[] = [];
  store.onCommitted((rings) => rung.push(...rings));
  const answer = await receiver.receive("sentry", sentryRequest(eventAlert()));
  expect(answer).toMatchObject({ status: 202, body: "kept\n" });
  expect(await inboxOf(store)).toMatchObject([
    {
      source: "sentry",
      resource: "event_alert",
      state: "pending",
      body: JSON.stringify(eventAlert()),
      received_at: clock.now(),
    },
  ]);
  expect(rung).toEqual([{ kind: "inbox", ref: 0, dueAt: clock.now() }]);
});

test("a thousand at once share a few commits; repetitions among them are one", async () => {
  const { store, receiver } = await desk();
  let commits = 0;
  store.onCommitted(() => {
    commits += 1;
  });
  const bodies = Array.from({ length: 1_000 }, (_, n) => eventAlert({ event: `e${n % 400}` }));
  const answers = await Promise.all(bodies.map((body) => receiver.receive("sentry", sentryRequest(body))));
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
  expect(await inboxOf(store)).toHaveLength(400);
  expect(commits).toBeLessThanOrEqual(3);
});

test("two processes that receive the same deliveries keep each once", async () => {
  const { store, url } = await testDatabase();
  const other = openStore({ url, connections: 2 });
  try {
    const [a, b] = [receiverOver(store).receiver, receiverOver(other).receiver];
    const bodies = Array.from({ length: 200 }, (_, n) => eventAlert({ event: `e${n}` }));
    const sent = [
      ...bodies.map((body) => [a, body] as const),
      ...bodies.toReversed().map((body) => [b, body] as const),
    ];
    const answers = await Promise.all(sent.map(([to, body]) => to.receive("sentry", sentryRequest(body))));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
    expect(await inboxOf(store)).toHaveLength(200);
  } finally {
    await other.close();
  }
});

test("the same body is one delivery for ten minutes, with no edge in between, and another one after", async () => {
  const { store, receiver, clock } = await desk();
  const again = async () => {
    await receiver.receive("sentry", sentryRequest(eventAlert()));
    return (await inboxOf(store)).length;
  };
  expect(await again()).toBe(1);
  clock.advance({ minutes: 9, seconds: 59 });
  expect(await again()).toBe(1);
  clock.advance({ seconds: 1 });
  expect(await again()).toBe(2);
  clock.advance({ minutes: 5 });
  expect(await again()).toBe(2);
  await receiver.receive("sentry", sentryRequest(eventAlert(), { resource: "error" }));
  expect(await inboxOf(store)).toHaveLength(3);
});

test("a job's word is known by rid and status for ever; a ping without rid is always new", async () => {
  const { store, receiver, clock } = await desk();
  const message = (status: string) =>
    receiver.receive(
      "job",
      jobRequest({ job: "person-sync", environment: "prod", rid: "a1", status }, { at: clock.machineNow() }),
    );
  expect((await message("started")).status).toBe(202);
  clock.advance({ hours: 30 });
  await message("started");
  await message("succeeded");
  expect(await inboxOf(store)).toHaveLength(2);
  for (let n = 0; n < 3; n += 1) {
    expect(await receiver.receive("ping", pingRequest("/job-secret/person-sync/prod/start"))).toMatchObject({
      status: 200,
      body: "OK\n",
    });
  }
  await receiver.receive("jobs", pingRequest("/ping/job-secret/person-sync/prod/start", { rid: "r1" }));
  await receiver.receive("ping", pingRequest("/job-secret/person-sync/prod/start", { rid: "r1", method: "HEAD" }));
  expect(await inboxOf(store)).toHaveLength(6);
});

test("no secret of a path is kept", async () => {
  const { store, receiver } = await desk();
  await receiver.receive("ping", pingRequest("/job-secret/person-sync/prod/7", { rid: "r" }));
  await receiver.receive(
    "sentry",
    sentryRequest({ event: { title: "x" } }, { path: "/sentry-secret", signature: null }),
  );
  const rows = await inboxOf(store);
  expect(rows.map((row) => row.request)).toMatchObject([{ path: "/ping/person-sync/prod/7" }, { path: "" }]);
  expect(JSON.stringify(rows)).not.toMatch(/job-secret|sentry-secret/);
});

test("junk after a valid signature is kept as refused and answered 400", async () => {
  const { store, receiver, clock } = await desk();
  expect(await receiver.receive("sentry", sentryRequest("not json"))).toMatchObject({
    status: 400,
    body: "the body is not a JSON object\n",
  });
  const at = clock.machineNow();
  expect((await receiver.receive("jobs", jobRequest({ job: "x", status: "failed" }, { at }))).status).toBe(400);
  expect((await receiver.receive("ping", pingRequest("/job-secret/person-sync/prod/999"))).status).toBe(400);
  expect((await receiver.receive("ping", pingRequest("/job-secret/person-sync/prod/done"))).status).toBe(400);
  expect((await inboxOf(store)).map((row) => [row.state, row.reason])).toEqual([
    ["refused", "the body is not a JSON object"],
    ["refused", "job and environment are needed"],
    ["refused", '"999" is none of start, fail, log or an exit code from 0 to 255'],
    ["refused", '"done" is none of start, fail, log or an exit code from 0 to 255'],
  ]);
  expect(await store.db.selectFrom("outbox").select("id").execute()).toEqual([]);
});

test("what cannot be authenticated is counted, its body never kept, and at most a thousand a day one by one", async () => {
  const { store, receiver, clock } = await desk();
  const strange = () => receiver.receive("sentry", sentryRequest({ secret: "of the body" }, { secret: "wrong" }));
  const answers = await Promise.all(Array.from({ length: 1_100 }, strange));
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([401]));
  expect(answers[0]?.body).not.toContain("secret");
  await strange();
  expect(await inboxOf(store)).toEqual([]);
  const kept = await store.db.selectFrom("unauthenticated").selectAll().execute();
  expect(kept).toHaveLength(1_000);
  expect(kept[0]).toMatchObject({ source: "sentry", sender: "192.0.2.1", reason: "bad signature" });
  expect(kept[0]?.body_sha256).toMatch(/^[0-9a-f]{64}$/);
  clock.advance({ minutes: 20 });
  await strange();
  const counts = await store.db
    .selectFrom("unauthenticated_counts")
    .select(["count", "reason"])
    .orderBy("day")
    .execute();
  expect(counts).toEqual([
    { count: 1_101, reason: "bad signature" },
    { count: 1, reason: "bad signature" },
  ]);
  expect(await store.db.selectFrom("unauthenticated").select("id").execute()).toHaveLength(1_001);
});

test.each([
  ["an unknown source", "nobody", sentryRequest(eventAlert()), 404],
  ["a kind that is not heard yet", "later", sentryRequest(eventAlert()), 404],
  ["a name that every object has", "constructor", sentryRequest(eventAlert()), 404],
  ["more than a mebibyte", "sentry", sentryRequest(`"${"x".repeat(MOST_BODY_BYTES)}"`), 413],
  ["a ping with another secret", "ping", pingRequest("/wrong/person-sync/prod"), 401],
  ["a ping without one", "ping", pingRequest(""), 401],
])("%s is answered so", async (_, name, request, status) => {
  const { store, receiver } = await desk();
  expect((await receiver.receive(name, request)).status).toBe(status);
  expect(await inboxOf(store)).toEqual([]);
});

test("503 when the database is away, and nothing is lost once it is back", async () => {
  const { store } = await testDatabase();
  const away = openStore({ url: "postgres://nobody@127.0.0.1:9/nothing" });
  const { receiver } = receiverOver(away);
  const answers = await Promise.all([
    receiver.receive("sentry", sentryRequest(eventAlert())),
    receiver.receive("sentry", sentryRequest(eventAlert({ event: "e2" }))),
  ]);
  expect(answers.map((answer) => answer.status)).toEqual([503, 503]);
  expect(answers[0]?.headers["retry-after"]).toBe("5");
  await expect(receiver.receiveSlackEvent(slackCallback({ text: "x", ts: "1.1" }))).rejects.toThrow();
  expect((await receiver.receive("sentry", sentryRequest(eventAlert(), { secret: "wrong" }))).status).toBe(401);
  await away.close();
  const back = receiverOver(store).receiver;
  expect((await back.receive("sentry", sentryRequest(eventAlert()))).status).toBe(202);
  expect(await inboxOf(store)).toHaveLength(1);
});

test("503 when the database hangs; the repetition of what was saved after all is known", async () => {
  const { store } = await testDatabase();
  const { receiver } = receiverOver(store, { answerWithinMs: 50 });
  const blocker = await store.db.startTransaction().execute();
  await sql`lock table inbox in access exclusive mode`.execute(blocker);
  expect((await receiver.receive("sentry", sentryRequest(eventAlert()))).status).toBe(503);
  await blocker.rollback().execute();
  await receiver.idle();
  const { receiver: patient } = receiverOver(store);
  expect((await patient.receive("sentry", sentryRequest(eventAlert()))).status).toBe(202);
  expect(await inboxOf(store)).toHaveLength(1);
});

test("an event of Slack is kept once by its id", async () => {
  const { store, receiver } = await desk();
  const callback = slackCallback({ text: "hello\u0000 \ud800", ts: "1615905700.000100" }, "Ev7");
  await Promise.all([receiver.receiveSlackEvent(callback), receiver.receiveSlackEvent(callback)]);
  await receiver.receiveSlackEvent(callback);
  expect(await inboxOf(store)).toMatchObject([{ source: "slack", delivery_key: "Ev7", resource: "message" }]);
});

test("bytes that Postgres cannot keep lose only those bytes, and nothing of their neighbours", async () => {
  const { store, receiver } = await desk();
  const body = JSON.stringify(issue("created")).replace('"issue"', '"nul":"\u0000","issue"');
  const nasty = { ...sentryRequest(body, { path: "/sentry-secret", signature: null }), query: { "a\u0000": "\ud800" } };
  const answers = await Promise.all([
    receiver.receive("sentry", nasty),
    receiver.receive("sentry", sentryRequest(eventAlert())),
    receiver.receive("sentry", sentryRequest(Buffer.from([0x7b, 0xff, 0x00, 0x7d]).toString("latin1"))),
  ]);
  expect(answers.map((answer) => answer.status)).toEqual([400, 202, 400]);
  expect(await inboxOf(store)).toHaveLength(3);
});
