import type { Clock } from "../base/clock.ts";

/**
 * Group commit: what comes while one batch is being saved waits for the next, so that a thousand callers share a few
 * commits. One batch is under way at a time.
 */
export interface Batcher<T> {
  /** Resolves once the batch with this item is saved; rejects with its failure, or at once when too much waits. */
  add(item: T): Promise<void>;
  /** Resolves when nothing waits or is under way. */
  idle(): Promise<void>;
}

/** More waits than may be kept in memory: the sender has to come again. */
export class Overloaded extends Error {
  override readonly name = "Overloaded";
}

interface Waiting<T> {
  readonly item: T;
  readonly size: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** While items keep coming, those of so many milliseconds share a commit; so many need not wait for more. */
const GATHER_MS = 8;
const FULL = 32;

export function createBatcher<T>(parts: {
  save: (items: readonly T[]) => Promise<void>;
  clock: Pick<Clock, "machineNow">;
  /** Of an item, in bytes. */
  sizeOf: (item: T) => number;
  /** Whether a failure may be one item's own fault: then each is saved by itself. */
  isolate?: (error: unknown) => boolean;
  mostItems: number;
  mostBytes: number;
  /** Bytes that may wait in all. */
  mostWaitingBytes: number;
}): Batcher<T> {
  let waiting: Waiting<T>[] = [];
  let waitingBytes = 0;
  let running: Promise<void> | undefined;
  let last = { size: 1, savedMs: 0 };
  const nowMs = () => parts.clock.machineNow().epochMilliseconds;

  async function run(): Promise<void> {
    // One turn of the loop: requests that were read together are saved together.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const comeFast = last.size > 1 && nowMs() - last.savedMs < GATHER_MS;
      if (comeFast && waiting.length < FULL) await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
      const batch = take();
      const error = await attempt(batch);
      if (error !== undefined && batch.length > 1 && parts.isolate?.(error.cause) === true) {
        for (const one of batch) settle([one], await attempt([one]));
      } else settle(batch, error);
      last = { size: batch.length, savedMs: nowMs() };
    }
    running = undefined;
  }

  /** Undefined when it is saved. */
  async function attempt(batch: readonly Waiting<T>[]): Promise<{ readonly cause: unknown } | undefined> {
    try {
      await parts.save(batch.map((one) => one.item));
      return undefined;
    } catch (cause) {
      return { cause };
    }
  }

  function settle(batch: readonly Waiting<T>[], error: { readonly cause: unknown } | undefined): void {
    for (const one of batch) {
      if (error === undefined) one.resolve();
      else one.reject(error.cause);
    }
  }

  function take(): readonly Waiting<T>[] {
    let bytes = 0;
    let count = 0;
    for (const one of waiting) {
      if (count === parts.mostItems || (count > 0 && bytes + one.size > parts.mostBytes)) break;
      bytes += one.size;
      count += 1;
    }
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    waitingBytes -= bytes;
    return batch;
  }

  return {
    add: (item) => {
      const size = parts.sizeOf(item);
      if (waitingBytes + size > parts.mostWaitingBytes)
        return Promise.reject(new Overloaded("too much waits to be saved"));
      waitingBytes += size;
      const saved = new Promise<void>((resolve, reject) => waiting.push({ item, size, resolve, reject }));
      running ??= run();
      return saved;
    },
    idle: async () => {
      while (running !== undefined) await running;
    },
  };
}
