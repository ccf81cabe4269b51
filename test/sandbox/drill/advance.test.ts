import fc from "fast-check";
import { expect, test } from "vitest";
import { advance } from "../../../sandbox/drill/advance.ts";

/** A world with things to do at instants; doing one may plan another. */
function world(plan: { at: number; then?: number }[]) {
  let now = 0;
  const left = [...plan];
  const done: { at: number; now: number }[] = [];
  return {
    done,
    now: () => now,
    moving: {
      now: () => now,
      moveTo: async (instant: number) => {
        expect(instant).toBeGreaterThanOrEqual(now);
        now = instant;
      },
      nextDueAt: async () =>
        left.reduce<number | null>((first, { at }) => (first === null || at < first ? at : first), null),
      settle: async () => {
        for (let due = left.find((one) => one.at <= now); due !== undefined; due = left.find((one) => one.at <= now)) {
          left.splice(left.indexOf(due), 1);
          done.push({ at: due.at, now });
          if (due.then !== undefined) left.push({ at: due.at + due.then });
        }
      },
    },
  };
}

test("it stops at every due instant up to the target, in order, also at those that only then come up", async () => {
  const { moving, done, now } = world([{ at: 300 }, { at: 100, then: 50 }, { at: 900 }]);
  expect(await advance(500, moving)).toBe(3);
  expect(done).toEqual([
    { at: 100, now: 100 },
    { at: 150, now: 150 },
    { at: 300, now: 300 },
  ]);
  expect(now()).toBe(500);
});

test("nothing is done late or out of order, whatever is planned", async () => {
  const due = fc.record({
    at: fc.integer({ min: 1, max: 1_000 }),
    then: fc.option(fc.integer({ min: 1, max: 400 }), { nil: 0 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(due, { maxLength: 12 }), fc.integer({ min: 1, max: 1_200 }), async (plan, target) => {
      const { moving, done, now } = world(plan.map(({ at, then }) => (then === 0 ? { at } : { at, then })));
      await advance(target, moving);
      expect(now()).toBe(target);
      expect(done.map((one) => one.now)).toEqual(done.map((one) => one.at));
      expect([...done].sort((a, b) => a.at - b.at)).toEqual(done);
      expect(plan.filter(({ at }) => at <= target).length).toBeLessThanOrEqual(done.length);
    }),
  );
});

test("something that stays due is an error, not an endless wait", async () => {
  const moving = { now: () => 10, moveTo: async () => {}, nextDueAt: async () => 5, settle: async () => {} };
  await expect(advance(100, moving)).rejects.toThrow("1970-01-01T00:00:00.005Z");
});
