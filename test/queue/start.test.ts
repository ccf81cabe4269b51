import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { postgresBackend } from "../../src/queue/backend.ts";
import { createRinger, startWorker } from "../../src/queue/queue.ts";
import { openStore } from "../../src/store/store.ts";
import { emptyDatabase } from "../helpers/database.ts";
import { handlersOf } from "./handlers.ts";

test("a worker that cannot use its Postgres says so at its start, and does not try for ever", async () => {
  const url = await emptyDatabase();
  const store = openStore({ url });
  // Nobody has prepared the queue's tables there.
  const backend = postgresBackend(url, silentLogger);
  const ringer = createRinger({ backend, clock: systemClock, log: silentLogger });
  const starting = startWorker({
    backend,
    ringer,
    db: store.db,
    clock: systemClock,
    log: silentLogger,
    handlers: handlersOf(() => async () => ({ done: true })),
    sweepEveryMs: 1_000,
    reportError: () => {},
  });
  await expect(starting).rejects.toThrow(/bullmq|schema|migrat/i);
  await ringer.close();
  await store.close();
});
