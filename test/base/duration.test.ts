import fc from "fast-check";
import { expect, test } from "vitest";
import { lasting } from "../../src/base/duration.ts";

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const read = (text: string) =>
  [...text.matchAll(/(\d+) (s|min|h|d)/g)].map(([, number, unit = ""]) => [Number(number), unit] as const);
const said = (text: string) => read(text).reduce((sum, [number, unit]) => sum + number * (UNIT_MS[unit] ?? 0), 0);
/** The last unit that it may name: what is below is cut. */
const finest = (ms: number) => (ms < 120_000 ? 1_000 : ms < 48 * 3_600_000 ? 60_000 : 3_600_000);

test.each([
  [-5, "0 s"],
  [999, "0 s"],
  [119_999, "119 s"],
  [120_000, "2 min"],
  [3_599_999, "59 min"],
  [3_600_000, "1 h"],
  [3_900_000, "1 h 5 min"],
  [48 * 3_600_000 - 1, "47 h 59 min"],
  [48 * 3_600_000, "2 d"],
  [51.5 * 3_600_000, "2 d 3 h"],
])("%i ms is %s", (ms, text) => {
  expect(lasting(ms)).toBe(text);
});

test("never more than it is, never less by a whole unit; and longer is never said to be shorter", () => {
  const ms = fc.oneof(fc.integer({ min: 0, max: 4 * 86_400_000 }), fc.integer({ min: 0, max: 2_000 * 86_400_000 }));
  fc.assert(
    fc.property(ms, ms, (one, other) => {
      const value = said(lasting(one));
      expect(value).toBeLessThanOrEqual(one);
      expect(one - value).toBeLessThan(finest(one));
      if (one <= other) expect(value).toBeLessThanOrEqual(said(lasting(other)));
      // Written in one way alone: what it says lasts just as long.
      expect(lasting(value)).toBe(lasting(one));
    }),
  );
});
