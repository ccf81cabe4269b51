import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { executionsOf, keepHeard } from "../../src/monitors/executions.store.ts";
import { rowsOf } from "../../src/monitors/hear.ts";
import { quietUntil } from "../../src/monitors/quiet.ts";
import { limitOf } from "../../src/monitors/usual.ts";
import type { Store } from "../../src/store/store.ts";
import { testDatabase } from "../helpers/database.ts";

const minute = (minutes: number) => Temporal.Instant.from("2024-01-16T02:00:00Z").add({ minutes });

let jobs = 0;

async function heardIn(
  store: Store,
  order: readonly (readonly [what: "started" | "succeeded" | "failed", rid: string | null, at: number])[],
) {
  jobs += 1;
  const job = `etl-${jobs}`;
  for (const [what, rid, at] of order) {
    const heard = {
      job,
      environments: ["prod"],
      rid,
      runId: null,
      source: "jobs",
      what,
      at: minute(at),
      rows: null,
    };
    await store.tx((tx) => keepHeard(tx, heard));
  }
  const found = await executionsOf(store.db, { job, environment: "prod" });
  const of = (at: Temporal.Instant | null) =>
    at === null ? "?" : Math.round((at.epochMilliseconds - minute(0).epochMilliseconds) / 60_000);
  return found.map((one) => `${one.rid ?? "-"} ${of(one.startedAt)}..${of(one.endedAt)} ${one.outcome}`);
}

test("all that run at once are timed by their rid, in whatever order they are heard", async () => {
  const { store } = await testDatabase();
  expect(
    await heardIn(store, [
      ["started", "a", 0],
      ["started", "b", 1],
      ["succeeded", "a", 9],
      ["failed", "b", 5],
    ]),
  ).toEqual(["a 0..9 succeeded", "b 1..5 failed"]);
  expect(
    await heardIn(store, [
      ["succeeded", "a", 9],
      ["started", "a", 0],
      ["started", "a", 0],
    ]),
  ).toEqual(["a 0..9 succeeded"]);
});

test("without a rid an end belongs to the start before it, and a new start ends what was not heard to end", async () => {
  const { store } = await testDatabase();
  expect(
    await heardIn(store, [
      ["started", null, 0],
      ["started", null, 30],
      ["succeeded", null, 40],
    ]),
  ).toEqual(["- 0..30 ended", "- 30..40 succeeded"]);
  expect(
    await heardIn(store, [
      ["started", "a", 0],
      ["succeeded", null, 4],
    ]),
  ).toEqual(["a 0..4 succeeded"]);
  expect(
    await heardIn(store, [
      ["succeeded", null, 4],
      ["started", null, 1],
    ]),
  ).toEqual(["- 1..4 succeeded"]);
  expect(
    await heardIn(store, [
      ["failed", null, 4],
      ["failed", null, 5],
      ["failed", null, 6],
    ]),
  ).toEqual(["- ?..4 failed"]);
});

test("how long is too long, in words; how many rows; how long it is quiet", () => {
  const m = 60_000;
  expect(
    limitOf(
      [1, 2, 3].map((n) => n * m),
      null,
    ),
  ).toBeNull();
  expect(limitOf([], 15 * m)).toEqual({ ms: 30 * m, because: "15 min are expected" });
  expect(
    limitOf(
      [18, 18, 19, 18, 25].map((n) => n * m),
      5 * m,
    ),
  ).toEqual({
    ms: 37.5 * m,
    because: "usually 18 min, 5 of 5 within 25 min",
  });
  expect([rowsOf({ Rows: 7, other: 1 }), rowsOf({ other: 1 }), rowsOf(null)]).toEqual([7, null, null]);
  const quiet = ["22:00-06:30", "06:30-07:00"];
  const until = (text: string) => quietUntil(quiet, Temporal.Instant.from(text), "Europe/London")?.toString();
  expect(until("2024-01-16T23:00Z")).toBe("2024-01-17T07:00:00Z");
  expect(until("2024-07-16T05:45Z")).toBe("2024-07-16T06:00:00Z");
  expect(until("2024-01-16T12:00Z")).toBeUndefined();
});

test("quiet ends later than it is looked at, in every minute of the nights of a change of the clock", () => {
  const windows = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 23 }))
    .filter(([a, b]) => a !== b);
  const two = (hour: number) => `${String(hour).padStart(2, "0")}:00`;
  const nights = fc.constantFrom("2024-03-30T20:00Z", "2024-10-26T20:00Z", "2024-11-02T20:00Z", "2024-03-09T20:00Z");
  fc.assert(
    fc.property(windows, nights, fc.integer({ min: 0, max: 900 }), ([a, b], night, minutes) => {
      const now = Temporal.Instant.from(night).add({ minutes });
      const zone = night.includes("-11-") || night.includes("-03-09") ? "America/New_York" : "Europe/London";
      const hour = now.toZonedDateTimeISO(zone).hour;
      const within = a < b ? hour >= a && hour < b : hour >= a || hour < b;
      const end = quietUntil([`${two(a)}-${two(b)}`], now, zone);
      expect(end !== null).toBe(within);
      if (end !== null) expect(end.epochMilliseconds).toBeGreaterThan(now.epochMilliseconds);
    }),
    { numRuns: 300 },
  );
});
