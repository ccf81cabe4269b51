import { createPostgresBackend, type Processor, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { Logger } from "../base/log.ts";

/** What the queue carries: the name of an outbox row. */
export interface Doorbell {
  readonly kind: string;
  readonly ref: number;
}

/** What Nightdesk uses of a BullMQ queue, whatever keeps it. */
export interface DoorbellQueue {
  addBulk(jobs: { name: string; data: Doorbell; opts: { delay?: number } }[]): Promise<unknown>;
  /** Doorbells that wait for a worker, without those that are to ring later. */
  waiting(): Promise<number>;
  close(): Promise<void>;
}

export interface DoorbellWorker {
  close(): Promise<void>;
  waitUntilReady(): Promise<unknown>;
}

/** Redis's settings that decide whether it may lose a doorbell; null where Postgres keeps the queue. */
export interface RedisSettings {
  readonly maxmemoryPolicy: string;
  readonly appendonly: string;
}

export interface QueueBackend {
  readonly name: "redis" | "postgres";
  /** Creates what the backend needs in its store, before the first queue. */
  prepare(): Promise<void>;
  queue(name: string): DoorbellQueue;
  worker(name: string, options: { concurrency: number; ring: (doorbell: Doorbell) => Promise<void> }): DoorbellWorker;
  check(): Promise<RedisSettings | null>;
  /** After every queue and worker has closed. */
  close(): Promise<void>;
}

// Doorbells are worthless once they have rung: keeping them would only fill the store. A ring is never retried by the
// queue; the row it names is found again by the sweep.
const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: true, attempts: 1 };
const WORKER_OPTIONS = { lockDuration: 15_000, stalledInterval: 5_000, maxStalledCount: 1 };

/** The hash tag keeps all keys of a queue in one slot of a Redis Cluster. */
const PREFIX = "{nightdesk}";
/** Longest wait between two attempts to reach a Redis that went away: the default of 20 s is a long time at night. */
const RECONNECT_CAP_MS = 2_000;

export function redisBackend(url: string, log: Logger): QueueBackend {
  const connections: Redis[] = [];
  const connect = (role: "queue" | "worker"): Redis => {
    const redis = new Redis(url, {
      retryStrategy: (times) => Math.min(times * 100, RECONNECT_CAP_MS),
      // A queue must fail at once while Redis is away (the sweep rings again); a worker waits for it for ever.
      ...(role === "queue" ? { enableOfflineQueue: false, maxRetriesPerRequest: 1 } : { maxRetriesPerRequest: null }),
    });
    redis.on("error", (error) => log.warn({ role, error: error.message }, "Redis connection failed"));
    connections.push(redis);
    return redis;
  };
  return {
    name: "redis",
    prepare: async () => {},
    queue: (name) => {
      const queue = new Queue<Doorbell>(name, {
        connection: connect("queue"),
        prefix: PREFIX,
        defaultJobOptions: JOB_OPTIONS,
        streams: { events: { maxLen: 1_000 } },
        skipWaitingForReady: true,
      });
      queue.on("error", (error) => log.warn({ queue: name, error: error.message }, "queue connection failed"));
      return {
        addBulk: (jobs) => queue.addBulk(jobs),
        waiting: () => queue.getWaitingCount(),
        close: () => queue.close(),
      };
    },
    worker: (name, options) => {
      const worker = new Worker<Doorbell, void>(name, processor(options.ring), {
        ...WORKER_OPTIONS,
        connection: connect("worker"),
        prefix: PREFIX,
        concurrency: options.concurrency,
      });
      worker.on("error", (error) => log.warn({ queue: name, error: error.message }, "queue worker failed"));
      return worker;
    },
    check: async () => {
      // Alone, it has to wait for its connection; "queue" would fail at once.
      const redis = connections[0] ?? connect("worker");
      const [policy, aof] = await Promise.all([
        redis.config("GET", "maxmemory-policy"),
        redis.config("GET", "appendonly"),
      ]);
      return { maxmemoryPolicy: String(Object(policy)[1]), appendonly: String(Object(aof)[1]) };
    },
    close: async () => {
      for (const redis of connections) redis.disconnect();
    },
  };
}

/** A schema of its own in the same database: BullMQ migrates it, Nightdesk's tables are never touched. */
const SCHEMA = "bullmq";

/** On Postgres, BullMQ's bulk insert makes two temporary tables at each call: up to so many rings are cheaper one by one. */
const FEW = 12;

/** Rings wait for one another: none may wait for ever for a server that does not even refuse. */
const CONNECT_WITHIN_MS = 5_000;

export function postgresBackend(url: string, log: Logger): QueueBackend {
  const connection = {
    connectionString: url,
    schema: SCHEMA,
    max: 2,
    application_name: "nightdesk queue",
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    // A connection that breaks between two statements would end the process if nobody listened.
    onConnect: (client: { on(event: "error", listener: () => void): unknown }) => {
      client.on("error", () => {});
    },
  };
  return {
    name: "postgres",
    prepare: async () => {
      const queue = new Queue("prepare", { connection: { ...connection, migrate: true } }, createPostgresBackend);
      queue.on("error", (error) => log.warn({ error: error.message }, "queue connection failed"));
      await queue.waitUntilReady();
      await queue.close();
    },
    queue: (name) =>
      renewing(() => {
        const queue = new Queue(name, { connection, defaultJobOptions: JOB_OPTIONS }, createPostgresBackend);
        queue.on("error", (error) => log.warn({ queue: name, error: error.message }, "queue connection failed"));
        return queue;
      }),
    worker: (name, options) => {
      const worker = new Worker(
        name,
        processor(options.ring),
        { ...WORKER_OPTIONS, connection, concurrency: options.concurrency },
        createPostgresBackend,
      );
      worker.on("error", (error) => log.warn({ queue: name, error: error.message }, "queue worker failed"));
      return worker;
    },
    check: async () => null,
    close: async () => {},
  };
}

/** On Postgres, a BullMQ queue whose first connection failed stays failed: the next call is given a new one. */
function renewing<
  Opened extends Omit<DoorbellQueue, "waiting"> & {
    getWaitingCount(): Promise<number>;
    waitUntilReady(): Promise<unknown>;
    add(name: string, data: Doorbell, opts: { delay?: number }): Promise<unknown>;
  },
>(open: () => Opened): DoorbellQueue {
  let current: Opened | undefined = open();

  async function usable(): Promise<Opened> {
    const queue = current ?? open();
    current = queue;
    try {
      await queue.waitUntilReady();
    } catch (error) {
      if (current === queue) current = undefined;
      queue.close().catch(() => {});
      throw error;
    }
    return queue;
  }

  return {
    addBulk: async (jobs) => {
      const queue = await usable();
      if (jobs.length > FEW) return queue.addBulk(jobs);
      return Promise.all(jobs.map(({ name, data, opts }) => queue.add(name, data, opts)));
    },
    waiting: async () => (await usable()).getWaitingCount(),
    close: async () => current?.close(),
  };
}

const processor =
  (ring: (doorbell: Doorbell) => Promise<void>): Processor<Doorbell, void> =>
  (job) =>
    ring(job.data);
