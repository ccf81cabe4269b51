import fc from "fast-check";
import { expect, test } from "vitest";
import { type Mending, mendedOf, PARTS } from "../../src/services/runs-mended.ts";

const mending = (number: number, parentId: number, more: Partial<Mending> = {}): Mending => ({
  ...{ id: number, number, parentId, what: "failed", succeeded: true, left: [] },
  ...more,
});

test("the newest that succeeded is named, each sort for itself", () => {
  const all = [mending(2, 1, { what: "delete" }), mending(3, 1, { what: "delete" }), mending(4, 1)];
  expect(mendedOf(1, all)).toEqual({ restored: null, deleted: 3, resynced: null, failed: [4], skipped: [] });
});

test("what did not do all of it did it together with those that did its rest; else it is not done", () => {
  const part = mending(2, 1, { succeeded: false, left: ["failed", "skipped"] });
  expect(mendedOf(1, [part]).failed).toEqual([]);
  expect(mendedOf(1, [part, mending(3, 2)]).failed).toEqual([]);
  expect(mendedOf(1, [part, mending(3, 2), mending(5, 2, { what: "skipped" })]).failed).toEqual([2, 3, 5]);
  expect(mendedOf(1, [part, mending(6, 1)]).failed).toEqual([6]);
});

test("nothing that failed is done while no run without a rest took it", () => {
  const line = fc.array(
    fc.record({ part: fc.constantFrom(...PARTS), left: fc.uniqueArray(fc.constantFrom(...PARTS), { minLength: 1 }) }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(line, (all) => {
      const failing = all.map(({ part, left }, index) =>
        mending(index + 2, index + 1, { what: part, left, succeeded: false }),
      );
      expect(mendedOf(1, failing)).toMatchObject({ failed: [], skipped: [] });
    }),
  );
});
