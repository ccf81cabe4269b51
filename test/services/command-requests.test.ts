import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import {
  type AskedCommand,
  answerCommand,
  awaitAnswer,
  createCommandExecutor,
  type NumbersOfThread,
  type ReceivedCommand,
  readCommandRequest,
  receiveCommand,
} from "../../src/services/command-requests.ts";
import type { Store } from "../../src/store/store.ts";
import { testDatabase } from "../helpers/database.ts";

const clock = manualClock("2021-03-17T05:20:00Z");

const asked = (over: Partial<ReceivedCommand> = {}): ReceivedCommand => ({
  key: "slash:1",
  surface: "slash",
  actorSlackId: "U012",
  text: "sync jobs",
  context: { channel: "C1", responseUrl: "http://127.0.0.1/respond" },
  ...over,
});

const asha = { kind: "person", slack: "U012", name: "Asha Rao", key: "asha" } as const;

function executor(
  store: Store,
  answer: (asked: AskedCommand) => Promise<object>,
  at = clock,
  numbersOfThread: NumbersOfThread = async () => ({ incident: null, run: null }),
) {
  return createCommandExecutor({
    store,
    clock: at,
    log: silentLogger,
    router: {
      answer,
      tooLate: ({ text }) => (text.includes("abort") ? null : { tone: "problem", text: "Too late." }),
      fault: () => ({ tone: "problem", text: "Our fault." }),
    },
    resolveActor: async () => ({ kind: "person", actor: asha }),
    numbersOfThread,
  });
}

const outbox = async (store: Store) =>
  (await store.db.selectFrom("outbox").select(["kind", "ref"]).orderBy("id").execute()).map(
    ({ kind, ref }) => `${kind} ${ref}`,
  );

test("a redelivered request is one request and one piece of work", async () => {
  const { store } = await testDatabase();
  const first = await receiveCommand(store, clock, asked());
  const second = await receiveCommand(store, clock, asked({ text: "sync jobs again" }));
  expect(first.isNew).toBe(true);
  expect(second).toEqual({ id: first.id, isNew: false });
  expect((await readCommandRequest(store.db, first.id))?.text).toBe("sync jobs");
  expect(await outbox(store)).toEqual([`command ${first.id}`]);
});

test("an executed command has its answer kept once, and asks for its delivery", async () => {
  const { store } = await testDatabase();
  const { id } = await receiveCommand(store, clock, asked({ context: { incident: 3, channelName: "ops" } }));
  const seen: AskedCommand[] = [];
  const execute = executor(store, async (command) => {
    seen.push(command);
    return { tone: "info", text: `answer ${seen.length}` };
  });
  expect(await execute(id)).toEqual({ done: true });
  expect(await execute(id)).toEqual({ done: true });
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({
    text: "sync jobs",
    asker: { kind: "person", actor: asha },
    asking: { surface: "slash", requestKey: "slash:1", incident: 3, channelName: "ops", run: null },
  });
  const request = await readCommandRequest(store.db, id);
  expect(request?.answer).toEqual({ tone: "info", text: "answer 1" });
  expect(request?.deliveredAt).toBeNull();
  expect(await outbox(store)).toEqual([`command ${id}`, `answer ${id}`]);
});

test("a second answer does not replace the first", async () => {
  const { store } = await testDatabase();
  const { id } = await receiveCommand(store, clock, asked());
  const keep = (text: string) => store.tx((tx) => answerCommand(tx, id, { answer: { text }, at: clock.now() }));
  expect(await keep("first")).toBe(true);
  expect(await keep("second")).toBe(false);
  expect((await readCommandRequest(store.db, id))?.answer).toEqual({ text: "first" });
});

test("the answer of an API request is delivered when it is kept, and can be waited for", async () => {
  const { store } = await testDatabase();
  const { id } = await receiveCommand(store, clock, asked({ key: "api:1", surface: "api" }));
  const waiting = awaitAnswer(store.db, id, {
    withinMs: 5_000,
    everyMs: 5,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  await executor(store, async () => ({ tone: "info", text: "here" }))(id);
  expect(await waiting).toEqual({ tone: "info", text: "here" });
  expect((await readCommandRequest(store.db, id))?.deliveredAt).not.toBeNull();
  expect(await outbox(store)).toEqual([`command ${id}`]);
});

test("waiting gives up after its time", async () => {
  const { store } = await testDatabase();
  const { id } = await receiveCommand(store, clock, asked());
  expect(await awaitAnswer(store.db, id, { withinMs: 20, everyMs: 10, sleep: async () => {} })).toBeNull();
});

test("a fault is tried once more, then answered as ours", async () => {
  const { store } = await testDatabase();
  const once = await receiveCommand(store, clock, asked({ key: "a" }));
  let calls = 0;
  await executor(store, async () => {
    calls += 1;
    if (calls === 1) throw new Error("deadlock detected");
    return { tone: "done", text: "fine" };
  })(once.id);
  expect((await readCommandRequest(store.db, once.id))?.answer).toMatchObject({ text: "fine" });

  const always = await receiveCommand(store, clock, asked({ key: "b" }));
  await executor(store, async () => {
    throw new Error("broken");
  })(always.id);
  expect((await readCommandRequest(store.db, always.id))?.answer).toMatchObject({ text: "Our fault." });
});

test("what waited through an outage is not carried out any more, unless the router says so", async () => {
  const { store } = await testDatabase();
  const later = manualClock("2021-03-17T05:20:00Z");
  const run = await receiveCommand(store, later, asked({ key: "a", text: "sync run person-sync prod" }));
  const abort = await receiveCommand(store, later, asked({ key: "b", text: "sync abort run 7" }));
  later.advance({ minutes: 16 });
  const carriedOut: string[] = [];
  const execute = executor(
    store,
    async ({ text }) => {
      carriedOut.push(text);
      return { tone: "done", text };
    },
    later,
  );
  await execute(run.id);
  await execute(abort.id);
  expect(carriedOut).toEqual(["sync abort run 7"]);
  expect((await readCommandRequest(store.db, run.id))?.answer).toMatchObject({ text: "Too late." });
});

test("what was said in a thread before anyone knew whose thread it is waits until that is known", async () => {
  const { store } = await testDatabase();
  const at = manualClock("2021-03-17T05:20:00Z");
  const context = { channel: "C1", threadTs: "100.1" };
  const { id } = await receiveCommand(store, at, asked({ surface: "mention", text: "ack", context }));
  const seen: AskedCommand[] = [];
  let known: Awaited<ReturnType<NumbersOfThread>> = "not_yet";
  const execute = executor(
    store,
    async (command) => {
      seen.push(command);
      return { tone: "done", text: "here" };
    },
    at,
    async (channel, threadTs) => (channel === "C1" && threadTs === "100.1" ? known : { incident: null, run: null }),
  );
  expect(await execute(id)).toMatchObject({ done: false, notBefore: at.machineNow().add({ milliseconds: 100 }) });
  expect(seen).toEqual([]);
  known = { incident: 7, run: null };
  expect(await execute(id)).toEqual({ done: true });
  expect(seen).toMatchObject([{ text: "ack", asking: { incident: 7, run: null } }]);
});

test("a thread of which nothing is ever known does not keep a command back for ever", async () => {
  const { store } = await testDatabase();
  const at = manualClock("2021-03-17T05:20:00Z");
  const context = { channel: "C1", threadTs: "100.1" };
  const { id } = await receiveCommand(store, at, asked({ surface: "mention", context }));
  const execute = executor(
    store,
    async () => ({ tone: "done", text: "here" }),
    at,
    async () => "not_yet",
  );
  expect(await execute(id)).toMatchObject({ done: false });
  at.advance({ seconds: 11 });
  expect(await execute(id)).toEqual({ done: true });
});

test("a request that is gone is no work", async () => {
  const { store } = await testDatabase();
  expect(await executor(store, async () => ({}))(4711)).toEqual({ done: true });
});
