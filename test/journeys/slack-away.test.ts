import { expect, test } from "vitest";
import { type Desk, deliver, jobMessage, postKeys, rootsOf, toldTo } from "./desk.ts";
import { testDesk } from "./support.ts";

const failed = (desk: Desk, job: string, environment: string) =>
  deliver(
    desk.url,
    jobMessage(desk.env, { job, environment, status: "failed", rid: `${job}-1`, error: "index is read-only" }),
  );

test("what happens while Slack is away is there once when it is back", { timeout: 60_000 }, async () => {
  const desk = await testDesk();
  desk.workspace.outage(true);
  expect(await failed(desk, "person-sync", "prod")).toBe(202);
  expect(await failed(desk, "post-sync", "preprod")).toBe(202);
  await desk.wait("two incidents", async () => (await desk.list("incidents")).length === 2);
  expect(postKeys(desk)).toEqual([]);
  desk.workspace.outage(false);
  await desk.settle(45_000);

  expect(postKeys(desk).sort()).toEqual(["incident:1:header", "incident:2:header"]);
  expect(rootsOf(desk, "ops").length + rootsOf(desk, "monitoring-stage").length).toBe(2);
  expect(await desk.list("incidents")).toMatchObject([{ signals: 1 }, { signals: 1 }]);
});

test("a command typed while Slack answers nothing is carried out and answered once", { timeout: 60_000 }, async () => {
  const desk = await testDesk();
  desk.workspace.outage(true);
  const typed = desk.workspace.slash({ user: "asha", channel: "ops", text: "/sync run person-record-status preprod" });
  expect(await typed).toMatchObject({ ok: true });
  await new Promise((done) => setTimeout(done, 500));
  expect(toldTo(desk, "asha")).toEqual([]);
  desk.workspace.outage(false);
  await desk.wait("the end of the run", async () => (await desk.list("runs"))[0]?.["state"] === "succeeded", 40_000);
  await desk.settle(40_000);

  expect(desk.targets["tis-sync-preprod"]?.counts()).toMatchObject({ apiStarts: 1 });
  expect(toldTo(desk, "asha")).toHaveLength(1);
  expect(postKeys(desk)).toEqual(["run:1:card"]);
});

test("Retry-After is honoured: not a call before it, and one post after it", { timeout: 60_000 }, async () => {
  const desk = await testDesk();
  const retryAfter = 3;
  desk.workspace.limit({ method: "chat.postMessage", retryAfter, times: 1 });
  expect(await failed(desk, "person-sync", "prod")).toBe(202);
  await desk.wait("a refused call", () => desk.workspace.counters().rateLimited === 1);
  const refusedAt = Date.now();
  await desk.wait("the header", () => rootsOf(desk, "ops")[0]);
  expect(Date.now() - refusedAt).toBeGreaterThan(retryAfter * 1_000 - 100);
  await desk.settle();
  expect(desk.workspace.counters().calls["chat.postMessage"]).toBe(2);
  expect(postKeys(desk)).toEqual(["incident:1:header"]);
});

test("a post whose answer is lost is not posted again", { timeout: 60_000 }, async () => {
  const desk = await testDesk();
  desk.workspace.dropAfterSend(1);
  expect(await failed(desk, "person-sync", "prod")).toBe(202);
  await desk.wait("the header", () => rootsOf(desk, "ops")[0]);
  await desk.settle();
  expect(desk.workspace.counters().calls["chat.postMessage"]).toBe(1);
  expect(postKeys(desk)).toEqual(["incident:1:header"]);
});
