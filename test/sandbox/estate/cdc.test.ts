import { expect, test } from "vitest";
import { hours, minutes, openTarget } from "./support.ts";

const body = {
  parameters: {},
  version: null,
  resumeFrom: null,
  requestedBy: { key: "asha", name: "Asha", email: null },
};
const place = async (here: Awaited<ReturnType<typeof openTarget>>) => (await here.call("GET", "/checkpoint")).body;

test("stands where it has last read, and stays where it is while nothing changes", async () => {
  const here = await openTarget("cdc", { retention: "3h" });
  await here.advance(minutes(90));
  expect(await place(here)).toMatchObject({ at: "2023-12-11T16:15:00.000Z", retentionSeconds: 10_800 });
  expect(here.target.counts()).toMatchObject({ tokenAge: 0, applied: 90, lost: false, missing: 0 });
  await here.target.change({ idle: true });
  await here.advance(hours(2));
  expect(here.target.counts()).toMatchObject({ tokenAge: 7_200, applied: 90, lost: false });
  await here.target.change({ heartbeat: true });
  await here.advance(minutes(1));
  expect(here.target.counts()).toMatchObject({ tokenAge: 0, applied: 90 });
});

test("is lost once its token is older than the log, and misses what changes from then on", async () => {
  const here = await openTarget("cdc", { retention: "3h", idle: true });
  await here.advance(hours(4));
  await here.target.change({ idle: false });
  await here.advance(hours(1));
  expect(here.target.counts()).toMatchObject({ lost: true, tokenAge: 18_000, missing: 60, failures: 120, applied: 0 });
  await here.target.change({ tokenAge: "1h" });
  expect(here.target.counts()).toMatchObject({ lost: false });
  await here.target.change({ lose: "token" });
  expect(here.target.counts()).toMatchObject({ lost: true });
});

test("is reset from exactly where it stands, and what lay between is copied by its other job", async () => {
  const here = await openTarget("cdc", { retention: "3h", tokenAge: "4h" });
  const start = (job: string, key: string, parameters: Record<string, string>) =>
    here.call("POST", `/jobs/${job}/executions`, {
      body: { ...body, parameters },
      headers: { "idempotency-key": key },
    });
  const gap = { from: "2023-12-11T10:45:00.000Z", to: "2023-12-11T14:45:00.000Z" };
  expect(await start("reset", "k0", { ...gap, from: gap.to })).toMatchObject({ status: 422 });
  expect(await start("reset", "k1", gap)).toMatchObject({ status: 201, body: { state: "running" } });
  expect(await start("reset", "k1", gap)).toMatchObject({ status: 200, body: { id: "ex-1" } });
  await here.advance(minutes(1));
  expect(await here.call("GET", "/executions/ex-1")).toMatchObject({ body: { state: "succeeded" } });
  expect(here.target.counts()).toMatchObject({ lost: false, resets: 1, missing: 240 });
  expect(await start("resync", "k2", gap)).toMatchObject({ status: 201, body: { progress: { total: 240 } } });
  await here.advance(minutes(1));
  expect(here.target.counts()).toMatchObject({ missing: 0, resynced: 240, resyncs: 1, starts: 2, active: 0 });
});

test("refuses strangers, and says so when it may not be asked", async () => {
  const here = await openTarget("cdc");
  expect(await here.call("GET", "/checkpoint", { headers: { authorization: "Bearer other" } })).toMatchObject({
    status: 401,
  });
  await here.target.change({ denied: true });
  expect(await here.call("GET", "/checkpoint")).toMatchObject({ status: 403 });
});
