import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { instantIn, lookAt, type Window } from "../../src/guard/windows.ts";

const at = (text: string) => Temporal.Instant.from(text);
const recurring = (cron: string, hours: number, zone = "Europe/London"): Exclude<Window, { kind: "unreadable" }> => ({
  kind: "recurring",
  cron,
  forMs: Math.round(hours * 3_600_000),
  zone,
  from: null,
  to: null,
});
const until = (
  window: Exclude<Window, { kind: "unreadable" }>,
  text: string,
  repeated: "later" | "earlier" = "later",
) => lookAt(window, at(text), repeated).until?.toString() ?? null;
const open = (window: Exclude<Window, { kind: "unreadable" }>, text: string, repeated: "later" | "earlier" = "later") =>
  lookAt(window, at(text), repeated).open;

test("five hours from midnight end at 05:00 on the wall, in summer, in winter, and in the nights between", () => {
  const night = recurring("0 0 * * *", 5);
  expect(until(night, "2021-03-17T00:09:00Z")).toBe("2021-03-17T05:00:00Z");
  expect(until(night, "2021-07-17T00:09:00Z")).toBe("2021-07-17T04:00:00Z");
  // 28 March: 01:00 becomes 02:00, so the night is an hour shorter. 31 October: it is an hour longer.
  expect(until(night, "2021-03-28T00:30:00Z")).toBe("2021-03-28T04:00:00Z");
  expect(until(night, "2021-10-30T23:30:00Z")).toBe("2021-10-31T05:00:00Z");
  expect(open(night, "2021-10-31T04:30:00Z")).toBe(true);
});

test("a window that ends in the hour that comes twice holds through both, and as an allowance only to the first", () => {
  const early = recurring("0 0 * * *", 1.5);
  expect(until(early, "2021-10-30T23:30:00Z", "later")).toBe("2021-10-31T01:30:00Z");
  expect(until(early, "2021-10-30T23:30:00Z", "earlier")).toBe("2021-10-31T00:30:00Z");
  expect(open(early, "2021-10-31T00:45:00Z", "earlier")).toBe(false);
});

test("a window that begins in the hour that is left out begins at its end and lasts as long", () => {
  const gap = recurring("30 1 * * *", 1);
  expect(open(gap, "2021-03-28T00:59:59Z")).toBe(false);
  expect(open(gap, "2021-03-28T01:00:00Z")).toBe(true);
  expect(until(gap, "2021-03-28T01:00:00Z")).toBe("2021-03-28T02:00:00Z");
});

test.each([
  // Half an hour of summer time: 02:00 becomes 02:30 on 3 October, and back on 4 April.
  ["Australia/Lord_Howe", "0 0 * * *", 5, "2021-10-02T14:00:00Z", "2021-10-02T18:00:00Z"],
  ["Australia/Lord_Howe", "0 0 * * *", 5, "2021-04-03T14:00:00Z", "2021-04-03T18:30:00Z"],
  // Midnight itself is left out: the day begins at 01:00.
  ["America/Sao_Paulo", "0 0 * * *", 2, "2018-11-04T03:30:00Z", "2018-11-04T05:00:00Z"],
  ["America/New_York", "0 22 * * *", 8, "2021-03-14T03:30:00Z", "2021-03-14T10:00:00Z"],
  ["Asia/Kolkata", "30 23 * * *", 1, "2021-03-16T18:30:00Z", "2021-03-16T19:00:00Z"],
] as const)("in %s, %s for %d h, seen at %s, is open until %s", (zone, cron, hours, seen, end) => {
  expect(open(recurring(cron, hours, zone), seen)).toBe(true);
  expect(until(recurring(cron, hours, zone), seen)).toBe(end);
});

test("windows that overlap are open up to the end of the last that has begun", () => {
  const often = recurring("0 * * * *", 1.5);
  expect(until(often, "2021-03-17T03:10:00Z")).toBe("2021-03-17T04:30:00Z");
});

test("a stretch from one moment to another, open at either side", () => {
  const between = { kind: "between", from: at("2021-03-16T00:00:00Z"), to: at("2021-03-18T00:00:00Z") } as const;
  expect(lookAt(between, at("2021-03-15T23:59:59Z"), "later")).toEqual({ open: false, until: between.from });
  expect(lookAt(between, between.from, "later")).toEqual({ open: true, until: between.to });
  expect(lookAt(between, between.to, "later")).toEqual({ open: false, until: null });
  expect(lookAt({ ...between, to: null }, at("2031-03-18T00:00:00Z"), "later")).toEqual({ open: true, until: null });
});

test("a moment is read in its zone unless it says otherwise", () => {
  expect(instantIn("Europe/London", "2021-07-01T05:00", "later").toString()).toBe("2021-07-01T04:00:00Z");
  expect(instantIn("Europe/London", "2021-07-01", "later").toString()).toBe("2021-06-30T23:00:00Z");
  expect(instantIn("Europe/London", "2021-07-01T05:00+02:00", "later").toString()).toBe("2021-07-01T03:00:00Z");
  expect(instantIn("Europe/London", "2021-10-31T01:30", "earlier").toString()).toBe("2021-10-31T00:30:00Z");
  expect(instantIn("Europe/London", "2021-10-31T01:30", "later").toString()).toBe("2021-10-31T01:30:00Z");
  expect(() => instantIn("Europe/London", "next week", "later")).toThrow(RangeError);
});

test("a daily window is what a clock on the wall shows, whatever the zone, the hour and the night", () => {
  const zones = ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Auckland", "UTC"];
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      // Begins at an hour that every day has exactly once in these zones.
      fc.integer({ min: 4, max: 23 }),
      fc.integer({ min: 1, max: 20 * 60 }),
      fc.integer({ min: 0, max: 366 * 1440 }),
      (zone, hour, minutes, minuteOfYear) => {
        const seen = at("2021-01-01T00:00:00Z").add({ minutes: minuteOfYear });
        const local = seen.toZonedDateTimeISO(zone);
        const spans = [-1, 0].map((days) => {
          const begin = local.startOfDay().add({ days }).toPlainDate().toPlainDateTime({ hour });
          const end = begin.add({ minutes });
          return [begin, end].map((wall) => wall.toZonedDateTime(zone, { disambiguation: "later" }).toInstant());
        });
        const inside = spans.some(
          ([begin, end]) =>
            begin !== undefined &&
            end !== undefined &&
            begin.epochMilliseconds <= seen.epochMilliseconds &&
            seen.epochMilliseconds < end.epochMilliseconds,
        );
        expect(lookAt(recurring(`0 ${hour} * * *`, minutes / 60, zone), seen, "later").open).toBe(inside);
      },
    ),
    { numRuns: 300 },
  );
});
