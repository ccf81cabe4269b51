import { expect, test } from "vitest";
import { hours, minutes, openTarget, seconds } from "./support.ts";

const asha = { key: "asha", name: "Asha Rao", email: null };

/** A list of 1,000 items in four stages, 10 items a second: 100 seconds. */
async function reval(options: Record<string, unknown> = {}) {
  const opened = await openTarget("staged-sync", {
    environment: "prod",
    stages: 4,
    items: 1_000,
    rate: 10,
    ...options,
  });
  const { call } = opened;
  const keyed = (key: string) => ({ "idempotency-key": key, "x-nightdesk-requested-by": "asha" });
  return {
    ...opened,
    start: (key = "k1", more: Record<string, unknown> = {}) =>
      call("POST", "/jobs/reval/executions", { headers: keyed(key), body: { requestedBy: asha, ...more } }),
    look: (id = "ex-1", after = "0") => call("GET", `/executions/${id}?after=${after}`),
    abort: (mode = "soft", id = "ex-1") =>
      call("POST", `/executions/${id}/abort`, { body: { mode, reason: null, requestedBy: asha } }),
    snapshot: (key = "s1") => call("POST", "/jobs/reval/snapshots", { headers: keyed(key), body: {} }),
    restore: (key = "r1", snapshot = "snap-1") =>
      call("POST", "/jobs/reval/restores", { headers: keyed(key), body: { snapshot, requestedBy: asha } }),
    items: (op: string, ids: string[], key = "i1") =>
      call("POST", "/jobs/reval/items", { headers: keyed(key), body: { op, ids, requestedBy: asha } }),
  };
}

test("it says where it is and what it can", async () => {
  const { call } = await reval({ identity: "preprod", readers: "nothing until the end", abortable: "no" });
  expect((await call("GET", "/identity")).body).toEqual({ environment: "preprod", service: "target", version: "11" });
  expect((await call("GET", "/jobs/reval")).body).toEqual({
    job: "reval",
    state: "idle",
    execution: null,
    can: {
      abort: "none",
      snapshot: true,
      restore: true,
      pause: true,
      resumeFrom: true,
      versions: ["10", "11"],
      items: 100,
      compare: true,
    },
    version: "11",
    size: 1_000,
    readers: "nothing until the end",
  });
});

test("a full sync empties the list and fills it stage by stage, and says so", async () => {
  const { start, look, call, advance, target } = await reval();
  expect(await start()).toMatchObject({ status: 201, body: { id: "ex-1", state: "running", key: "k1", kind: "run" } });
  expect(target.counts()).toMatchObject({ starts: 1, active: 1, items: 0, requestedBy: "asha" });
  expect((await call("GET", "/jobs/reval")).body).toMatchObject({ state: "running", execution: "ex-1" });
  await advance(seconds(60));
  expect((await look()).body).toMatchObject({
    state: "running",
    stopping: false,
    endedAt: null,
    error: null,
    attempt: null,
    progress: { stage: 3, stages: 4, stageName: "connections", done: 600, total: 1_000, unit: "items" },
  });
  expect(target.counts()).toMatchObject({ items: 600 });
  await advance(seconds(40));
  expect((await look()).body).toMatchObject({
    state: "succeeded",
    startedAt: "2023-12-11T14:45:00.000Z",
    endedAt: "2023-12-11T14:46:40.000Z",
    evidence: "the list has 1,000 of 1,000 items",
  });
  expect(target.counts()).toMatchObject({ succeeded: 1, failed: 0, active: 0, items: 1_000 });
});

test("time that nobody watched is time all the same", async () => {
  const { start, look, jump } = await reval();
  await start();
  jump(hours(3));
  expect((await look()).body).toMatchObject({ state: "succeeded", endedAt: "2023-12-11T14:46:40.000Z" });
});

test("one key is one start; a second key while it runs is a conflict; a key is found again", async () => {
  const { start, call, target } = await reval();
  const answers = await Promise.all(Array.from({ length: 20 }, () => start("k1")));
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(19).fill(200), 201]);
  expect(await start("k2")).toMatchObject({ status: 409, body: { error: { code: "already_running" } } });
  expect((await call("GET", "/executions?key=k1")).body).toMatchObject({ executions: [{ id: "ex-1" }] });
  expect((await call("GET", "/executions?key=k2")).body).toEqual({ executions: [] });
  expect(target.counts()).toMatchObject({ starts: 1, startCalls: 21, active: 1 });
});

test("each job of a target has its own list and runs beside the others", async () => {
  const { call, start, target, advance } = await reval({ jobs: ["reval", "person"] });
  await start();
  const other = { headers: { "idempotency-key": "p" }, body: { requestedBy: asha } };
  expect((await call("POST", "/jobs/person/executions", other)).status).toBe(201);
  expect((await call("GET", "/jobs/persn")).status).toBe(404);
  await advance(seconds(100));
  expect(target.counts()).toMatchObject({ starts: 2, succeeded: 2, items: 2_000, startsOf: { reval: 1, person: 1 } });
});

test("it fails half-way through the stage that it is told to, and goes on from there", async () => {
  const { start, look, advance, target } = await reval({ fail: { stage: 4, error: "Reindex failed", times: 1 } });
  await start();
  await advance(minutes(10));
  expect((await look()).body).toMatchObject({
    state: "failed",
    endedAt: "2023-12-11T14:46:27.500Z",
    error: { code: "stage_failed", message: "Reindex failed", retryable: false, stage: 4 },
    evidence: "the list has 875 of 1,000 items",
  });
  expect(target.counts()).toMatchObject({ failed: 1, items: 875, active: 0 });
  expect(await start("k2", { resumeFrom: "ex-9" })).toMatchObject({ status: 422 });
  expect((await start("k2", { resumeFrom: "ex-1" })).body).toMatchObject({
    id: "ex-2",
    progress: { stage: 4, done: 750 },
  });
  await advance(seconds(25));
  expect((await look("ex-2")).body).toMatchObject({ state: "succeeded" });
  expect(await start("k3", { resumeFrom: "ex-1" })).toMatchObject({
    status: 422,
    body: { error: { code: "cannot_resume" } },
  });
});

test("its own retries show when the next is due and end at their number", async () => {
  const { start, look, advance, target } = await reval({
    fail: { stage: 1, error: "Unknown column", retryable: true },
    retries: { of: 3, after: "5m" },
  });
  await start();
  await advance(minutes(1));
  expect((await look()).body).toMatchObject({
    state: "running",
    attempt: { number: 2, of: 3, nextAt: "2023-12-11T14:50:12.500Z" },
  });
  await advance(minutes(10));
  expect((await look()).body).toMatchObject({
    state: "failed",
    error: { retryable: true },
    attempt: { number: 3, of: 3 },
  });
  await target.change({ fail: { stage: 1, error: "Unknown column", times: 2 } });
  await start("k2");
  await advance(minutes(20));
  expect((await look("ex-2")).body).toMatchObject({ state: "succeeded" });
});

test("only the version that it names fails, and an unknown version is refused", async () => {
  const { start, look, advance } = await reval({ versions: ["10", 11], fail: { stage: 2, error: "x", version: "11" } });
  expect(await start("k1", { version: "12" })).toMatchObject({
    status: 422,
    body: { error: { code: "unknown_version" } },
  });
  expect((await start("k1", { version: "10" })).body).toMatchObject({ version: "10" });
  await advance(minutes(2));
  expect((await look()).body).toMatchObject({ state: "succeeded" });
  await start("k2");
  await advance(minutes(2));
  expect((await look("ex-2")).body).toMatchObject({ state: "failed", version: "11" });
});

test("an abort that is obeyed leaves a partial list, which a restore brings back from the snapshot", async () => {
  const { start, look, abort, snapshot, restore, call, advance, target } = await reval();
  expect((await call("GET", "/jobs/reval/snapshots/latest")).status).toBe(404);
  const taken = { ref: "snap-1", items: 1_000, state: "ready", takenAt: "2023-12-11T14:45:00.000Z" };
  expect(await snapshot()).toMatchObject({ status: 201, body: taken });
  expect(await snapshot()).toMatchObject({ status: 201, body: taken });
  expect((await call("GET", "/jobs/reval/snapshots/latest")).body).toEqual(taken);
  await start();
  await advance(seconds(30));
  expect((await abort()).status).toBe(202);
  expect((await look()).body).toMatchObject({ state: "aborted", evidence: "the list has 300 of 1,000 items" });
  expect((await abort()).status).toBe(409);
  expect(target.counts()).toMatchObject({ aborts: 1, active: 0, items: 300, snapshots: 1 });
  expect(await restore("r0", "snap-9")).toMatchObject({ status: 422, body: { error: { code: "unknown_snapshot" } } });
  expect(await restore()).toMatchObject({ status: 201, body: { id: "ex-2", kind: "restore", state: "running" } });
  expect(await restore()).toMatchObject({ status: 200, body: { id: "ex-2" } });
  expect((await abort("hard", "ex-2")).status).toBe(405);
  await advance(seconds(60));
  expect((await look("ex-2")).body).toMatchObject({
    state: "succeeded",
    evidence: "readers see the list again: 1,000 of 1,000",
  });
  expect(target.counts()).toMatchObject({ restores: 1, items: 1_000, active: 0, succeeded: 0, aborted: 1 });
});

test("a slow one stops after its time, or at once when it is told hard", async () => {
  const { start, look, abort, advance, target } = await reval({ abortable: "slow" });
  await start();
  await abort();
  await abort();
  await advance(seconds(29));
  expect((await look()).body).toMatchObject({ state: "running", stopping: true });
  await advance(seconds(1));
  expect((await look()).body).toMatchObject({ state: "aborted", endedAt: "2023-12-11T14:45:30.000Z" });
  expect(target.counts()).toMatchObject({ aborts: 1, abortCalls: 2 });
  await start("k2");
  await abort("soft", "ex-2");
  await abort("hard", "ex-2");
  expect((await look("ex-2")).body).toMatchObject({ state: "aborted" });
});

test("what ends before a slow stop has succeeded", async () => {
  const { start, look, abort, advance } = await reval({ abortable: "slow" });
  await start();
  await advance(seconds(90));
  await abort();
  await advance(minutes(5));
  expect((await look()).body).toMatchObject({ state: "succeeded", stopping: false });
});

test("one that ignores an abort goes on; one that lies says it stopped, goes on and succeeds later", async () => {
  const deaf = await reval({ abortable: "ignores" });
  await deaf.start();
  expect((await deaf.abort()).status).toBe(202);
  await deaf.advance(minutes(5));
  expect((await deaf.look()).body).toMatchObject({ state: "succeeded" });
  const liar = await reval({ abortable: "lies" });
  await liar.start();
  await liar.abort();
  expect((await liar.look()).body).toMatchObject({ state: "aborted", endedAt: "2023-12-11T14:45:00.000Z" });
  expect((await liar.call("GET", "/jobs/reval")).body).toMatchObject({ state: "idle", execution: null });
  expect(liar.target.counts()).toMatchObject({ active: 1, aborts: 1, succeeded: 0 });
  await liar.advance(minutes(5));
  expect((await liar.look()).body).toMatchObject({ state: "succeeded" });
  expect(liar.target.counts()).toMatchObject({ active: 0, succeeded: 1, aborted: 0, items: 1_000 });
});

test("one that cannot be stopped says 405 and goes on", async () => {
  const { start, abort, target } = await reval({ abortable: false });
  await start();
  expect(await abort("hard")).toMatchObject({ status: 405, body: { error: { code: "cannot_be_stopped" } } });
  expect(target.counts()).toMatchObject({ active: 1, aborts: 0, abortCalls: 0 });
});

test("a snapshot or restore that fails says so, and an old snapshot has its age", async () => {
  const { snapshot, restore, look, call, advance, target } = await reval({ snapshot: "fails", snapshotAge: "26h" });
  expect(await snapshot()).toMatchObject({ status: 500, body: { error: { code: "snapshot_failed" } } });
  expect((await call("GET", "/jobs/reval/snapshots/latest")).body).toMatchObject({
    ref: "snap-0",
    takenAt: "2023-12-10T12:45:00.000Z",
  });
  await target.change({ snapshot: "no", restore: "fails" });
  expect((await snapshot()).status).toBe(405);
  await restore("r1", "snap-0");
  await advance(minutes(2));
  expect((await look("ex-1")).body).toMatchObject({
    state: "failed",
    error: { message: "the snapshot cannot be read" },
  });
});

test("while it is paused nothing moves", async () => {
  const { start, look, call, advance, target } = await reval();
  await start();
  await advance(seconds(30));
  expect(await call("POST", "/executions/ex-1/pause", { body: { requestedBy: asha } })).toMatchObject({
    status: 202,
    body: { state: "paused" },
  });
  await advance(hours(1));
  expect((await look()).body).toMatchObject({ state: "paused", progress: { done: 300 } });
  expect((await call("GET", "/jobs/reval")).body).toMatchObject({ state: "paused" });
  await call("POST", "/executions/ex-1/resume", { body: {} });
  await advance(seconds(70));
  expect((await look()).body).toMatchObject({ state: "succeeded" });
  expect((await call("POST", "/executions/ex-1/pause", { body: {} })).status).toBe(409);
  await target.change({ pausable: false });
  expect((await call("POST", "/executions/ex-1/pause", { body: {} })).status).toBe(405);
});

test("the log is read on from a cursor", async () => {
  const { start, look, advance } = await reval({ log: ["password=hunter2"] });
  await start();
  const first = (await look()).body;
  expect(first).toMatchObject({
    log: {
      lines: [
        "full sync started by asha, version 11",
        "password=hunter2",
        "the list is emptied",
        "stage 1 of 4 (clear) started",
      ],
      cursor: "4",
      url: null,
    },
  });
  await advance(seconds(25));
  expect((await look("ex-1", "4")).body).toMatchObject({
    log: { lines: ["stage 1 of 4 (clear) finished", "stage 2 of 4 (doctors) started"], cursor: "6" },
  });
});

test("a silent one works and tells nothing of where it is", async () => {
  const { start, look, advance, target } = await reval({ silent: true });
  await start();
  await advance(seconds(50));
  expect((await look()).body).toMatchObject({ state: "running", progress: { stage: 1, done: 0 }, log: { lines: [] } });
  expect(target.counts()).toMatchObject({ items: 500 });
});

test("gone is refused at the door, and the work is lost; cut off, it goes on; with its memory gone it knows nothing", async () => {
  const { start, look, call, advance, target } = await reval();
  await start();
  await target.change({ vanish: true });
  await expect(look()).rejects.toThrow(
    expect.objectContaining({ cause: expect.objectContaining({ code: "ECONNREFUSED" }) }),
  );
  expect(target.counts()).toMatchObject({ active: 0 });
  await target.change({ vanish: false });
  expect((await look()).body).toMatchObject({ state: "failed", error: { code: "process_lost", stage: null } });
  await start("k2");
  await target.change({ vanish: "network" });
  await expect(look("ex-2")).rejects.toThrow("fetch failed");
  await advance(minutes(2));
  await target.change({ vanish: false });
  expect((await look("ex-2")).body).toMatchObject({ state: "succeeded" });
  await start("k3");
  await target.change({ vanish: "memory" });
  expect((await look("ex-3")).status).toBe(404);
  expect((await call("GET", "/executions?key=k3")).body).toEqual({ executions: [] });
  expect(target.counts()).toMatchObject({ starts: 3, active: 0, succeeded: 1 });
});

test("an answer can be lost after the start, and calls can be put off", async () => {
  const { start, call, target } = await reval({ dropAnswers: 1, busy: { status: 429, retryAfter: 7, times: 1 } });
  const busy = await call("GET", "/identity");
  expect([busy.status, busy.headers.get("retry-after")]).toEqual([429, "7"]);
  await expect(start()).rejects.toThrow("fetch failed");
  expect(target.counts()).toMatchObject({ starts: 1, active: 1 });
  expect((await start()).status).toBe(200);
});

test("single ids are looked up when it is their turn, once a key", async () => {
  const { items, call, target } = await reval({
    items: 3,
    ids: ["a", "b", "c", "B"],
    orphans: ["z"],
    lost: ["b"],
    itemErrors: { c: "locked" },
    superseded: ["B"],
    batch: 5,
  });
  const page = (side: string, more = "") => call("GET", `/jobs/reval/ids?side=${side}${more}`);
  expect((await page("source", "&limit=2")).body).toEqual({ ids: ["B", "a"], next: "a" });
  expect((await page("source", "&limit=2&after=a")).body).toEqual({ ids: ["b", "c"], next: null });
  expect((await page("target")).body).toEqual({ ids: ["B", "a", "c", "z"], next: null });
  const answer = await items("resync", ["a", "b", "c", "B", "z"]);
  expect(answer.body).toEqual({
    results: [
      { id: "a", state: "done", detail: null },
      { id: "b", state: "done", detail: null },
      { id: "c", state: "failed", detail: "locked" },
      { id: "B", state: "superseded", detail: "a newer one is on its way" },
      { id: "z", state: "missing", detail: "the source no longer has it" },
    ],
  });
  expect((await items("resync", ["a"])).body).toEqual(answer.body);
  expect((await items("delete", ["z", "a", "q"], "i2")).body).toMatchObject({
    results: [{ state: "done" }, { state: "skipped" }, { state: "missing" }],
  });
  expect((await page("target")).body).toEqual({ ids: ["B", "a", "b", "c"], next: null });
  expect(target.counts()).toMatchObject({ resynced: 2, missing: 1, deleted: 1, itemCalls: 2, maxItems: 5 });
  expect(await items("resync", ["1", "2", "3", "4", "5", "6"], "i3")).toMatchObject({ status: 422 });
});

test("who is not let in, sends no key or another body than the contract's gets nowhere", async () => {
  const { call, start, target } = await reval();
  expect((await call("GET", "/identity", { headers: { authorization: "Bearer other" } })).status).toBe(401);
  const body = { requestedBy: asha };
  expect((await call("POST", "/jobs/reval/executions", { body })).status).toBe(400);
  expect(await start("k", { parametres: {} })).toMatchObject({ status: 400, body: { error: { code: "bad_request" } } });
  expect(await start("k", { parameters: { deep: {} } })).toMatchObject({ status: 400 });
  expect((await call("DELETE", "/executions/ex-1")).status).toBe(404);
  await target.change({ denied: true });
  expect((await start()).status).toBe(403);
  expect(target.counts()).toMatchObject({ starts: 0 });
});

test("its own schedule starts it when nobody else has, and the rate can change under way", async () => {
  const { target, call, advance } = await reval();
  await target.change({ start: "reval" });
  await target.change({ start: ["reval"] });
  expect((await call("GET", "/jobs/reval")).body).toMatchObject({ state: "running", execution: "ex-1" });
  await advance(seconds(50));
  await target.change({ rate: 500 });
  await advance(seconds(1));
  expect(target.counts()).toMatchObject({ starts: 1, apiStarts: 0, succeeded: 1, requestedBy: null });
});

test("a behaviour that it does not know is refused", async () => {
  const { target } = await reval();
  await expect(target.change({ abortabel: "no" })).rejects.toThrow(/abortabel/);
  await expect(target.change({ abortable: "maybe" })).rejects.toThrow(/abortable/);
  await expect(target.change({ fail: { stage: 1 } })).rejects.toThrow(/error/);
  await expect(openTarget("staged-sync", { start: "reval" })).rejects.toThrow(/start/);
});
