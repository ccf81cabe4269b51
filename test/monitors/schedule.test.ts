import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { nextOccurrence, nextWallTime, occurrences } from "../../src/monitors/schedule.ts";

const instant = (text: string) => Temporal.Instant.from(text);
const between = (cron: string, zone: string, from: string, to: string) =>
  occurrences({ cron, zone }, { from: instant(from), to: instant(to), most: 500 }).map(String);

test.each([
  ["30 1 * * *", "Europe/London", "2024-03-30T12:00Z", "2024-03-31T12:00Z", ["2024-03-31T01:30:00Z"]],
  ["30 1 * * *", "Europe/London", "2024-10-26T12:00Z", "2024-10-27T12:00Z", ["2024-10-27T00:30:00Z"]],
  ["30 2 * * *", "America/New_York", "2024-03-09T12:00Z", "2024-03-10T12:00Z", ["2024-03-10T07:30:00Z"]],
  ["30 1 * * *", "America/New_York", "2024-11-02T12:00Z", "2024-11-03T12:00Z", ["2024-11-03T05:30:00Z"]],
  [
    "0 * * * *",
    "Europe/London",
    "2024-10-26T23:59Z",
    "2024-10-27T02:00Z",
    ["00", "01", "02"].map((h) => `2024-10-27T${h}:00:00Z`),
  ],
  [
    "0 * * * *",
    "Europe/London",
    "2024-03-30T23:59Z",
    "2024-03-31T02:00Z",
    ["00", "01", "02"].map((h) => `2024-03-31T${h}:00:00Z`),
  ],
])("%s in %s in the night of the change from %s", (cron, zone, from, to, expected) => {
  expect(between(cron, zone, from, to)).toEqual(expected);
});

test("agrees with a walk through every minute, in the nights of every change of the clock", () => {
  const nights = [
    ...["2024-03-31", "2024-10-27", "2025-03-30", "2025-10-26"].map((day) => ["Europe/London", day] as const),
    ...["2024-03-10", "2024-11-03", "2025-03-09", "2025-11-02"].map((day) => ["America/New_York", day] as const),
    ["Australia/Lord_Howe", "2024-04-06"] as const,
    ["UTC", "2024-02-29"] as const,
  ];
  const crons = fc.record({
    minutes: fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 3 }),
    hours: fc.option(fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 }), { nil: null }),
  });
  fc.assert(
    fc.property(fc.constantFrom(...nights), crons, ([zone, day], { minutes, hours }) => {
      const cron = `${minutes.join(",")} ${hours?.join(",") ?? "*"} * * *`;
      const from = instant(`${day}T00:00Z`).subtract({ hours: 2 });
      const to = from.add({ hours: 14 });
      const walked = walk({ minutes, hours, zone, from, to });
      expect(occurrences({ cron, zone }, { from, to, most: 1_000 }).map(String)).toEqual(walked);
    }),
    { numRuns: 100 },
  );
});

/** What the clock shows in each minute; a time that it skipped is due as much later as it was put forward. */
function walk(of: {
  minutes: readonly number[];
  hours: readonly number[] | null;
  zone: string;
  from: Temporal.Instant;
  to: Temporal.Instant;
}): string[] {
  const due = new Set<string>();
  const seen = new Set<string>();
  const matches = (at: Temporal.PlainDateTime) =>
    of.minutes.includes(at.minute) && (of.hours === null || of.hours.includes(at.hour));
  let shown = clockOf(of.zone, of.from)[0]?.[1];
  for (const [at, now] of clockOf(of.zone, of.from).slice(1)) {
    const skipped = Math.max(0, (shown?.until(now).total("minutes") ?? 0) - 1);
    for (let gone = 1; gone <= skipped && of.hours !== null; gone += 1) {
      // As many minutes after the skip as it was into it.
      if (shown !== undefined && matches(shown.add({ minutes: gone })))
        due.add(at.add({ minutes: gone - 1 }).toString());
    }
    const again = seen.has(now.toString());
    if (matches(now) && (of.hours === null || !again)) due.add(at.toString());
    seen.add(now.toString());
    shown = now;
  }
  return [...due].filter((at) => Temporal.Instant.compare(at, of.to) <= 0).sort();
}

test("finds a time that is far away, and the next one of a clock on the wall", () => {
  expect(String(nextOccurrence({ cron: "0 0 29 2 *", zone: "UTC" }, instant("2024-03-01T00:00Z")))).toBe(
    "2028-02-29T00:00:00Z",
  );
  expect(String(nextWallTime("03:45", instant("2024-07-16T22:00Z"), "Europe/London"))).toBe("2024-07-17T02:45:00Z");
  expect(String(nextWallTime("03:45", instant("2024-07-16T02:45Z"), "Europe/London"))).toBe("2024-07-16T02:45:00Z");
});

const clocks = new Map<string, [Temporal.Instant, Temporal.PlainDateTime][]>();

/** Each minute of a night with what the clock shows in it. */
function clockOf(zone: string, from: Temporal.Instant): [Temporal.Instant, Temporal.PlainDateTime][] {
  const key = `${zone} ${from}`;
  const known = clocks.get(key);
  if (known !== undefined) return known;
  const night = Array.from({ length: 14 * 60 + 1 }, (_, minutes): [Temporal.Instant, Temporal.PlainDateTime] => {
    const at = from.add({ minutes });
    return [at, at.toZonedDateTimeISO(zone).toPlainDateTime()];
  });
  clocks.set(key, night);
  return night;
}
