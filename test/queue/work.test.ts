import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { createPerformer } from "../../src/queue/work.ts";
import { type Ring, requestWork, type WorkOutcome } from "../../src/store/outbox.ts";
import { testDatabase } from "../helpers/database.ts";
import { handlersOf } from "./handlers.ts";

test("work that may only be done after a pause is rung for when the pause ends, not left to the sweep", async () => {
  const { store } = await testDatabase();
  const clock = manualClock("2024-01-08T02:00:00Z");
  const outcomes: WorkOutcome[] = [
    { done: false, dueAt: clock.now(), notBefore: clock.machineNow().add({ milliseconds: 150 }) },
    { done: true },
  ];
  const answer = async () => outcomes.shift() ?? { done: true as const };
  const idle = async () => ({ done: true as const });
  const handlers = handlersOf((kind) => (kind === "answer" ? answer : idle));
  const rung: Ring[] = [];
  const performer = createPerformer({
    db: store.db,
    clock,
    log: silentLogger,
    handlers,
    ringLater: (ring) => rung.push(ring),
    reportError: () => {},
  });
  await store.tx((tx) => requestWork(tx, { kind: "answer", ref: 7, dueAt: clock.now() }));
  await performer.perform({ kind: "answer", ref: 7 });
  expect(rung).toEqual([{ kind: "answer", ref: 7, dueAt: clock.now().add({ milliseconds: 150 }) }]);
  expect(outcomes).toHaveLength(1);
  clock.advance({ milliseconds: 150 });
  await performer.perform({ kind: "answer", ref: 7 });
  expect(outcomes).toHaveLength(0);
});
