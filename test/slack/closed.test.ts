import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { createLines } from "../../src/slack/closed.ts";

test("of a hundred who wait for one channel a few come when it is free, each later second a few more, nobody never", () => {
  const inLine = createLines();
  const freeAt = manualClock("2021-03-16T23:50:00Z").now();
  const seconds = Array.from({ length: 100 }, () => inLine("C1", freeAt).since(freeAt).total("seconds"));
  const at = (second: number) => seconds.filter((one) => one === second).length;
  expect([at(0), at(1), at(29)]).toEqual([3, 3, 3]);
  expect(Math.max(...seconds)).toBe(30);
});

test("another channel, and the next free moment, have lines of their own", () => {
  const inLine = createLines();
  const freeAt = manualClock("2021-03-16T23:50:00Z").now();
  for (let n = 0; n < 9; n += 1) inLine("C1", freeAt);
  expect(inLine("C2", freeAt)).toEqual(freeAt);
  const next = freeAt.add({ seconds: 1 });
  expect(inLine("C1", next)).toEqual(next);
});
