import { connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
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

test("a queue whose Postgres was away at its first call takes rings when it is back", async () => {
  const url = new URL(await emptyDatabase());
  await postgresBackend(url.href, silentLogger).prepare();
  const door = await closedDoor({ host: url.hostname, port: Number(url.port) });
  const through = new URL(url);
  through.host = `127.0.0.1:${door.port}`;
  const queue = postgresBackend(through.href, silentLogger).queue("run");
  const bell = { name: "run", data: { kind: "run", ref: 1 }, opts: {} };
  await expect(queue.addBulk([bell])).rejects.toThrow();
  await expect(queue.addBulk([bell])).rejects.toThrow();
  await door.open();
  await queue.addBulk([bell, bell]);
  expect(await queue.waiting()).toBe(2);
  await queue.close();
});

/** A port where nobody listens, until it is opened: then it leads to `to`. */
async function closedDoor(to: { host: string; port: number }): Promise<{ port: number; open(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect(to);
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    inner.pipe(outer).pipe(inner);
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await new Promise((resolve) => server.close(resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port, open: () => listen(port) };
}
