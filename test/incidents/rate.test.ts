import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { countIn, type Rate, seriesOf } from "../../src/incidents/rate.ts";

const START = Temporal.Instant.from("2024-02-03T05:29:00Z");
const at = (minute: number) => START.add({ minutes: minute });
const rateOf = (minutes: readonly number[]) => minutes.reduce<Rate>((rate, minute) => countIn(rate, at(minute)), {});

test("signals are counted by minute and summed to points", () => {
  const rate = rateOf([0, 0, 1, 3, 3, 3]);
  expect(seriesOf(rate, { since: at(0), until: at(3), points: 4 })).toEqual([2, 1, 0, 3]);
  expect(seriesOf(rate, { since: at(0), until: at(3), points: 2 })).toEqual([3, 3]);
  expect(seriesOf(rate, { since: at(3), until: at(5), points: 3 })).toEqual([3, 0, 0]);
});

test("property: a weekend of signals stays small, and a series never counts one twice", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 300 }),
      fc.integer({ min: 1, max: 40 }),
      (minutes, points) => {
        const rate = rateOf(minutes);
        expect(Object.keys(rate).length).toBeLessThanOrEqual(180);
        const series = seriesOf(rate, { since: at(0), until: at(3_000), points });
        expect(series).toHaveLength(points);
        const kept = Object.values(rate).reduce((sum, count) => sum + count, 0);
        expect(series.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(kept);
        const recent = minutes.filter((minute) => minute > 3_000 - 180);
        if (points <= 180 && 180 % points === 0)
          expect(series.reduce((sum, count) => sum + count, 0)).toBe(recent.length);
      },
    ),
  );
});
