import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { type Execution, type Expected, judge, type Slot } from "../../src/monitors/judge.ts";

const ZERO = Temporal.Instant.from("2024-01-16T00:00Z");
const minute = (minutes: number) => ZERO.add({ seconds: Math.round(minutes * 60) });
const EXPECTED: Expected = { startByMs: 600_000, tooFastMs: 300_000, minRows: 10, graceMs: 30_000, knownAt: ZERO };

const slot = (at: number, finishBy = 60): Slot => ({
  at: minute(at),
  startByAt: minute(at + 10),
  finishByAt: minute(at + finishBy),
  beforeAt: null,
});
const execution = (over: Partial<Execution> & { key: string }): Execution => ({
  ...{ rid: null, run: null, startedAt: null, endedAt: null, outcome: "running", rows: null },
  ...over,
});
const at = (now: number, executions: readonly Execution[], limitMinutes: number | null = null) =>
  judge(EXPECTED, {
    slots: [slot(60), slot(60 + 1_440)],
    executions,
    limit: limitMinutes === null ? null : { ms: limitMinutes * 60_000, because: "usually" },
    now: minute(now),
  });
const what = (judged: ReturnType<typeof judge>) => judged.problems.map((one) => `${one.state} ${one.what}`);

test("a start, an end, and what comes of their absence, each after its grace", () => {
  expect(at(59, []).state).toBe("ok");
  expect(at(65, [])).toMatchObject({ state: "due", nextAt: minute(70.5) });
  expect(what(at(70.4, []))).toEqual([]);
  expect(what(at(70.5, []))).toEqual(["late not_started"]);
  const running = execution({ key: "a", startedAt: minute(60.1) });
  expect(at(110, [running])).toMatchObject({ state: "due", problems: [] });
  expect(what(at(120.5, [running]))).toEqual(["missing_end not_finished"]);
  expect(what(at(120.5, []))).toEqual(["late not_started", "late not_finished"]);
  const failed = { ...running, endedAt: minute(90), outcome: "failed" } as const;
  expect(what(at(120.5, [failed]))).toEqual(["late not_finished"]);
  const again = execution({ key: "b", startedAt: minute(95), endedAt: minute(118), outcome: "succeeded" });
  expect(at(120.5, [failed, again])).toMatchObject({ state: "ok", problems: [] });
});

test("of two that run at once, told apart by their rid, the one that hangs is told of", () => {
  const hangs = execution({ key: "a", rid: "a1", startedAt: minute(60) });
  const well = execution({ key: "b", rid: "a2", startedAt: minute(61), endedAt: minute(100), outcome: "succeeded" });
  const judged = at(125, [hangs, well]);
  expect(judged.problems).toMatchObject([{ what: "not_finished", execution: { rid: "a1" }, others: 0 }]);
});

test("too long, too fast, too few, and an end without a start; the next good one ends these", () => {
  expect(what(at(80, [execution({ key: "a", startedAt: minute(60) })], 19))).toEqual(["overrun overrun"]);
  const poor = execution({ key: "a", startedAt: minute(60), endedAt: minute(62), outcome: "succeeded", rows: 3 });
  expect(what(at(62, [poor]))).toEqual(["too_fast too_fast", "too_few too_few"]);
  const startless = execution({ key: "a", endedAt: minute(62), outcome: "succeeded" });
  expect(what(at(62, [startless]))).toEqual([]);
  expect(what(at(62.5, [startless]))).toEqual(["missing_start no_start"]);
  const good = execution({ key: "b", startedAt: minute(70), endedAt: minute(90), outcome: "succeeded", rows: 12 });
  expect(what(at(91, [poor, good]))).toEqual([]);
});

const minutes = fc.integer({ min: 0, max: 400 });
const histories = fc.array(
  fc.record({ begin: minutes, lasts: fc.option(minutes), fails: fc.boolean(), silent: fc.boolean() }),
  { maxLength: 6 },
);

/** What was heard by `now` of executions that begin and end as drawn. */
function heardBy(
  now: number,
  drawn: readonly { begin: number; lasts: number | null; fails: boolean; silent: boolean }[],
) {
  return drawn.flatMap(({ begin, lasts, fails, silent }, index): Execution[] => {
    const end = lasts === null ? null : begin + lasts;
    const over = end !== null && end <= now;
    if (begin > now || (silent && !over)) return [];
    const key = `x${index}`;
    return [
      execution({
        ...{ key, rid: key, startedAt: silent ? null : minute(begin), endedAt: over ? minute(end) : null },
        outcome: over ? (fails ? "failed" : "succeeded") : "running",
        rows: 100,
      }),
    ];
  });
}

test("between now and the instant it names nothing changes by itself, minute by minute", () => {
  fc.assert(
    fc.property(histories, minutes, fc.option(fc.integer({ min: 5, max: 90 })), (drawn, now, limitMinutes) => {
      const slots = [slot(60), slot(120, 45), slot(240), slot(700)];
      const limit = limitMinutes === null ? null : { ms: limitMinutes * 60_000, because: "" };
      // Nothing more is heard than is known now.
      const executions = heardBy(now, drawn);
      const first = judge(EXPECTED, { slots, executions, limit, now: minute(now) });
      const keys = (judged: typeof first) => judged.problems.map(({ key, state }) => `${key} ${state}`);
      for (let later = now; later < 500; later += 2.5) {
        const instant = minute(later);
        if (first.nextAt !== null && Temporal.Instant.compare(instant, first.nextAt) >= 0) break;
        const judged = judge(EXPECTED, { slots, executions, limit, now: instant });
        expect([keys(judged), judged.state]).toEqual([keys(first), first.state]);
      }
    }),
    { numRuns: 60 },
  );
});

test("agrees with a slow model that asks of each deadline what was heard by then", () => {
  fc.assert(
    fc.property(histories, fc.integer({ min: 0, max: 500 }), (drawn, now) => {
      const slots = [slot(60), slot(120, 45), slot(240), slot(700)];
      const executions = heardBy(now, drawn);
      const judged = judge(EXPECTED, { slots, executions, limit: null, now: minute(now) });
      const told = judged.problems.filter(({ slot: of }) => of !== null).map(({ key, state }) => `${key} ${state}`);
      const expected = [60, 120, 240].flatMap((begin, index) => {
        const next = [120, 240, 700][index] ?? 0;
        const early = Math.min(5, (next - begin) / 4);
        const begun = drawn
          .map((one) => ({ ...one, end: one.lasts === null ? null : one.begin + one.lasts }))
          .map((one) => ({ ...one, heard: one.silent ? (one.end ?? 9_999) : one.begin }))
          .filter((one) => one.heard <= now && one.heard >= begin - early);
        const own = begun.filter((one) => one.heard < next - early);
        const done = begun.some((one) => one.end !== null && one.end <= now && !one.fails);
        const hangs = own.some((one) => one.end === null || one.end > now);
        const finishBy = begin === 120 ? 165 : begin + 60;
        return [
          ...(now >= begin + 10.5 && begun.length === 0 ? [`${minute(begin)} start late`] : []),
          ...(now >= finishBy + 0.5 && (hangs || !done)
            ? [`${minute(begin)} finish ${hangs ? "missing_end" : "late"}`]
            : []),
        ];
      });
      expect(told).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});
