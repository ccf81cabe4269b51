import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { readSettled } from "../../src/http/record.store.ts";
import { requestWork } from "../../src/store/outbox.ts";
import { testDatabase } from "../helpers/database.ts";

test("work that falls due while one looks is not taken for work of later", async () => {
  const { store } = await testDatabase();
  const clock = manualClock("2026-03-10T21:00:00Z");
  const dueAt = clock.now().add({ milliseconds: 5 });
  await store.tx((tx) => requestWork(tx, { kind: "incident", ref: 1, dueAt }));
  const looking = readSettled(store.db, clock);
  clock.advance({ milliseconds: 10 });
  expect(await looking).toMatchObject({ settled: false, waiting: ["incident 1"] });
});
