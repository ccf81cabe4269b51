import { expect, test } from "vitest";
import { offersOf } from "../../src/command/offers.ts";
import type { ResultFiles } from "../../src/fanout/fanning.ts";
import { publishResult } from "../../src/fanout/result.ts";
import { keepRun } from "../../src/jobs/record.ts";
import { lockRun, runNumbered } from "../../src/jobs/runs.store.ts";
import { requestWork } from "../../src/store/outbox.ts";
import { asking, type FanoutWorld, fanoutWorld, handed, items, numbers, processOf, work } from "./world.ts";

const preprod = { job: "placements", environment: "preprod" };

async function running(count: number) {
  const here = await fanoutWorld();
  for (const id of numbers(count)) here.fast.source.add(id);
  const run = await handed((over) => here.fanouts.resync(asking(over), { ...preprod, ids: numbers(count).join(",") }));
  const view = () => here.runs.get(asking(), run.number);
  await work(here, () => here.fast.calls.length >= 3);
  return { here, run: run.number, view };
}

/** What `/sync pause` and `/sync resume` leave for whoever carries the run out. */
async function wish(here: FanoutWorld, number: number, what: "pauseRequestedAt" | "resumeRequestedAt") {
  const run = await runNumbered(here.store.db, number);
  await here.store.tx(async (tx) => {
    const locked = await lockRun(tx, run?.id ?? 0);
    await keepRun(tx, locked, { set: { [what]: here.clock.now() } });
    await requestWork(tx, { kind: "run", ref: locked.id, dueAt: here.clock.now() });
  });
}

test("pauses after the calls under way, hands nothing over meanwhile, and goes on where it was", async () => {
  const { here, run, view } = await running(100);
  expect((await view()).can).toMatchObject({ pause: true, abort: true });
  await wish(here, run, "pauseRequestedAt");
  await work(here);
  const paused = await view();
  expect(paused.state).toBe("paused");
  const calls = here.fast.calls.length;
  here.clock.advance({ hours: 1 });
  await work(here);
  expect(here.fast.calls.length).toBe(calls);
  await wish(here, run, "resumeRequestedAt");
  await work(here);
  expect(await view()).toMatchObject({ state: "succeeded", items: { done: 100 } });
  expect(here.fast.calls.flatMap((call) => call.ids).length).toBe(100);
});

test("waits for the call under way before it says that it is paused", async () => {
  const here = await fanoutWorld();
  for (const id of numbers(30)) here.fast.source.add(id);
  let answer = () => {};
  here.fast.before = () => new Promise((done) => (answer = done));
  const run = await handed((over) => here.fanouts.resync(asking(over), { ...preprod, ids: numbers(30).join(",") }));
  const view = () => here.runs.get(asking(), run.number);
  const working = work(here, () => here.fast.calls.length >= 2);
  await expect.poll(() => here.fast.calls.length).toBe(1);
  await wish(here, run.number, "pauseRequestedAt");
  const id = (await runNumbered(here.store.db, run.number))?.id ?? 0;
  await here.advance(id);
  expect((await view()).state).toBe("running");
  answer();
  await working;
  await work(here);
  expect(await view()).toMatchObject({ state: "paused", items: { done: 10, pending: 20 } });
});

test("aborts: nothing more is handed over, the rest is skipped and is a new run when somebody wants it", async () => {
  const { here, run, view } = await running(100);
  await here.runs.abort(asking(), run, "wrong list");
  await work(here);
  const ended = await view();
  const handedOver = here.fast.calls.flatMap((call) => call.ids).length;
  expect(handedOver).toBeLessThan(100);
  expect(ended).toMatchObject({
    state: "aborted",
    proved: true,
    items: { pending: 0, done: handedOver, skipped: 100 - handedOver },
  });
  expect(ended.because).toContain("nothing more was handed over after 2024-11-20 09:00:00 UTC");
  expect(ended.because).toContain("--run=1 --only=skipped");
  expect(here.uploads.map(({ name }) => name)).toEqual(["run-1.csv"]);

  const rest = await handed((over) => here.fanouts.resync(asking(over), { run, only: "skipped" }));
  await work(here);
  expect(await here.runs.get(asking(), rest.number)).toMatchObject({
    state: "succeeded",
    parent: run,
    items: { done: 100 - handedOver },
  });
  expect(here.fast.calls.flatMap((call) => call.ids).toSorted()).toEqual(numbers(100));
});

test("a run whose rest was done by others names them and offers it no more, however many it took", async () => {
  const { here, run, view } = await running(100);
  await here.runs.abort(asking(), run, "too early");
  await work(here);
  expect(offersOf(await view()).map(({ label }) => label)).toEqual(["Resync rest"]);

  here.fast.answer = (call) => call.ids.map((id) => ({ id, state: id < "000090" ? "done" : "failed" }));
  await handed((over) => here.fanouts.resync(asking(over), { run, only: "skipped" }));
  await work(here);
  expect(await here.runs.get(asking(), 2)).toMatchObject({ state: "failed", mended: { failed: [] } });
  expect((await view()).mended.skipped).toEqual([]);

  here.fast.answer = null;
  await here.store.db.deleteFrom("outbox").where("kind", "=", "run-card").execute();
  await handed((over) => here.fanouts.resync(asking(over), { run: 2, only: "failed" }));
  await work(here);
  expect(await here.runs.get(asking(), 3)).toMatchObject({ state: "succeeded" });
  expect((await here.runs.get(asking(), 2)).mended.failed).toEqual([3]);
  expect(await view()).toMatchObject({ mended: { skipped: [2, 3], failed: [], resynced: null } });
  expect(offersOf(await view())).toEqual([]);
  const cards = await here.store.db.selectFrom("outbox").select("ref").where("kind", "=", "run-card").execute();
  expect(cards.map(({ ref }) => ref).toSorted()).toEqual([1, 2, 3]);
});

test("aborts what is paused; the lease is free afterwards", async () => {
  const { here, run, view } = await running(100);
  await wish(here, run, "pauseRequestedAt");
  await work(here);
  await here.runs.abort(asking(), run, null);
  await work(here);
  expect(await view()).toMatchObject({ state: "aborted", proved: true });
  const leases = await here.store.db.selectFrom("leases").select("run_id").execute();
  expect(leases.map((lease) => lease.run_id)).toEqual([null]);
});

test("the result per id is a file in the thread: once, and only where there is much to say", async () => {
  const here = await fanoutWorld();
  here.fast.source.add("a");
  await handed((over) => here.fanouts.resync(asking(over), { ...preprod, ids: "a" }));
  await work(here);
  expect(here.uploads).toEqual([]);
  here.fast.answer = (call) => call.ids.map((id) => ({ id, state: "failed", detail: 'said "no", twice' }));
  const run = await handed((over) => here.fanouts.resync(asking(over), { ...preprod, ids: "a, =b" }));
  await work(here);
  expect(here.uploads).toEqual([
    {
      name: `run-${run.number}.csv`,
      text: 'id,state,detail\r\na,failed,"said ""no"", twice"\r\n\'=b,failed,"said ""no"", twice"\r\n',
    },
  ]);
  expect(Object.keys(await items(here, run.number))).toEqual(["a", "=b"]);
});

test("a worker that dies before, or after, a result is shown leaves one file; a target that takes none is left alone in the end", async () => {
  const here = await fanoutWorld();
  here.fast.answer = (call) => call.ids.map((id) => ({ id, state: "failed", detail: "no" }));
  await handed((over) => here.fanouts.resync(asking(over), { ...preprod, ids: "a" }));
  const { resultFiles } = here.fanning;
  const dying = (when: "before" | "after"): ResultFiles => ({
    ...resultFiles,
    show: async (file) => {
      if (when === "after") await resultFiles.show(file);
      throw new Error("the worker died");
    },
  });
  const step = (files: ResultFiles) => processOf({ ...here.fanning, resultFiles: files }).advance(1);
  await work(here, async () => (await runNumbered(here.store.db, 1))?.state === "failed");
  await expect(step(dying("before"))).rejects.toThrow("died");
  expect(here.uploads).toEqual([]);
  await expect(step(dying("after"))).rejects.toThrow("died");
  expect(await step(resultFiles)).toEqual({ done: true });
  expect(here.uploads.map(({ name }) => name)).toEqual(["run-1.csv"]);
  expect(await step(dying("after"))).toEqual({ done: true });

  await here.store.db.updateTable("fanouts").set({ result_at: null }).execute();
  here.clock.advance({ minutes: 11 });
  expect(await step(dying("before"))).toEqual({ done: true });
});

test("more ids than a file takes: what was not done comes first, and the title says that it is a part", async () => {
  const here = await fanoutWorld();
  here.fast.answer = (call) => call.ids.map((id) => ({ id, state: id === "d" ? "failed" : "done" }));
  await handed((over) => here.fanouts.resync(asking(over), { ...preprod, ids: "a,b,c,d" }));
  await work(here);
  await here.store.db.updateTable("fanouts").set({ result_at: null, result_file: null }).execute();
  const run = await runNumbered(here.store.db, 1);
  if (run === null) throw new Error("there is no such run");
  await publishResult(here.fanning, run, 2);
  expect(here.uploads.at(-1)).toEqual({
    name: "run-1.csv",
    title: "Run 1: result per id, 2 of 4",
    text: "id,state,detail\r\nd,failed,\r\na,done,\r\n",
  });
});
