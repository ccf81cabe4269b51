import { expect, test } from "vitest";
import { commands } from "../../commands/index.ts";
import { silentLogger } from "../../src/base/log.ts";
import { createRouter } from "../../src/command/router.ts";
import { createApi } from "../../src/http/api.ts";
import { createExporters } from "../../src/postmortem/exporters/index.ts";
import { createCommandExecutor } from "../../src/services/command-requests.ts";
import type { Services } from "../../src/services/contract.ts";
import { requestWork } from "../../src/store/outbox.ts";
import { desk } from "../commands/desk.ts";
import { asha, asking, catalogue, incidentDesk } from "../services/desk.ts";
import { serve } from "./serve.ts";

const TOKEN = "a-token-of-the-test";

async function apiOver(token: string | null = TOKEN) {
  const around = await incidentDesk();
  const { store, clock, folder } = around;
  const exporters = createExporters({ folder, uploadToThread: async () => null, onUploadFailed: () => {} });
  const { url } = await serve({
    api: createApi({
      store,
      clock,
      catalogue,
      exporters,
      connections: { of: () => null },
      groupMembers: async () => [],
      token,
    }),
  });
  const authorised = { authorization: `Bearer ${TOKEN}` };
  const get = async (path: string) => {
    const answer = await fetch(url + path, { headers: authorised });
    return { status: answer.status, json: (await answer.json()) as unknown };
  };
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${url}/api/command`, { method: "POST", headers: { ...authorised, ...headers }, body: JSON.stringify(body) });
  return { ...around, url, get, post };
}

test("the API is closed without a token, and to a wrong one", async () => {
  const closed = await apiOver(null);
  expect((await fetch(`${closed.url}/api/incidents`, { headers: { authorization: "Bearer null" } })).status).toBe(404);
  const { url } = await apiOver();
  for (const authorization of ["", "Bearer wrong", `Basic ${TOKEN}`, `Bearer ${TOKEN}x`]) {
    const answer = await fetch(`${url}/api/incidents`, { headers: { authorization } });
    expect([answer.status, answer.headers.get("www-authenticate")], authorization).toEqual([401, "Bearer"]);
  }
});

test("deploys that were heard of, oldest first", async () => {
  const { get, store, clock } = await apiOver();
  const at = clock.now();
  const told = { source: "deploys", outcome: "succeeded", title: "deployed", said_at: at, learned_at: at };
  await store.db
    .insertInto("deploys")
    .values([
      { ...told, at, told_as: "2", service: "tcs", environment: "prod", version: "6.2.0" },
      { ...told, at: at.subtract({ hours: 1 }), told_as: "1", service: "tcs", environments: ["prod", "nimdta"] },
    ])
    .execute();
  expect((await get("/api/deploys")).json).toMatchObject({
    deploys: [
      { service: "tcs", environment: null, candidates: ["prod", "nimdta"], version: null },
      { service: "tcs", environment: "prod", candidates: [], version: "6.2.0", at: at.toString(), url: null },
    ],
  });
});

test("incidents, their timeline and their postmortem, with the names that drills use", async () => {
  const { get, incidents, url } = await apiOver();
  await incidents.open(asking(), { title: "ESR fails", severity: "sev2", environment: "prod", service: "esr" });
  await incidents.open(asking(), { title: "second" });
  await incidents.setStatus(asking(), 2, "resolved");
  const list = await get("/api/incidents");
  expect(list.json).toMatchObject({ incidents: [{ number: 1 }, { number: 2, status: "resolved" }] });
  expect((await get("/api/incidents/1")).json).toMatchObject({
    number: 1,
    status: "open",
    severity: "sev2",
    title: "ESR fails",
    signals: 0,
    services: ["esr"],
    environment: "prod",
    owner: null,
    suspects: [],
  });
  expect((await get("/api/incidents/1/timeline")).json).toMatchObject({
    timeline: [
      { kind: "command", text: "Asha Rao opened the incident: ESR fails", by: "asha", edited: false, key: false },
    ],
  });
  const postmortem = await fetch(`${url}/api/incidents/1/postmortem?format=markdown`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  expect(postmortem.headers.get("content-type")).toContain("text/markdown");
  expect(await postmortem.text()).toMatch(/^# INC-1: ESR fails\n/);
  expect(await get("/api/incidents/1/postmortem?format=pdf")).toMatchObject({
    status: 404,
    json: { error: { code: "unknown_format" } },
  });
  expect(await get("/api/incidents/9")).toMatchObject({
    status: 404,
    json: { error: { message: "There is no INC-9." } },
  });
});

test("an incident whose senders cannot say where tells where it may be", async () => {
  const { get, store, clock, incidents } = await apiOver();
  await incidents.open(asking(), { title: "Sync failed" });
  await incidents.open(asking(), { title: "elsewhere", environment: "prod" });
  const at = clock.now();
  const signal = { source: "slack", kind: "failed", title: "Sync failed", at, received_at: at, incident_id: 1 };
  await store.db
    .insertInto("signals")
    .values({ ...signal, environments: ["prod", "nimdta"] })
    .execute();
  expect((await get("/api/incidents")).json).toMatchObject({
    incidents: [{ candidates: ["prod", "nimdta"] }, { candidates: [] }],
  });
  expect((await get("/api/incidents/1")).json).toMatchObject({ environment: null, candidates: ["prod", "nimdta"] });
});

test("runs, their items, monitors, audit and refusals", async () => {
  const { get, store, clock, incidents } = await apiOver();
  const now = clock.now();
  await incidents.open(asking(), { title: "x", environment: "prod" });
  const run = {
    number: 1,
    intent_key: "k",
    job: "person-sync",
    environment: "prod",
    target: "t",
    state: "queued",
    state_since: now,
    requested_by: "slack:U012",
    requested_by_key: "asha",
    requested_by_name: "Asha Rao",
    requested_at: now,
    surface: "api",
    incident_id: 1,
  };
  await store.db.insertInto("runs").values(run).execute();
  await store.db
    .insertInto("inbox")
    .values({
      source: "jobs",
      delivery_key: "1",
      request: "{}",
      body: "junk",
      received_at: now,
      state: "refused",
      reason: "no JSON",
    })
    .execute();
  const one = {
    number: 1,
    state: "queued",
    job: "person-sync",
    environment: "prod",
    by: "asha",
    approvedBy: [],
    proved: false,
    restored: false,
    version: null,
    parent: null,
  };
  expect((await get("/api/runs")).json).toMatchObject({ runs: [one] });
  expect((await get("/api/runs/1")).json).toMatchObject({ ...one, incident: 1 });
  expect((await get("/api/runs/1/items")).json).toEqual({ items: [] });
  expect((await get("/api/runs/2")).status).toBe(404);
  expect((await get("/api/monitors")).json).toEqual({ monitors: [] });
  expect((await get("/api/audit")).json).toMatchObject({
    audit: [{ action: "incident.open", by: "asha", outcome: "allowed", incident: 1, environment: "prod" }],
  });
  expect((await get("/api/refused")).json).toMatchObject({
    refused: [{ source: "jobs", reason: "no JSON", body: "junk" }],
  });
});

test("an address that is not there is told so", async () => {
  const { get, incidents } = await apiOver();
  await incidents.open(asking(), { title: "x" });
  const paths = ["nothing", "incidents/1/x", "incidents/one", "incidents/1/timeline/x", "audit/1", "", "runs/1"];
  for (const path of paths) expect((await get(`/api/${path}`)).status, path).toBe(404);
});

test("limits are numbers, methods are what they are", async () => {
  const { get, url } = await apiOver();
  expect((await get("/api/audit?limit=0")).status).toBe(400);
  expect((await get("/api/audit?limit=x")).status).toBe(400);
  const headers = { authorization: `Bearer ${TOKEN}` };
  expect((await fetch(`${url}/api/incidents`, { method: "DELETE", headers })).status).toBe(405);
  expect((await fetch(`${url}/api/command`, { headers })).headers.get("allow")).toBe("POST");
});

test("settled names what is still to be done, and when something falls due", async () => {
  const { get, store, clock } = await apiOver();
  expect((await get("/api/settled")).json).toEqual({ settled: true, waiting: [], nextDueAt: null });
  const later = clock.now().add({ hours: 1 });
  await store.tx((tx) => requestWork(tx, { kind: "run", ref: 7, dueAt: later }));
  expect((await get("/api/settled")).json).toEqual({ settled: true, waiting: [], nextDueAt: later.toString() });
  await store.tx((tx) => requestWork(tx, { kind: "incident", ref: 3, dueAt: clock.now() }));
  await store.db
    .insertInto("inbox")
    .values({ source: "jobs", delivery_key: "1", request: "{}", body: "x", received_at: clock.now() })
    .execute();
  const request = { surface: "slash", actor: "slack:U012", text: "x", context: "{}", requested_at: clock.now() };
  await store.db
    .insertInto("command_requests")
    .values([
      { ...request, key: "a" },
      { ...request, key: "b", answered_at: clock.now() },
      { ...request, key: "c", answered_at: clock.now(), delivered_at: clock.now() },
      { ...request, key: "d", answered_at: clock.now(), delivery: '{"how": "none", "state": "undeliverable"}' },
    ])
    .execute();
  expect((await get("/api/settled")).json).toMatchObject({
    settled: false,
    waiting: ["1 in the inbox", "command 1 unanswered", "command 2 undelivered", "incident 3"],
  });
});

test("a command is carried out as the person named, and answered as text and data", async () => {
  const { post, store, clock, incidents } = await apiOver();
  const services: Services = { ...unused(), incidents };
  const router = createRouter({ commands, services, catalogue, clock, log: silentLogger, reportFault: () => {} });
  const execute = createCommandExecutor({
    numbersOfThread: async () => ({ incident: null, run: null }),
    store,
    clock,
    log: silentLogger,
    router,
    resolveActor: async () => ({ kind: "person", actor: asha }),
  });
  store.onCommitted((rings) => {
    for (const { kind, ref } of rings) if (kind === "command") void execute(ref);
  });
  const first = await post(
    { text: 'incident open "ESR <fails>" environment=prod', as: "asha" },
    { "idempotency-key": "1" },
  );
  expect(first.status).toBe(200);
  const said: unknown = await first.json();
  expect(said).toMatchObject({
    answer: { tone: "done", text: expect.stringContaining("Opened INC-1 sev3 open: ESR <fails> in"), ask: null },
    data: { incident: { number: 1, title: "ESR <fails>" } },
  });
  const again = await post(
    { text: 'incident open "ESR <fails>" environment=prod', as: "asha" },
    { "idempotency-key": "1" },
  );
  expect(await again.json()).toEqual(said);
  const form: unknown = await (await post({ text: "incident note INC-1", as: "asha" })).json();
  expect(form).toMatchObject({ answer: { ask: { fields: [{ key: "text" }, { key: "at" }] } } });
  const confirmation = { id: "incident-note-1", values: { text: "by form" } };
  expect(await (await post({ text: "incident note INC-1", as: "U012", confirmation })).json()).toMatchObject({
    answer: { text: "Noted on INC-1." },
  });
});

test("a command that cannot be taken is answered at once and not kept", async () => {
  const { post, store } = await apiOver();
  for (const [body, status, wayOut] of [
    [{ text: "sync jobs", as: "ahsa" }, 404, "Did you mean asha?"],
    [{ text: "sync jobs", as: "dev" }, 400, "Give the Slack id, or add it to the catalogue."],
    [{ text: "", as: "asha" }, 400, "Send JSON"],
    [{ text: "sync jobs", as: "asha", user: "x" }, 400, "Send JSON"],
    [null, 400, "Send JSON"],
  ] as const) {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(wayOut);
  }
  expect(await store.db.selectFrom("command_requests").select("id").execute()).toEqual([]);
});

/** The rooms that this test does not reach: whatever is called there is a mistake of the test. */
function unused(): Services {
  const never = () => Promise.reject(new Error("not part of this test"));
  expect(desk().calls).toEqual([]);
  return {
    jobs: { list: never, status: never, history: never },
    changes: { deploys: never, impact: never },
    monitors: { list: never, snooze: never, reset: never },
    gates: { list: never, get: never, approve: never, reject: never },
    runs: {
      ...{
        request: never,
        rerun: never,
        dryRun: never,
        dryRerun: never,
        dryRestore: never,
        abort: never,
        settle: never,
        get: never,
      },
      ...{ newest: never, pause: never, resume: never, restore: never, approve: never, reject: never, withdraw: never },
    },
    freezes: { list: never, add: never, end: never, override: never },
    chains: { start: never, dryStart: never },
    pins: { set: never, clear: never },
    fanouts: { resync: never, dryResync: never, orphans: never, repair: never, dryRepair: never },
    deadLetters: { list: never, show: never, redrive: never },
    sentry: { issues: never, change: never },
    permissions: { show: never, gaps: never },
    incidents: {} as Services["incidents"],
  };
}
