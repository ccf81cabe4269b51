import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { confirmationState, openConfirmation, takeConfirmation } from "../../src/services/confirmations.ts";
import { testDatabase } from "../helpers/database.ts";
import { asha } from "./desk.ts";

test("a question is open for ten minutes, or until it was answered", async () => {
  const { store } = await testDatabase();
  const clock = manualClock("2021-03-17T05:20:00Z");
  const bound = { job: "person-sync", environment: "prod" };
  const ask = (requestKey: string) =>
    store.tx((tx) =>
      openConfirmation(tx, { kind: "run", of: asha, bound, expected: null, requestKey, at: clock.now() }),
    );
  const state = (id: string) => confirmationState(store.db, id, clock.now());
  const [answered, left] = [await ask("a"), await ask("b")];
  expect(await state(answered)).toBe("open");
  const answer = { id: answered, kind: "run", by: asha, bound, typed: null, at: clock.now() } as const;
  expect(await store.tx((tx) => takeConfirmation(tx, answer))).toBeNull();
  expect(await state(answered)).toBe("answered");
  clock.advance({ minutes: 10 });
  expect(await state(left)).toBe("open");
  clock.advance({ seconds: 1 });
  expect([await state(answered), await state(left), await state("other")]).toEqual(["answered", "expired", "unkept"]);
});
