import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { minutes, openTarget, seconds } from "./support.ts";

const REPO = "/repos/acme/sync";
const WORKFLOW = `${REPO}/actions/workflows/sync.yml`;

async function actions(options: Record<string, unknown> = {}) {
  const opened = await openTarget("github", options);
  const { call, target } = opened;
  const dispatch = (body: object = {}) => call("POST", `${WORKFLOW}/dispatches`, { body: { ref: "main", ...body } });
  const get = async (path: string) => (await call("GET", REPO + path)).body;
  return {
    ...opened,
    dispatch,
    get,
    start: async (inputs: object = {}) => {
      const { body } = await dispatch({ inputs, return_run_details: true });
      return (body as { workflow_run_id: number }).workflow_run_id;
    },
    look: (id: number) => get(`/actions/runs/${id}`),
    post: (id: number, what: string) => call("POST", `${REPO}/actions/runs/${id}/${what}`),
    counts: () => target.counts(),
  };
}

test("a dispatch is a run with the key in its name; the run waits, works and ends", async () => {
  const { dispatch, look, advance, target, counts } = await actions({ slow: "1m" });
  const details = (await dispatch({ inputs: { intent_key: "k1", since: "2023-12-01" }, return_run_details: true }))
    .body;
  expect(details).toEqual({
    workflow_run_id: 19_000_000_001,
    run_url: `${target.url}${REPO}/actions/runs/19000000001`,
    html_url: `${target.url}/acme/sync/actions/runs/19000000001`,
  });
  expect(await look(19_000_000_001)).toMatchObject({
    display_title: "Sync k1",
    status: "queued",
    conclusion: null,
    event: "workflow_dispatch",
    head_branch: "main",
    run_attempt: 1,
    created_at: "2023-12-11T14:45:00Z",
  });
  await advance(minutes(1));
  expect(await look(19_000_000_001)).toMatchObject({ status: "in_progress", run_started_at: "2023-12-11T14:46:00Z" });
  expect(counts()).toMatchObject({ dispatches: 1, active: 1, lastInputs: { since: "2023-12-01" }, lastRef: "main" });
  await advance(minutes(5));
  expect(await look(19_000_000_001)).toMatchObject({ status: "completed", conclusion: "success" });
  expect(counts()).toMatchObject({ active: 0, succeeded: 1, failed: 0 });
});

test("without being asked it tells no id, an older server refuses the question, and every dispatch is a run", async () => {
  const { dispatch, get, target, counts } = await actions({
    runName: "Resync ${{ inputs.intent_key }} by ${{inputs.by}}",
  });
  expect(await dispatch({ inputs: { intent_key: "k1", by: "asha" } })).toMatchObject({ status: 204, body: "" });
  await target.change({ returnsDetails: false });
  expect(await dispatch({ return_run_details: true })).toMatchObject({
    status: 422,
    body: { message: expect.stringMatching(/return_run_details/) },
  });
  await dispatch({ inputs: { intent_key: "k1", by: "asha" } });
  expect(await get("/actions/runs")).toMatchObject({
    total_count: 2,
    workflow_runs: [{ display_title: "Resync k1 by asha", run_number: 2 }, { run_number: 1 }],
  });
  expect(counts()).toMatchObject({ dispatches: 2 });
});

test("runs are listed by event, time, state and page, newest first", async () => {
  const { start, get, advance, target } = await actions({ duration: "1m" });
  await start();
  await advance(minutes(10));
  await target.change({ start: true, refs: ["main", "v12"] });
  await start();
  const titles = async (query: string) => {
    const body = await get(`/actions/workflows/71000001/runs?${query}`);
    return (body as { workflow_runs: { run_number: number }[] }).workflow_runs.map((run) => run.run_number);
  };
  expect(await titles("event=workflow_dispatch")).toEqual([3, 1]);
  expect(await titles("event=schedule&branch=main")).toEqual([2]);
  expect(await titles("created=%3E%3D2023-12-11T14:55:00Z")).toEqual([3, 2]);
  expect(await titles("created=2023-12-11T14:00:00Z..2023-12-11T14:50:00Z")).toEqual([1]);
  expect(await titles("created=2023-12-11")).toEqual([3, 2, 1]);
  expect(await titles("status=success")).toEqual([1]);
  expect(await titles("per_page=1&page=2")).toEqual([2]);
});

test("a cancelled run ends after a while, a forced one at once, one that has ended not at all", async () => {
  const { start, post, look, advance, target, counts } = await actions();
  const first = await start();
  await advance(seconds(10));
  expect(await post(first, "cancel")).toMatchObject({ status: 202 });
  expect(await post(first, "cancel")).toMatchObject({ status: 202 });
  expect(await look(first)).toMatchObject({ status: "in_progress" });
  await advance(seconds(5));
  expect(await look(first)).toMatchObject({ status: "completed", conclusion: "cancelled" });
  expect(await post(first, "cancel")).toMatchObject({ status: 409 });
  await target.change({ cancel: "ignores", duration: "1h" });
  const second = await start();
  await post(second, "cancel");
  await advance(minutes(20));
  expect(await look(second)).toMatchObject({ status: "in_progress" });
  expect((await post(second, "force-cancel")).status).toBe(202);
  expect(await look(second)).toMatchObject({ conclusion: "cancelled" });
  await target.change({ cancel: "slow" });
  const third = await start();
  await post(third, "cancel");
  await advance(minutes(4));
  expect(await look(third)).toMatchObject({ status: "in_progress" });
  await advance(minutes(1));
  expect(await look(third)).toMatchObject({ conclusion: "cancelled" });
  expect(counts()).toMatchObject({ cancels: 3, forceCancels: 1, cancelled: 3, active: 0, succeeded: 0, failed: 0 });
});

test("a failing run shows its step and its log once it has ended, and can be run again", async () => {
  const { start, look, get, call, post, advance, target, counts } = await actions({
    fail: "Unknown column",
    log: ["token=abc"],
  });
  const id = await start({ intent_key: "k1" });
  const jobs = async () => (await get(`/actions/runs/${id}/jobs`)) as { jobs: { id: number }[] };
  const job = (await jobs()).jobs[0]?.id ?? 0;
  await advance(seconds(10));
  expect((await call("GET", `${REPO}/actions/jobs/${job}/logs`)).status).toBe(404);
  expect(await post(id, "rerun-failed-jobs")).toMatchObject({ status: 403 });
  await advance(minutes(5));
  expect(await look(id)).toMatchObject({ conclusion: "failure" });
  expect((await jobs()).jobs).toMatchObject([
    { status: "completed", conclusion: "failure", steps: [{}, { name: "Run sync", conclusion: "failure" }, {}] },
  ]);
  expect((await call("GET", `${REPO}/actions/jobs/${job}/logs`)).body).toBe(
    [
      '2023-12-11T14:45:02.0000000Z Run sync with {"intent_key":"k1"}',
      "2023-12-11T14:45:02.0000000Z token=abc",
      "2023-12-11T14:50:02.0000000Z ##[error]Unknown column",
      "2023-12-11T14:50:02.0000000Z ##[error]Process completed with exit code 1.",
      "",
    ].join("\n"),
  );
  await target.change({ fail: null, conclusion: "neutral" });
  expect((await post(id, "rerun-failed-jobs")).status).toBe(201);
  await advance(minutes(6));
  expect(await look(id)).toMatchObject({ run_attempt: 2, conclusion: "neutral" });
  expect(counts()).toMatchObject({ dispatches: 1, reruns: 1, failed: 2 });
});

test("what is not there, not declared or not let in is refused as GitHub does", async () => {
  const { dispatch, call, target, get, counts } = await actions({ inputs: ["intent_key"] });
  expect(await dispatch({ ref: "nowhere" })).toMatchObject({
    status: 422,
    body: { message: "No ref found for: nowhere" },
  });
  expect(await dispatch({ inputs: { other: "1" } })).toMatchObject({
    body: { message: 'Unexpected inputs provided: ["other"]' },
  });
  expect((await dispatch({ parameters: {} })).status).toBe(422);
  expect((await call("POST", `${REPO}/actions/workflows/other.yml/dispatches`, { body: { ref: "main" } })).status).toBe(
    404,
  );
  expect((await call("GET", "/repos/acme/other")).status).toBe(404);
  expect((await call("GET", REPO, { headers: { authorization: "Bearer no" } })).status).toBe(401);
  expect(await get("/actions/workflows/sync.yml")).toMatchObject({
    state: "active",
    path: ".github/workflows/sync.yml",
  });
  expect(await get("/commits/main")).toMatchObject({ sha: expect.stringMatching(/^[0-9a-f]{40}$/) });
  await target.change({ disabled: true });
  expect((await dispatch()).status).toBe(422);
  await target.change({ busy: { status: 403, retryAfter: 30, times: 1 } });
  const busy = await dispatch();
  expect([busy.status, busy.headers.get("retry-after"), busy.headers.get("x-ratelimit-remaining")]).toEqual([
    403,
    "30",
    "0",
  ]);
  await target.change({ denied: true });
  expect((await call("GET", REPO)).status).toBe(403);
  expect(counts()).toMatchObject({ dispatches: 0 });
});

test("an answer can be lost after the dispatch; the run is found by its name", async () => {
  const { dispatch, get } = await actions({ dropAnswers: 1 });
  await expect(dispatch({ inputs: { intent_key: "k1" } })).rejects.toThrow("fetch failed");
  expect(await get("/actions/workflows/sync.yml/runs?event=workflow_dispatch")).toMatchObject({
    workflow_runs: [{ display_title: "Sync k1" }],
  });
});

test("it tells its webhook what happens, signed, and once", async () => {
  const heard = await listener();
  const { start, advance, target, counts } = await actions({
    webhook: { url: heard.url, secret: "s3cret" },
    duration: "1m",
  });
  await start({ intent_key: "k1" });
  await advance(minutes(2));
  await target.change({ deploy: { environment: "prod", state: "success" } });
  expect(heard.events.map(({ event, body }) => `${event} ${body["action"]}`)).toEqual([
    "workflow_run requested",
    "workflow_run in_progress",
    "workflow_run completed",
    "deployment_status created",
  ]);
  expect(heard.events[2]?.body).toMatchObject({ workflow_run: { conclusion: "success", display_title: "Sync k1" } });
  expect(heard.events[3]?.body).toMatchObject({ deployment_status: { state: "success", environment: "prod" } });
  expect(heard.events.every(({ signed }) => signed)).toBe(true);
  expect(new Set(heard.events.map(({ delivery }) => delivery)).size).toBe(4);
  heard.answers(500);
  await target.change({ deploy: { environment: "prod" } });
  expect(counts()).toMatchObject({ deliveries: 4, failedDeliveries: 1 });
  await target.change({ webhook: { url: "/hooks/github", secret: "s3cret" } });
  await target.change({ deploy: { environment: "prod" } });
  expect(heard.events).toHaveLength(5);
});

test("a behaviour that it does not know is refused", async () => {
  const { target } = await actions();
  await expect(target.change({ conclusion: "great" })).rejects.toThrow(/conclusion/);
  await expect(target.change({ fial: "x" })).rejects.toThrow(/fial/);
  await expect(actions({ webhook: { url: "ftp://x", secret: "s" } })).rejects.toThrow(/webhook/);
});

interface Heard {
  readonly event: unknown;
  readonly delivery: unknown;
  readonly signed: boolean;
  readonly body: Record<string, unknown>;
}

/** Somebody to tell; its answer can be changed. */
async function listener() {
  const events: Heard[] = [];
  let status = 202;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      const { headers } = request;
      const signature = `sha256=${createHmac("sha256", "s3cret").update(text).digest("hex")}`;
      events.push({
        event: headers["x-github-event"],
        delivery: headers["x-github-delivery"],
        signed: headers["x-hub-signature-256"] === signature,
        body: JSON.parse(text) as Record<string, unknown>,
      });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    events,
    url: `http://127.0.0.1:${port}/`,
    answers: (given: number) => {
      status = given;
    },
  };
}
