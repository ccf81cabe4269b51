import { expect, test } from "vitest";
import { isTerminal } from "../../src/jobs/states.ts";
import { ASHA } from "../guard/fixture.ts";
import { stoppable } from "./stoppable.ts";
import { asking, drive, hear, heldBy, history, partsOf, queue, reread, world } from "./world.ts";

test("a run is started once, runs while the target says so, and ends by its own message", async () => {
  const here = await world();
  const run = await queue(here);
  const running = await drive(here, run, { state: "running" });
  expect(here.prod.starts).toBe(1);
  expect(running).toMatchObject({ state: "running", attempt: 1, handle: { scope: "sync-prod" } });
  expect(await heldBy(here)).toBe(run.id);

  here.clock.advance({ minutes: 15 });
  await here.advance(run.id);
  here.prod.running.set("personJob", false);
  await hear(here, "finished");
  const ended = await drive(here, run);
  expect(ended).toMatchObject({ state: "succeeded", proved: true, proof: { kind: "signal" }, fence: null });
  expect(await history(here, run)).toEqual(["queued", "preparing", "starting", "running", "succeeded"]);
  expect(await heldBy(here)).toBeNull();
});

test("polls grow from five seconds to thirty", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "running" });
  const waits: number[] = [];
  for (let step = 0; step < 40; step += 1) {
    const outcome = await here.advance(run.id);
    if (outcome.done) throw new Error("it stopped looking");
    const waitMs = outcome.dueAt.epochMilliseconds - here.clock.now().epochMilliseconds;
    waits.push(waitMs);
    here.clock.advance({ milliseconds: waitMs });
  }
  expect(waits[0]).toBe(5_000);
  expect(waits.at(-1)).toBe(30_000);
  expect([...waits].sort((a, b) => a - b)).toEqual(waits);
});

test("an end without a message is unknown after half a minute, keeps the lease, and a late message settles it", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "running" });
  here.prod.running.set("personJob", false);
  const lost = await drive(here, run);
  expect(lost.state).toBe("unknown");
  expect(lost.stateSince.epochMilliseconds - (lost.endedSeenAt?.epochMilliseconds ?? 0)).toBe(30_000);
  expect(await heldBy(here)).toBe(run.id);
  await hear(here, "finished", { at: lost.stateSince });
  expect(await reread(here, run)).toMatchObject({ state: "succeeded", proved: true });
});

test("a target of another place is refused before anything is touched", async () => {
  const here = await world();
  here.prod.profile = "prod,nimdta";
  const refused = await drive(here, await queue(here));
  expect(refused).toMatchObject({
    state: "refused",
    proved: false,
    proof: { kind: "not_started" },
    error: { kind: "refused" },
  });
  expect(refused.error?.message).toContain("not the same place");
  expect(here.prod.starts).toBe(0);
  expect(await heldBy(here)).toBeNull();
});

test("somebody was faster at the target: refused, and not taken for ours", async () => {
  const here = await world();
  const run = await queue(here);
  here.prod.running.set("personJob", true);
  expect(await drive(here, run)).toMatchObject({ state: "refused" });
});

test("somebody was faster between the check and the start: a conflict is a failure, not a success", async () => {
  const here = await world();
  const run = await queue(here);
  here.prod.instead = (call) => (call.method === "PUT" ? { body: { status: "Already running" } } : null);
  const failed = await drive(here, run);
  expect(failed).toMatchObject({ state: "failed", error: { kind: "conflict" }, proof: { kind: "not_started" } });
  expect(await heldBy(here)).toBeNull();
});

test("only what had no effect is tried again, as often as declared, later each time", async () => {
  const here = await world({ job: { maxAttempts: 3, backoff: { first: "10s", factor: 3 } } });
  const run = await queue(here);
  let puts = 0;
  here.prod.instead = (call) => {
    if (call.method !== "PUT") return null;
    puts += 1;
    return { status: 429 };
  };
  const failed = await drive(here, run);
  expect(failed).toMatchObject({ state: "failed", attempt: 3, error: { kind: "retryable" } });
  expect(puts).toBe(3);
  expect(await history(here, run)).toEqual([
    "queued",
    "preparing",
    "starting",
    "retry_wait",
    "preparing",
    "starting",
    "retry_wait",
    "preparing",
    "starting",
    "failed",
  ]);
  expect(here.clock.now().epochMilliseconds - run.requestedAt.epochMilliseconds).toBe(40_000);
});

test("being rung early does not shorten the wait", async () => {
  const here = await world({ job: { maxAttempts: 2, backoff: { first: "60s" } } });
  const run = await queue(here);
  here.prod.instead = (call) => (call.method === "PUT" ? { status: 503, headers: { "retry-after": "90" } } : null);
  const waiting = await drive(here, run, { state: "retry_wait" });
  expect(await here.advance(run.id)).toEqual({ done: false, dueAt: waiting.retryAt });
  expect((waiting.retryAt?.epochMilliseconds ?? 0) - waiting.stateSince.epochMilliseconds).toBe(90_000);
  expect((await reread(here, run)).state).toBe("retry_wait");
});

test("a start whose answer was lost is unknown and never made twice; its own message brings it back", async () => {
  const here = await world({ job: { maxAttempts: 5 } });
  here.prod.cutAfterStart = true;
  const run = await queue(here);
  const lost = await drive(here, run);
  expect(lost).toMatchObject({ state: "unknown", handle: null });
  expect(here.prod.starts).toBe(1);
  await hear(here, "started");
  expect(await reread(here, run)).toMatchObject({ state: "running" });
  await hear(here, "finished");
  expect(await drive(here, run)).toMatchObject({ state: "succeeded" });
  expect(here.prod.starts).toBe(1);
});

test("a target that cannot be asked before the start is tried three times, then nothing was started", async () => {
  const here = await world();
  const run = await queue(here);
  await here.servers.prod.close();
  const refused = await drive(here, run);
  expect(refused).toMatchObject({ state: "refused", proof: { kind: "not_started" } });
  expect(refused.error?.message).toContain("asked 3 times");
});

test("a target that falls silent while it runs is said to be silent, and looked at on", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "running" });
  here.prod.instead = () => ({ status: 500 });
  await drive(here, run, { steps: 5 });
  here.prod.instead = null;
  await here.advance(run.id);
  const events = await here.store.db
    .selectFrom("run_events")
    .select("reason")
    .where("run_id", "=", run.id)
    .orderBy("id")
    .execute();
  expect(events.at(-2)?.reason).toContain("does not answer");
  expect(events.at(-1)?.reason).toContain("answers again");
  expect((await reread(here, run)).state).toBe("running");
});

test("failed by its message and still running by the target: stuck, and that is said", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "running" });
  await hear(here, "failed");
  const failed = await drive(here, run);
  expect(failed).toMatchObject({ state: "failed", proved: true, error: { kind: "target", message: "index missing" } });
  const events = await here.store.db
    .selectFrom("run_events")
    .selectAll()
    .where("run_id", "=", run.id)
    .orderBy("id")
    .execute();
  expect(events.at(-1)).toMatchObject({
    from_state: "failed",
    to_state: "failed",
    reason: expect.stringContaining("stuck"),
  });
  await expect(
    here.runs.request(asking(), { job: "person-sync", environment: "prod", parameters: {} }),
  ).rejects.toMatchObject({ code: "target_stuck" });
});

test("an abort is aborted when the target proves it", async () => {
  const { here, target, next } = await stoppable();
  const run = await next();
  const { said } = await here.runs.abort(asking(), run.number, "wrong place");
  expect(said).toContain("when the target has proved it");
  expect(await drive(here, run)).toMatchObject({
    state: "aborted",
    proved: true,
    proof: { kind: "target" },
    abortReason: "wrong place",
  });
  expect(target.stops).toBe(1);
  expect(await heldBy(here)).toBeNull();
});

test("it ended first: the truth is its own end", async () => {
  const { here, target, next } = await stoppable();
  const run = await next();
  target.obeys = false;
  await here.runs.abort(asking(), run.number, null);
  await here.advance(run.id);
  target.word = "OK";
  expect(await drive(here, run)).toMatchObject({ state: "succeeded" });
});

test("an abort that is accepted and not obeyed is not confirmed, keeps the lease and is looked at every minute", async () => {
  const { here, target, next } = await stoppable("hard");
  const run = await next();
  target.obeys = false;
  await here.runs.abort(asking(), run.number, null);
  const doubted = await drive(here, run, { state: "abort_unconfirmed" });
  expect(doubted).toMatchObject({ state: "abort_unconfirmed", abortSent: "hard" });
  expect(target.stops).toBe(2);
  expect(await heldBy(here)).toBe(run.id);
  const outcome = await here.advance(run.id);
  expect(outcome).toEqual({ done: false, dueAt: here.clock.now().add({ seconds: 60 }) });
  target.word = "STOPPED";
  expect(await drive(here, run)).toMatchObject({ state: "aborted", proved: true });
});

test("a target that has gone is not an abort", async () => {
  const { here, server, next } = await stoppable();
  const run = await next();
  await server.close();
  await here.runs.abort(asking(), run.number, null);
  expect(await drive(here, run, { state: "abort_unconfirmed" })).toMatchObject({ abortSent: null });
});

test("a target without an abort: said so, the run goes on", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "running" });
  const { said, run: view } = await here.runs.abort(asking(), run.number, null);
  expect(said).toContain("cannot be stopped");
  expect(view.state).toBe("running");
  expect(
    await here.store.db.selectFrom("audit").select(["action", "outcome"]).orderBy("id", "desc").executeTakeFirst(),
  ).toEqual({ action: "run.abort", outcome: "allowed" });
});

test("an abort before the start is a withdrawal; during preparation nothing was started", async () => {
  const here = await world();
  const first = await queue(here);
  expect((await here.runs.abort(asking(), first.number, null)).run.state).toBe("withdrawn");
  const second = await drive(here, await queue(here), { state: "preparing" });
  expect((await here.runs.abort(asking(), second.number, null)).run.state).toBe("aborted");
  expect(await drive(here, second)).toMatchObject({ state: "aborted" });
  expect(here.prod.starts).toBe(0);
  expect(await heldBy(here)).toBeNull();
});

test("the database itself keeps what has ended as it is", async () => {
  const here = await world();
  const run = await queue(here);
  await here.runs.abort(asking(), run.number, null);
  await expect(
    here.store.db.updateTable("runs").set({ state: "running" }).where("id", "=", run.id).execute(),
  ).rejects.toThrow("stays so");
});

test("noop succeeds and says why", async () => {
  const here = await world();
  const ended = await drive(here, await queue(here, "prod", "person-rebuild"));
  expect(ended).toMatchObject({ state: "succeeded", proved: true, requestedByKey: ASHA.key });
  expect(isTerminal(ended.state)).toBe(true);
});

test("a catalogue that changed between the asking and the start: nothing is started at the old place", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "preparing" });
  const { "person-sync": job, ...others } = here.catalogue.jobs;
  if (job === undefined) throw new Error("the job is not there");
  const moved = { ...job, environments: { ...job.environments, prod: { target: "sync-nimdta" } } };
  const later = partsOf({
    store: here.store,
    clock: here.clock,
    catalogue: { ...here.catalogue, jobs: { ...others, "person-sync": moved } },
  });
  expect(await drive({ ...here, advance: later.advance }, run)).toMatchObject({ state: "refused" });
  expect(here.prod.starts + here.nimdta.starts).toBe(0);
});

test("a target that leaves the catalogue while it runs ends nothing", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "running" });
  const later = partsOf({ store: here.store, clock: here.clock, catalogue: { ...here.catalogue, targets: {} } });
  await drive({ ...here, advance: later.advance }, run, { steps: 3 });
  expect((await reread(here, run)).state).toBe("unknown");
  expect(await heldBy(here)).toBe(run.id);
});
