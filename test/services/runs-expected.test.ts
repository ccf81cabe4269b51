import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import {
  type Course,
  expectedEnd,
  leftWords,
  shareDone,
  type Took,
  usualFor,
  usualOf,
  usualWords,
  wholeMs,
} from "../../src/services/runs-expected.ts";
import { testDatabase } from "../helpers/database.ts";

const MINUTE = 60_000;
const startedAt = Temporal.Instant.from("2023-12-11T14:45:00Z");
const course = (elapsedMs: number, more: Partial<Course> = {}): Course => ({
  startedAt,
  now: startedAt.add({ milliseconds: elapsedMs }),
  pausedMs: 0,
  progress: null,
  ...more,
});

const took: fc.Arbitrary<Took[]> = fc.array(fc.record({ ms: fc.nat({ max: 10_000_000 }), alike: fc.boolean() }), {
  maxLength: 40,
});

test("half of the runs that are compared take no longer than the middle, nine of ten no longer than the bound", () => {
  fc.assert(
    fc.property(took, (past) => {
      const usual = usualOf(past, null);
      const alike = past.filter((one) => one.alike);
      const compared = (alike.length >= 3 ? alike : past).map(({ ms }) => ms);
      expect(usual === null).toBe(compared.length < 3);
      if (usual === null) return;
      const within = (most: number) => compared.filter((ms) => ms <= most).length / compared.length;
      expect(within(usual.medianMs)).toBeGreaterThanOrEqual(0.5);
      expect(within(usual.medianMs - 1)).toBeLessThan(0.5);
      expect(within(usual.withinMs ?? -1)).toBeGreaterThanOrEqual(0.9);
      expect(usual.withinMs).toBeGreaterThanOrEqual(usual.medianMs);
    }),
  );
});

test("with too few runs the catalogue's word counts, and without one nobody knows", () => {
  const two: Took[] = [
    { ms: 5 * MINUTE, alike: true },
    { ms: 6 * MINUTE, alike: false },
  ];
  expect(usualOf(two, 20 * MINUTE)).toEqual({ medianMs: 20 * MINUTE, withinMs: null });
  expect(usualOf(two, null)).toBeNull();
  expect(usualWords({ medianMs: 20 * MINUTE, withinMs: null })).toBe("expected to take 20 min");
  expect(usualWords({ medianMs: 18 * MINUTE, withinMs: 25 * MINUTE })).toBe("usually 18 min, 9 of 10 within 25 min");
});

test("from half-way on a run at an even pace is expected within a fifth of its end, whatever others took", () => {
  const even = fc.record({
    whole: fc.integer({ min: 10_000, max: 10_000_000 }),
    share: fc.double({ min: 0.5, max: 1, noNaN: true }),
    total: fc.integer({ min: 100, max: 1_000_000 }),
    medianMs: fc.integer({ min: 1, max: 10_000_000 }),
    pausedMs: fc.nat({ max: 1_000_000 }),
  });
  fc.assert(
    fc.property(even, ({ whole, share, total, medianMs, pausedMs }) => {
      const done = Math.ceil(total * share);
      const now = course(Math.round((whole * done) / total) + pausedMs, { pausedMs, progress: { done, total } });
      const end = expectedEnd(now, { medianMs, withinMs: null });
      const offMs = Math.abs((end?.epochMilliseconds ?? 0) - startedAt.epochMilliseconds - whole - pausedMs);
      expect(offMs).toBeLessThanOrEqual(whole / 5);
    }),
  );
});

test("before half-way it is as usual; more progress never makes the share smaller", () => {
  const early = course(MINUTE, { progress: { done: 49, total: 100 } });
  expect(wholeMs(early, { medianMs: 18 * MINUTE, withinMs: null })).toBe(18 * MINUTE);
  expect(wholeMs(early, null)).toBeNull();
  fc.assert(
    fc.property(
      fc.record({ stages: fc.integer({ min: 2, max: 9 }), total: fc.integer({ min: 1, max: 1_000 }) }),
      ({ stages, total }) => {
        const shares = Array.from({ length: stages }, (_, index) => index + 1).flatMap((stage) =>
          [0, Math.floor(total / 2), total].map((done) => shareDone({ stage, stages, done, total }) ?? -1),
        );
        expect([...shares].sort((a, b) => a - b)).toEqual(shares);
        expect(shares[0]).toBe(0);
        expect(shares.at(-1)).toBe(1);
      },
    ),
  );
});

test("the words are those of a person who is asked how long it takes", () => {
  const usual = { medianMs: 18 * MINUTE, withinMs: 25 * MINUTE };
  expect(leftWords(course(6 * MINUTE), usual)).toBe("about 12 min to go (usually 18 min, 9 of 10 within 25 min)");
  expect(leftWords(course(30 * MINUTE), usual)).toBe(
    "12 min longer than usual (usually 18 min, 9 of 10 within 25 min); 9 of 10 had ended by now",
  );
  expect(leftWords(course(6 * MINUTE), null)).toBeNull();
  expect(leftWords(course(10 * MINUTE, { progress: { stage: 3, stages: 4, done: 0, total: 10 } }), null)).toBe(
    "about 10 min to go",
  );
  expect(expectedEnd(course(0), usual)?.toString()).toBe("2023-12-11T15:03:00Z");
});

test("history is of proved successes of the same job, place and kind, those with the same parameters first", async () => {
  const { store } = await testDatabase();
  const clock = manualClock("2023-12-11T14:45:00Z");
  let number = 0;
  const keep = async (minutes: number, over: Record<string, unknown> = {}) => {
    number += 1;
    await store.db
      .insertInto("runs")
      .values({
        number,
        intent_key: `intent-${number}`,
        job: "reval",
        environment: "prod",
        target: "t",
        state: "succeeded",
        proved: true,
        state_since: clock.now(),
        requested_by: "slack:U1",
        requested_by_key: "asha",
        requested_by_name: "Asha Rao",
        requested_at: clock.now(),
        surface: "slash",
        parameters: JSON.stringify({ full: true, from: "a" }),
        started_at: clock.now(),
        finished_at: clock.now().add({ minutes }),
        ...over,
      })
      .execute();
  };
  const like = { job: "reval", environment: "prod", kind: "run", parameters: { from: "a", full: true } } as const;
  const jobs = {};
  expect(await usualFor(store.db, like, { jobs })).toBeNull();
  await keep(10);
  await keep(12, { paused_ms: 2 * MINUTE });
  await keep(11);
  await keep(90, { parameters: JSON.stringify({ full: false }) });
  await keep(1, { environment: "preprod" });
  await keep(1, { state: "failed" });
  await keep(1, { proved: false });
  await keep(1, { kind: "restore" });
  await keep(1, { resume_of: JSON.stringify({ scope: "t", externalId: "x" }) });
  expect(await usualFor(store.db, like, { jobs })).toEqual({ medianMs: 10 * MINUTE, withinMs: 11 * MINUTE });
  const other = await usualFor(store.db, { ...like, parameters: { full: false } }, { jobs });
  expect(other).toEqual({ medianMs: 10 * MINUTE, withinMs: 90 * MINUTE });
});
