import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { type Freeze, freezesOf, freezeWords, frozenBy, holdsUntil } from "../../src/guard/freezes.ts";
import { catalogueOf } from "./fixture.ts";

const at = (text: string) => Temporal.Instant.from(text);
const HERE = { job: "person-sync", environment: "prod" };

const written = (...freezes: Record<string, unknown>[]): Freeze[] =>
  freezesOf(catalogueOf({ freezes: freezes.map((one, n) => ({ name: `f${n + 1}`, because: "release", ...one })) }));
const frozen = (freezes: readonly Freeze[], now: string, what = HERE) => frozenBy(freezes, { ...what, now: at(now) });

test("a window by day and by pattern holds what it names and nothing else", () => {
  const night = written({ deny: { jobs: ["person-*"], environments: ["prod"] }, cron: "0 0 * * *", for: "5h" });
  expect(frozen(night, "2021-03-17T00:09:00Z")).toMatchObject({ freeze: { name: "f1", held: "refuse" } });
  expect(frozen(night, "2021-03-17T00:09:00Z")?.until?.toString()).toBe("2021-03-17T05:00:00Z");
  expect(frozen(night, "2021-03-17T05:00:00Z")).toBeNull();
  expect(frozen(night, "2021-03-17T00:09:00Z", { ...HERE, environment: "preprod" })).toBeNull();
  expect(frozen(night, "2021-03-17T00:09:00Z", { ...HERE, job: "post-sync" })).toBeNull();
});

test("an allowance freezes what it names outside of its window, until the window opens", () => {
  const office = written({ allow: { environments: ["prod"] }, cron: "0 9 * * 1-5", for: "8h" });
  expect(frozen(office, "2021-03-17T10:00:00Z")).toBeNull();
  // Friday evening: until Monday morning.
  expect(frozen(office, "2021-03-19T17:00:00Z")?.until?.toString()).toBe("2021-03-22T09:00:00Z");
  expect(frozen(office, "2021-03-19T18:00:00Z", { ...HERE, environment: "preprod" })).toBeNull();
});

test("an allowance beside a freeze is its exception", () => {
  const all = written({ deny: {}, allow: { jobs: ["person-sync"] } });
  expect(frozen(all, "2021-03-17T00:00:00Z")).toBeNull();
  expect(frozen(all, "2021-03-17T00:00:00Z", { ...HERE, job: "post-sync" })).toMatchObject({ until: null });
});

test("one after the other they hold until the last of them is over; refusing outweighs deferring", () => {
  const chain = written(
    { deny: {}, from: "2021-03-17T00:00", to: "2021-03-17T02:00", then: "defer" },
    { deny: {}, from: "2021-03-17T01:00", to: "2021-03-17T03:00" },
    { deny: {}, from: "2021-03-17T03:00", to: "2021-03-17T04:00", then: "defer" },
    { deny: {}, from: "2021-03-17T04:00:01", to: "2021-03-17T09:00" },
  );
  expect(frozen(chain, "2021-03-17T00:30:00Z")).toMatchObject({ freeze: { name: "f1", held: "defer" } });
  expect(frozen(chain, "2021-03-17T01:30:00Z")).toMatchObject({ freeze: { name: "f2", held: "refuse" } });
  expect(frozen(chain, "2021-03-17T00:30:00Z")?.until?.toString()).toBe("2021-03-17T04:00:00Z");
});

test("what never ends has no end, also when it is made of windows without a gap", () => {
  expect(frozen(written({ deny: {} }), "2021-03-17T00:00:00Z")).toMatchObject({ until: null });
  expect(frozen(written({ deny: {}, cron: "0 * * * *", for: "2h" }), "2021-03-17T00:00:00Z")).toMatchObject({
    until: null,
  });
  expect(frozen(written({ allow: {}, to: "2021-03-16T00:00" }), "2021-03-17T00:00:00Z")).toMatchObject({ until: null });
});

test("a window that cannot be read holds", () => {
  expect(frozen(written({ deny: {}, from: "next week" }), "2021-03-17T00:00:00Z")).toMatchObject({ until: null });
  expect(frozen(written({ allow: {}, from: "next week" }), "2021-03-17T00:00:00Z")).toMatchObject({ until: null });
});

test("a window that comes back, only between two dates", () => {
  const march = written({ deny: {}, cron: "0 0 * * *", for: "5h", from: "2021-03-01", to: "2021-03-17T02:00" });
  expect(frozen(march, "2021-02-28T01:00:00Z")).toBeNull();
  expect(frozen(march, "2021-03-17T01:00:00Z")?.until?.toString()).toBe("2021-03-17T02:00:00Z");
  expect(frozen(march, "2021-03-18T01:00:00Z")).toBeNull();
});

test("the line that says so names the freeze, its end on the clock of the place, and why", () => {
  const about = { name: "night", until: at("2021-07-17T04:00:00Z"), because: "a start before 05:00 runs every job" };
  expect(freezeWords(about, "Europe/London")).toBe(
    "night holds it back until 2021-07-17 05:00 (Europe/London): a start before 05:00 runs every job",
  );
  expect(freezeWords({ ...about, until: null }, "UTC")).toContain("until somebody ends it");
});

test("at the end that is named nothing holds, and at every moment before it something does", () => {
  const hour = fc.integer({ min: 0, max: 23 });
  const freeze = fc.oneof(
    fc.record({ hour, hours: fc.integer({ min: 1, max: 30 }), allow: fc.boolean() }).map((one) => ({
      [one.allow ? "allow" : "deny"]: {},
      cron: `0 ${one.hour} * * *`,
      for: `${one.hours}h`,
    })),
    fc.record({ hour, hours: fc.integer({ min: 1, max: 40 }) }).map((one) => {
      const from = Temporal.PlainDateTime.from("2021-10-30T00:00").add({ hours: one.hour });
      return { deny: {}, from: from.toString(), to: from.add({ hours: one.hours }).toString() };
    }),
  );
  fc.assert(
    fc.property(
      fc.array(freeze, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 0, max: 3 * 96 }),
      (some, quarter) => {
        const freezes = written(...some);
        // Around the night in which London's clock goes back.
        const now = at("2021-10-29T12:00:00Z").add({ minutes: 15 * quarter });
        const held = frozenBy(freezes, { ...HERE, now });
        if (held === null) return;
        const end = held.until;
        const seen = Math.min(
          end?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
          now.epochMilliseconds + 2 * 86_400_000,
        );
        for (let ms = now.epochMilliseconds; ms < seen; ms += 60 * 60_000) {
          const then = Temporal.Instant.fromEpochMilliseconds(ms);
          expect(freezes.some((one) => holdsUntil(one, then) !== null)).toBe(true);
        }
        if (end !== null) expect(frozenBy(freezes, { ...HERE, now: end })).toBeNull();
      },
    ),
    { numRuns: 60 },
  );
});
