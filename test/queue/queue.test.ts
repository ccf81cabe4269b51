import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { postgresBackend, type QueueBackend, redisBackend } from "../../src/queue/backend.ts";
import { createRinger, startWorker } from "../../src/queue/queue.ts";
import type { Handlers } from "../../src/queue/work.ts";
import { claimWork, requestWork, type WorkKind, type WorkOutcome, workAhead } from "../../src/store/outbox.ts";
import type { Store } from "../../src/store/store.ts";
import { testDatabase } from "../helpers/database.ts";
import { redisIsHere, startRedis, type TestRedis } from "../helpers/redis.ts";
import { handlersOf } from "./handlers.ts";

const DONE: WorkOutcome = { done: true };
let redis: TestRedis | undefined;
beforeAll(async () => {
  if (redisIsHere) redis = await startRedis();
});
afterAll(() => redis?.close());

describe.each(["postgres", "redis"] as const)("on %s", (kind) => {
  const runs = kind === "postgres" || redisIsHere || process.env["CI"] === "true";
  const it = test.skipIf(!runs);

  it("does committed work once, within a moment", async () => {
    const { ask, done, start } = await desk(kind);
    await start();
    await ask("run", 1);
    await ask("incident", 1);
    await ask("inbox", 0);
    await expect.poll(() => [...done].sort()).toEqual(["inbox 0", "incident 1", "run 1"]);
  });

  it("finds work by the sweep when nothing rang", async () => {
    const { ask, done, start, store } = await desk(kind);
    store.onCommitted(() => {});
    for (const ref of [1, 2, 3]) await ask("run", ref);
    await start();
    await expect.poll(() => [...done].sort()).toEqual(["run 1", "run 2", "run 3"]);
  });

  it("does a failed step again, and calls a step back when it says", async () => {
    let tries = 0;
    const { ask, done, start, store } = await desk(kind, {
      run: async (ref) => {
        tries += 1;
        if (tries === 1) throw new Error("the target is away");
        done.push(`run ${ref} ${tries}`);
        if (tries === 2) return { done: false, dueAt: systemClock.now().add({ milliseconds: 300 }) };
        return DONE;
      },
    });
    await start();
    await ask("run", 9);
    await expect.poll(() => done, { timeout: 8_000 }).toEqual(["run 9 2", "run 9 3"]);
    await expect.poll(async () => (await workAhead(store.db, systemClock.now())).due).toEqual([]);
  });

  it("takes over what a killed worker held", async () => {
    const { ask, done, start, store } = await desk(kind);
    store.onCommitted(() => {});
    await ask("run", 5);
    const now = systemClock.now();
    await claimWork(store.db, { kind: "run", ref: 5 }, { worker: "killed", now, machineNow: now, forMs: 700 });
    await start();
    expect(done).toEqual([]);
    await expect.poll(() => done, { timeout: 5_000 }).toEqual(["run 5"]);
  });

  it("never lets one slow lane hold up another", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { ask, done, start } = await desk(kind, {
      incident: async () => {
        await held;
        return DONE;
      },
    });
    await start();
    for (let ref = 1; ref <= 20; ref += 1) await ask("incident", ref);
    await ask("run", 1);
    await expect.poll(() => done).toEqual(["run 1"]);
    release();
  });
});

test.skipIf(!redisIsHere && process.env["CI"] !== "true")("loses nothing when Redis loses everything", async () => {
  const { ask, done, start } = await desk("redis");
  for (let ref = 1; ref <= 50; ref += 1) await ask("run", ref);
  const client = new Redis(redis?.url ?? "");
  await client.flushall();
  client.disconnect();
  await start();
  await expect.poll(() => done.length, { timeout: 5_000 }).toBe(50);
});

test("does not ring at every sweep for what waits in a full lane", async () => {
  const gate = Promise.withResolvers<void>();
  const { ask, start, backend } = await desk("postgres", { inbox: () => gate.promise.then(() => DONE) });
  await Promise.all(Array.from({ length: 30 }, (_, ref) => ask("inbox", ref)));
  await start();
  const queue = backend.queue("hear");
  await new Promise((done) => setTimeout(done, 1_500));
  const waiting = await queue.waiting();
  gate.resolve();
  await queue.close();
  // Seven sweeps have looked, and found every row rung for.
  expect(waiting).toBeLessThanOrEqual(30);
});

test("does the work without a queue while the queue is away", async () => {
  const { store } = await testDatabase();
  const done: string[] = [];
  const backend = redisBackend("redis://127.0.0.1:1", silentLogger);
  const close = await work({ store, backend, handlers: handlers(done) });
  onTestFinished(close);
  await store.tx((tx) => requestWork(tx, { kind: "run", ref: 1, dueAt: systemClock.now() }));
  await expect.poll(() => done, { timeout: 5_000 }).toEqual(["run 1"]);
});

async function desk(kind: "postgres" | "redis", overrides: Partial<Handlers> = {}) {
  const { store, url } = await testDatabase();
  const backend =
    kind === "postgres" ? postgresBackend(url, silentLogger) : redisBackend(redis?.url ?? "", silentLogger);
  const done: string[] = [];
  await backend.prepare();
  return {
    store,
    done,
    backend,
    ask: (work: WorkKind, ref: number) =>
      store.tx((tx) => requestWork(tx, { kind: work, ref, dueAt: systemClock.now() })),
    start: async () => {
      onTestFinished(await work({ store, backend, handlers: { ...handlers(done), ...overrides } }));
    },
  };
}

async function work(parts: { store: Store; backend: QueueBackend; handlers: Handlers }): Promise<() => Promise<void>> {
  const shared = { backend: parts.backend, clock: systemClock, log: silentLogger };
  const ringer = createRinger(shared);
  parts.store.onCommitted(ringer.ring);
  const worker = await startWorker({
    ...shared,
    ringer,
    db: parts.store.db,
    handlers: parts.handlers,
    sweepEveryMs: 200,
    reportError: () => {},
  });
  return async () => {
    await worker.close();
    await ringer.close();
    await parts.backend.close();
  };
}

const handlers = (done: string[]): Handlers =>
  handlersOf((kind) => async (ref) => {
    done.push(`${kind} ${ref}`);
    return DONE;
  });
