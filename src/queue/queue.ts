import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { dueWork, type Ring } from "../store/outbox.ts";
import type { Db } from "../store/store.ts";
import type { DoorbellQueue, DoorbellWorker, QueueBackend } from "./backend.ts";
import { LANE_NAMES, LANES, type Lane, laneOf } from "./lanes.ts";
import { startSweep } from "./sweep.ts";
import { createPerformer, type Handlers } from "./work.ts";

/** Rings for committed work. Never throws and never waits: a ring that fails is found by the sweep. */
export interface Ringer {
  ring(rings: readonly Ring[]): void;
  /** Of rows that are due, rings for those whose lane has room. Most of a crowd has been rung for, and waits its turn. */
  ringDue(rings: readonly Ring[]): Promise<void>;
  /** What to do with due rings that the queue did not take; until told, they are left to the workers' sweep. */
  onRefused(listener: (rings: readonly Ring[]) => void): void;
  close(): Promise<void>;
}

/** Rings within so many milliseconds go to the queue in one call, each (kind, ref) once. */
const COALESCE_MS = 4;
/** BullMQ closes without a deadline of its own, and never while its Redis is away. */
const CLOSE_MS = 5_000;
/** The sweep rings only while a lane has at most so many rings waiting for each of its hands. */
const WAITING_A_HAND = 4;
/** Further away than this, the sweep is soon enough. */
const LONGEST_DELAY_MS = 60_000;

export function createRinger(parts: { backend: QueueBackend; clock: Clock; log: Logger }): Ringer {
  const { clock, log } = parts;
  const queues = Object.fromEntries(LANE_NAMES.map((lane) => [lane, parts.backend.queue(lane)])) as Record<
    Lane,
    DoorbellQueue
  >;
  const waiting = new Map<string, Ring>();
  let timer: NodeJS.Timeout | undefined;
  let flushing = Promise.resolve();
  let refused: (rings: readonly Ring[]) => void = () => {};

  async function flush(): Promise<void> {
    timer = undefined;
    const rings = [...waiting.values()];
    waiting.clear();
    for (const lane of LANE_NAMES) {
      const mine = rings.filter((ring) => laneOf(ring.kind) === lane);
      if (mine.length === 0) continue;
      try {
        await queues[lane].addBulk(mine.map(toJob));
      } catch (error) {
        log.warn({ lane, rings: mine.length, error: messageOf(error) }, "the queue took no rings; the sweep will");
        refused(mine.filter((ring) => delayMs(ring) === 0));
      }
    }
  }

  const delayMs = (ring: Ring) => Math.max(0, ring.dueAt.epochMilliseconds - clock.now().epochMilliseconds);
  const toJob = (ring: Ring) => {
    const delay = delayMs(ring);
    return { name: ring.kind, data: { kind: ring.kind, ref: ring.ref }, opts: delay === 0 ? {} : { delay } };
  };

  const ring = (rings: readonly Ring[]) => {
    for (const one of rings) {
      if (delayMs(one) > LONGEST_DELAY_MS) continue;
      const key = `${one.kind} ${one.ref} ${delayMs(one) === 0 ? "now" : one.dueAt.epochMilliseconds}`;
      waiting.set(key, one);
    }
    timer ??= setTimeout(() => {
      flushing = flushing.then(flush);
    }, COALESCE_MS);
  };

  /** A queue that cannot be asked has room: whoever rings finds out that it is away. */
  const roomIn = (lane: Lane) =>
    queues[lane].waiting().then(
      (count) => Math.max(0, LANES[lane].concurrency * WAITING_A_HAND - count),
      () => Number.POSITIVE_INFINITY,
    );

  return {
    ring,
    ringDue: async (rings) => {
      for (const lane of LANE_NAMES) {
        const due = rings.filter((one) => laneOf(one.kind) === lane);
        if (due.length > 0) ring(due.slice(0, await roomIn(lane)));
      }
    },
    onRefused: (listener) => {
      refused = listener;
    },
    close: async () => {
      clearTimeout(timer);
      await flushing;
      await within(CLOSE_MS, Promise.all(LANE_NAMES.map((lane) => queues[lane].close())));
    },
  };
}

export interface Worker {
  close(): Promise<void>;
}

/**
 * Does the outbox's work: woken by the queue, and by a sweep every `sweepEveryMs` that finds every due row again.
 * While the queue is away the sweep does the work itself.
 */
export async function startWorker(parts: {
  backend: QueueBackend;
  ringer: Ringer;
  db: Db;
  clock: Clock;
  log: Logger;
  handlers: Handlers;
  sweepEveryMs: number;
  reportError: (error: unknown, context: Record<string, unknown>) => void;
}): Promise<Worker> {
  const { clock, db, log } = parts;
  const performer = createPerformer({ ...parts, ringLater: (ring) => parts.ringer.ring([ring]) });
  parts.ringer.onRefused((rings) => {
    for (const ring of rings) void performer.perform(ring);
  });
  const workers: DoorbellWorker[] = LANE_NAMES.map((lane) =>
    parts.backend.worker(lane, {
      concurrency: LANES[lane].concurrency,
      ring: (doorbell) => performer.perform(doorbell as Pick<Ring, "kind" | "ref">),
    }),
  );
  await untilReady(parts.backend, workers);
  const sweep = startSweep({
    name: "due work",
    everyMs: parts.sweepEveryMs,
    log,
    once: async () => {
      const due = await dueWork(db, { now: clock.now(), machineNow: clock.machineNow(), limit: 500 });
      await parts.ringer.ringDue(due);
    },
  });
  return {
    close: async () => {
      await sweep.close();
      await within(CLOSE_MS, Promise.all(workers.map((worker) => worker.close())));
      await within(CLOSE_MS, performer.idle());
    },
  };
}

/**
 * On Postgres, a BullMQ worker whose first connection failed would try again for ever without a pause and let nothing
 * else run: a start that fails is told at once instead. A Redis that is away is waited for by the workers themselves.
 */
async function untilReady(backend: QueueBackend, workers: readonly DoorbellWorker[]): Promise<void> {
  if (backend.name !== "postgres") return;
  try {
    await Promise.all(workers.map((worker) => worker.waitUntilReady()));
  } catch (error) {
    for (const worker of workers) worker.close().catch(() => {});
    throw error;
  }
}

async function within(limitMs: number, closing: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([closing, limit]);
  clearTimeout(timer);
}
