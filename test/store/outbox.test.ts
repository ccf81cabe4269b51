import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { claimWork, dueWork, type Ring, releaseWork, requestWork, workAhead } from "../../src/store/outbox.ts";
import { testDatabase } from "../helpers/database.ts";

const clock = () => manualClock("2024-01-08T02:00:00Z");
const by = (at: ReturnType<typeof clock>, worker = "w1") => ({
  worker,
  now: at.now(),
  machineNow: at.machineNow(),
  forMs: 30_000,
});

test("rings only after the commit, and never after a rollback", async () => {
  const { store } = await testDatabase();
  const at = clock();
  const rung: Ring[] = [];
  store.onCommitted((rings) => rung.push(...rings));
  await store.tx(async (tx) => {
    await requestWork(tx, { kind: "run", ref: 1, dueAt: at.now() });
    expect(rung).toEqual([]);
  });
  expect(rung.map((ring) => ring.ref)).toEqual([1]);
  const failing = store.tx(async (tx) => {
    await requestWork(tx, { kind: "run", ref: 2, dueAt: at.now() });
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(rung).toHaveLength(1);
  expect((await dueWork(store.db, { now: at.now(), machineNow: at.machineNow(), limit: 9 })).map((r) => r.ref)).toEqual(
    [1],
  );
});

test("a storm rings once: what is due already has been rung for, what is wanted earlier rings again", async () => {
  const { store } = await testDatabase();
  const at = clock();
  const rung: Ring[] = [];
  store.onCommitted((rings) => rung.push(...rings));
  const ask = (seconds: number) =>
    store.tx((tx) =>
      requestWork(tx, { kind: "incident", ref: 3, dueAt: at.now().add({ milliseconds: seconds * 1_000 }) }),
    );
  for (const seconds of [60, 61, 10, 30, 0, 0.001]) await ask(seconds);
  expect(rung.map((ring) => ring.dueAt.since(at.now()).total("seconds"))).toEqual([60, 10, 0]);
});

test("one worker holds a row until its claim runs out; then another may", async () => {
  const { store } = await testDatabase();
  const at = clock();
  await store.tx((tx) => requestWork(tx, { kind: "run", ref: 7, dueAt: at.now() }));
  const claims = await Promise.all(
    Array.from({ length: 5 }, (_, n) => claimWork(store.db, { kind: "run", ref: 7 }, by(at, `w${n}`))),
  );
  expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
  at.advance({ seconds: 31 });
  expect(await claimWork(store.db, { kind: "run", ref: 7 }, by(at, "later"))).not.toBeNull();
});

test("work asked for while it was being done is done once more", async () => {
  const { store } = await testDatabase();
  const at = clock();
  const ask = () => store.tx((tx) => requestWork(tx, { kind: "incident", ref: 3, dueAt: at.now() }));
  await ask();
  const claim = await claimWork(store.db, { kind: "incident", ref: 3 }, by(at));
  if (claim === null) throw new Error("not claimed");
  await Promise.all([ask(), ask(), ask()]);
  const again = await releaseWork(store.db, claim, { worker: "w1", now: at.now(), outcome: { done: true } });
  expect(again?.toString()).toBe(at.now().toString());
  const second = await claimWork(store.db, { kind: "incident", ref: 3 }, by(at));
  if (second === null) throw new Error("not claimed");
  expect(await releaseWork(store.db, second, { worker: "w1", now: at.now(), outcome: { done: true } })).toBeNull();
  expect(await workAhead(store.db, at.now())).toEqual({ due: [], nextDueAt: null });
});

test("a worker whose claim ran out cannot take the row from its successor", async () => {
  const { store } = await testDatabase();
  const at = clock();
  await store.tx((tx) => requestWork(tx, { kind: "run", ref: 4, dueAt: at.now() }));
  const stale = await claimWork(store.db, { kind: "run", ref: 4 }, by(at, "stale"));
  at.advance({ seconds: 31 });
  const fresh = await claimWork(store.db, { kind: "run", ref: 4 }, by(at, "fresh"));
  if (stale === null || fresh === null) throw new Error("not claimed");
  await releaseWork(store.db, stale, { worker: "stale", now: at.now(), outcome: { done: true } });
  expect((await workAhead(store.db, at.now())).due).toEqual(["run 4"]);
});

test("a step that asks for later is due then by domain time, and held back by machine time", async () => {
  const { store } = await testDatabase();
  const at = clock();
  await store.tx((tx) => requestWork(tx, { kind: "run", ref: 5, dueAt: at.now() }));
  const claim = await claimWork(store.db, { kind: "run", ref: 5 }, by(at));
  if (claim === null) throw new Error("not claimed");
  const dueAt = at.now().add({ seconds: 5 });
  const notBefore = at.machineNow().add({ seconds: 8 });
  await releaseWork(store.db, claim, { worker: "w1", now: at.now(), outcome: { done: false, dueAt, notBefore } });
  expect((await workAhead(store.db, at.now())).nextDueAt?.toString()).toBe(dueAt.toString());
  at.advance({ seconds: 6 });
  expect(await claimWork(store.db, { kind: "run", ref: 5 }, by(at))).toBeNull();
  at.advance({ seconds: 3 });
  expect(await claimWork(store.db, { kind: "run", ref: 5 }, by(at))).not.toBeNull();
});
