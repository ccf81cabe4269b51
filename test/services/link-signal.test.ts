import { expect, test } from "vitest";
import { drive, hear, heldBy, history, queue, reread, type World, world } from "../jobs/world.ts";

const observed = (here: World) => here.store.db.selectFrom("observed_executions").selectAll().orderBy("id").execute();

test("the only execution in the environments of a channel is proved by its messages", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "running" });
  expect(await hear(here, "started")).toEqual({ runId: run.id, incidentId: null });
  expect(await observed(here)).toEqual([]);
  expect(await hear(here, "finished")).toEqual({ runId: run.id, incidentId: null });
  expect(await reread(here, run)).toMatchObject({ state: "succeeded", proved: true, proof: { kind: "signal" } });
});

test("what a person pastes into the channel is nobody's proof", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "running" });
  expect(await hear(here, "finished", { tags: { "slack.author": "person" } })).toBeNull();
  expect(await reread(here, run)).toMatchObject({ state: "running", proved: false });
});

test("a second execution in an environment of the same channel: the end proves nothing, people are asked", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "running" });
  await hear(here, "started");
  here.clock.advance({ seconds: 20 });
  // The schedule of nimdta, which posts to the same channel.
  expect(await hear(here, "started")).toBeNull();
  expect(await observed(here)).toMatchObject([
    { state: "running", environment: null, environments: ["prod", "nimdta"] },
  ]);

  here.clock.advance({ minutes: 10 });
  expect(await hear(here, "finished")).toBeNull();
  expect(await reread(here, run)).toMatchObject({ state: "running", proved: false });
  here.prod.running.set("personJob", false);
  const lost = await drive(here, run);
  expect(lost.state).toBe("unknown");
  expect(await heldBy(here)).toBe(run.id);

  // The second end is the other's or this one's: still nobody's evidence, and now both are over.
  expect(await hear(here, "finished", { at: lost.stateSince })).toBeNull();
  expect(await reread(here, run)).toMatchObject({ state: "unknown", proved: false });
  expect(await observed(here)).toMatchObject([{ state: "ended" }]);
});

test("two runs of ours in one channel: neither is proved by an end", async () => {
  const here = await world();
  const inProd = await drive(here, await queue(here, "prod"), { state: "running" });
  const inNimdta = await drive(here, await queue(here, "nimdta"), { state: "running" });
  await hear(here, "started");
  await hear(here, "started");
  expect(await observed(here)).toEqual([]);
  await hear(here, "finished");
  await hear(here, "failed");
  for (const run of [inProd, inNimdta])
    expect(await reread(here, run)).toMatchObject({ state: "running", endAmbiguousAt: expect.anything() });
});

test("a message that names its environment is proof, whatever goes on elsewhere", async () => {
  const here = await world();
  const inProd = await drive(here, await queue(here, "prod"), { state: "running" });
  const inNimdta = await drive(here, await queue(here, "nimdta"), { state: "running" });
  expect(await hear(here, "failed", { environment: "nimdta", environments: [] })).toMatchObject({ runId: inNimdta.id });
  expect(await reread(here, inNimdta)).toMatchObject({ state: "failed", error: { message: "index missing" } });
  expect(await reread(here, inProd)).toMatchObject({ state: "running", endAmbiguousAt: null });
});

test("an execution id pairs a start with its end among several", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "running" });
  const other = { environment: "prod", environments: [], rid: "their-own" };
  await hear(here, "started", { environment: "prod", environments: [], rid: run.intentKey });
  await hear(here, "started", other);
  await hear(here, "finished", other);
  expect(await reread(here, run)).toMatchObject({ state: "running", endAmbiguousAt: null });
  expect(await observed(here)).toMatchObject([{ rid: "their-own", state: "succeeded" }]);
  await hear(here, "failed", { environment: "prod", environments: [], rid: run.intentKey });
  expect(await reread(here, run)).toMatchObject({ state: "failed" });
});

test("a message from before the start was called is another execution's", async () => {
  const here = await world();
  const before = here.clock.now().subtract({ minutes: 5 });
  const run = await drive(here, await queue(here), { state: "running" });
  await hear(here, "started", { at: before });
  expect(await observed(here)).toMatchObject([{ state: "running" }]);
  expect(await reread(here, run)).toMatchObject({ startHeardAt: null });
});

test("a start by something else is shown, and is a conflict until its end is heard or disproved", async () => {
  const here = await world();
  await hear(here, "started");
  await here.servers.prod.close();
  await expect(queue(here)).rejects.toMatchObject({ code: "seen_running" });
  await hear(here, "finished");
  expect(await observed(here)).toMatchObject([{ state: "succeeded" }]);
  expect((await queue(here)).state).toBe("queued");
});

test("the target's word that it is free outweighs a start that was heard before", async () => {
  const here = await world();
  await hear(here, "started");
  here.clock.advance({ minutes: 1 });
  const run = await queue(here);
  expect(run.state).toBe("queued");
  expect(await observed(here)).toMatchObject([{ state: "running", environments: ["nimdta"] }]);
});

test("an end without a run and without a start is kept as seen", async () => {
  const here = await world();
  expect(await hear(here, "failed")).toBeNull();
  expect(await observed(here)).toMatchObject([{ state: "failed", started_at: null, detail: "index missing" }]);
});

test("messages of other jobs, or without a job or an environment, are nobody's", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "running" });
  await hear(here, "finished", { job: "person-rebuild" });
  await hear(here, "finished", { job: null });
  await hear(here, "finished", { environments: [] });
  await hear(here, "progress");
  expect((await reread(here, run)).state).toBe("running");
});

test("an end that is faster than the answer to the start counts", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "preparing" });
  here.prod.instead = (call) => {
    if (call.method !== "PUT") return null;
    return { body: { status: "Just started" }, afterMs: 300 };
  };
  const step = here.advance(run.id);
  while ((await reread(here, run)).state !== "starting") await new Promise((resolve) => setTimeout(resolve, 5));
  await hear(here, "finished");
  await step;
  expect(await drive(here, run)).toMatchObject({ state: "succeeded" });
  expect(await history(here, run)).toEqual(["queued", "preparing", "starting", "running", "succeeded"]);
});

test("messages that arrive twice or after the end move nothing", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "running" });
  await hear(here, "finished");
  const before = await history(here, run);
  await hear(here, "finished");
  await hear(here, "failed");
  expect(await history(here, run)).toEqual(before);
  expect((await reread(here, run)).state).toBe("succeeded");
});

test("a start whose end is never heard is not waited for longer than a day", async () => {
  const here = await world();
  await hear(here, "started", { environment: "prod", environments: [] });
  await here.servers.prod.close();
  here.clock.advance({ hours: 23 });
  await expect(queue(here)).rejects.toMatchObject({ code: "seen_running" });
  here.clock.advance({ hours: 2 });
  expect((await queue(here)).state).toBe("queued");
  expect(await observed(here)).toMatchObject([{ state: "ended", detail: "its end was never heard" }]);
});

test("an environment that speaks for itself runs one at a time: a new start ends what was open", async () => {
  const here = await world();
  const prod = { environment: "prod", environments: [] };
  await hear(here, "started", prod);
  here.clock.advance({ hours: 1 });
  await hear(here, "started", prod);
  await hear(here, "finished", prod);
  expect(await observed(here)).toMatchObject([{ state: "ended" }, { state: "succeeded" }]);
});

test("an execution by the target's own name is its run's and no other's", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "running" });
  const handle = { scope: "acme/sync", externalId: "9001", opaque: { attempt: 2 } };
  await here.store.db
    .updateTable("runs")
    .set({ handle: JSON.stringify(handle) })
    .where("id", "=", run.id)
    .execute();
  const named = (id: string, attempt: string, over: Record<string, string> = {}) => ({
    environment: "prod",
    environments: [],
    rid: `${id}.${attempt}`,
    tags: { "execution.scope": "Acme/sync", "execution.id": id, "execution.attempt": attempt, ...over },
  });
  // Somebody else's run of the same workflow, an earlier attempt, and the same number elsewhere.
  await hear(here, "started", named("9002", "1"));
  for (const other of [named("9002", "1"), named("9001", "1"), named("9001", "2", { "execution.scope": "acme/x" })]) {
    expect(await hear(here, "finished", other)).toBeNull();
  }
  expect(await reread(here, run)).toMatchObject({ state: "running", proved: false, endAmbiguousAt: null });
  await hear(here, "started", named("9003", "1"));
  await hear(here, "progress", named("9003", "1", { "execution.ended": "cancelled" }));
  expect((await observed(here)).filter(({ state }) => state === "running")).toEqual([]);
  expect(await hear(here, "finished", named("9001", "2"))).toMatchObject({ runId: run.id });
  expect(await reread(here, run)).toMatchObject({ state: "succeeded", proved: true });
});
