import { expect, test } from "vitest";
import { type Judging, judge } from "../../../sandbox/drill/judge.ts";

/** A judging over a machine clock that only `sleep` moves; `values[n]` is what the reading after n × 100 ms finds. */
function judging(parts: Partial<Judging<string>> & { expected: unknown; values: unknown[]; settledAfter?: number }) {
  let now = 0;
  let readings = 0;
  const at = <T>(list: T[]) => list[Math.min(Math.floor(now / 100), list.length - 1)];
  const whole: Judging<string> = {
    lines: [{ name: "incidents", subject: "incidents", expected: parts.expected }],
    withinMs: 1_000,
    holdsMs: 0,
    read: async () => {
      readings++;
      return [at(parts.values)];
    },
    settled: async () => {
      const settled = now >= (parts.settledAfter ?? 0);
      return { settled, waiting: settled ? [] : ["1 delivery in the inbox"] };
    },
    machineNow: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    ...parts,
  };
  return { verdict: judge(whole), readings: () => readings, now: () => now };
}

test("it reads until the line holds", async () => {
  const { verdict, now } = judging({ expected: "open", values: [undefined, undefined, "open"] });
  expect(await verdict).toEqual({ ok: true });
  expect(now()).toBe(200);
});

test("it gives up after `within` and says what it found last", async () => {
  const { verdict, now } = judging({ expected: "resolved", values: ["open"], withinMs: 500 });
  expect(await verdict).toEqual({
    ok: false,
    differences: [{ path: "incidents", expected: "resolved", actual: "open" }],
    waiting: [],
  });
  expect(now()).toBe(500);
});

test("a count that is right too early does not count", async () => {
  const early = judging({ expected: 0, values: [0, 0, 0, 1, 1], settledAfter: 300, withinMs: 600 });
  expect(await early.verdict).toMatchObject({ ok: false, differences: [{ expected: 0, actual: 1 }] });
  const right = judging({ expected: 1, values: [1, 1, 1, 1], settledAfter: 300 });
  expect(await right.verdict).toEqual({ ok: true });
  expect(right.now()).toBe(300);
});

test("when nothing settles, it says what is waited for", async () => {
  const { verdict } = judging({ expected: 0, values: [0], settledAfter: 99_999 });
  expect(await verdict).toEqual({ ok: false, differences: [], waiting: ["1 delivery in the inbox"] });
});

test("`holds` demands that it stays so", async () => {
  const falls = judging({ expected: "open", values: ["open", "open", "open", "resolved"], holdsMs: 500 });
  expect(await falls.verdict).toMatchObject({ ok: false, differences: [{ actual: "resolved" }] });
  const stays = judging({ expected: "open", values: ["open"], holdsMs: 500 });
  expect(await stays.verdict).toEqual({ ok: true });
  expect(stays.readings()).toBeGreaterThan(4);
});

test("all lines have to hold in one reading", async () => {
  const names = ["a", "b"];
  let turn = 0;
  const { verdict } = judging({
    expected: null,
    values: [],
    lines: names.map((name) => ({ name, subject: name, expected: "yes" })),
    read: async () => (turn++ % 2 === 0 ? ["yes", "no"] : ["no", "yes"]),
  });
  expect((await verdict).ok).toBe(false);
});

test("what cannot be read does not hold, and is read again", async () => {
  let turn = 0;
  const { verdict } = judging({
    expected: "open",
    values: [],
    read: async () => {
      turn++;
      if (turn < 3) throw new Error("connection refused");
      return ["open"];
    },
  });
  expect(await verdict).toEqual({ ok: true });
  const never = judging({
    expected: 0,
    values: [],
    read: async () => {
      throw new Error("connection refused");
    },
  });
  expect(await never.verdict).toMatchObject({
    ok: false,
    differences: [{ actual: "not readable: connection refused" }],
  });
});
