import { expect, test } from "vitest";
import { ConnectorError } from "../../src/jobs/connectors/contract.ts";
import { asking, fanoutWorld, handed, items, numbers, processOf, waiting, work } from "./world.ts";

const preprod = { job: "placements", environment: "preprod" };

async function sourced(count: number) {
  const here = await fanoutWorld();
  for (const id of numbers(count)) here.fast.source.add(id);
  const start = (ids = numbers(count)) =>
    handed((over) => here.fanouts.resync(asking(over), { ...preprod, ids: ids.join(",") }));
  const view = (run: number) => here.runs.get(asking(), run);
  return { here, start, view };
}

test("asks again with the same key after a call that may have had its effect, later each time", async () => {
  const { here, start, view } = await sourced(5);
  const at: number[] = [];
  here.fast.before = () => {
    at.push(here.clock.now().epochMilliseconds);
    if (at.length < 3) throw new ConnectorError("ambiguous", "no answer within 10 s");
  };
  const run = await start();
  await work(here);
  expect(await view(run.number)).toMatchObject({ state: "succeeded", items: { done: 5 } });
  expect(new Set(here.fast.calls.map((call) => call.key)).size).toBe(1);
  expect([at[1], at[2]].map((ms, n) => Math.round(((ms ?? 0) - (at[n] ?? 0)) / 1_000))).toEqual([10, 20]);
});

test("fails the ids of a chunk after the last attempt, says how to hand them over again, and that does", async () => {
  const { here, start, view } = await sourced(30);
  here.fast.before = (call) => {
    if (call.ids.includes("000011")) throw new ConnectorError("unavailable", "the queue is full");
  };
  const run = await start();
  await work(here);
  const failed = await view(run.number);
  expect(failed).toMatchObject({ state: "failed", proved: true, items: { done: 20, failed: 10 } });
  expect(failed.because).toBe("20 done, 10 failed: again with `/sync resync --run=1 --only=failed`");
  expect((await items(here, run.number))["000015"]).toBe("failed: the queue is full (asked 3 times)");

  here.fast.before = () => {};
  const again = await handed((over) => here.fanouts.resync(asking(over), { run: run.number, only: "failed" }));
  expect(again).toMatchObject({ parent: run.number, items: { pending: 10 } });
  await work(here);
  expect(await view(again.number)).toMatchObject({ state: "succeeded", items: { done: 10 } });
});

test("an id of which the target says nothing has failed", async () => {
  const { here, start, view } = await sourced(3);
  here.fast.answer = (call) => call.ids.slice(1).map((id) => ({ id, state: "done" }));
  const run = await start();
  await work(here);
  expect(await view(run.number)).toMatchObject({ state: "failed", items: { done: 2, failed: 1 } });
  expect(await items(here, run.number)).toMatchObject({ "000001": "failed: fast said nothing of it" });
});

test("whoever is not let in is not asked again: the rest is skipped and can be handed over later", async () => {
  const { here, start, view } = await sourced(100);
  here.fast.before = () => {
    throw new ConnectorError("auth", "the token was refused");
  };
  const run = await start();
  await work(here);
  expect(here.fast.calls).toHaveLength(1);
  expect(await view(run.number)).toMatchObject({ state: "failed", items: { failed: 10, skipped: 90, pending: 0 } });
  here.fast.before = () => {};
  const rest = await handed((over) => here.fanouts.resync(asking(over), { run: run.number, only: "skipped" }));
  expect(rest.items).toMatchObject({ pending: 90 });
});

test("a worker that dies between the call and its answer: another asks again with the same key", async () => {
  const { here, start, view } = await sourced(5);
  const run = await start();
  await work(here, async () => (await waiting(here.store)).some((due) => due.kind === "chunk"));
  const [chunk] = await waiting(here.store);
  let dead = true;
  here.fast.before = () => (dead ? new Promise(() => {}) : undefined);
  void here.chunk(chunk?.ref ?? 0);
  await expect.poll(() => here.fast.calls.length).toBe(1);
  dead = false;
  await work({ ...here, ...processOf(here.fanning) });
  expect(await view(run.number)).toMatchObject({ state: "succeeded", items: { done: 5 } });
  expect(here.fast.calls.map((call) => call.key)).toEqual([here.fast.calls[0]?.key, here.fast.calls[0]?.key]);
});

test("refuses before anything is handed over when the target is busy", async () => {
  const { here, start, view } = await sourced(5);
  const run = await start();
  here.fast.busy = true;
  await work(here);
  expect(await view(run.number)).toMatchObject({ state: "refused", items: { pending: 5 } });
  expect(here.fast.calls).toEqual([]);
});

test("leaves to a newer fan-out of the same place what that one has too; that one waits for its turn", async () => {
  const { here, start, view } = await sourced(25);
  const older = await start();
  await work(here, () => here.fast.calls.length === 1);
  const newer = await start(["000001", "000012", "000025"]);
  await work(here);
  expect(await view(older.number)).toMatchObject({ state: "succeeded", items: { done: 23, superseded: 2 } });
  expect(await items(here, older.number)).toMatchObject({
    "000001": "done",
    "000012": "superseded: by run 2",
    "000025": "superseded: by run 2",
  });
  expect(await view(newer.number)).toMatchObject({ state: "succeeded", items: { done: 3 } });
  expect(here.fast.calls.flatMap((call) => call.ids).filter((id) => id === "000012")).toEqual(["000012"]);
});
