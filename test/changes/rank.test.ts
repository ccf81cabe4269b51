import fc from "fast-check";
import { expect, test } from "vitest";
import { canBeOne, labelOf, toldAgain } from "../../src/changes/deploy.ts";
import { rankAll, rankSuspects } from "../../src/changes/rank.ts";
import { reasonOf } from "../../src/changes/words.ts";
import { catalogueOf } from "../helpers/hear.ts";
import { at, deployed } from "./deploys.ts";

const ESR = ["esr-generator", "esr-notifications", "esr-inbound", "esr-reconciliation"];
const catalogue = catalogueOf({
  services: {
    tcs: { dependsOn: ["reference"] },
    ...Object.fromEntries(ESR.map((name) => [name, { dependsOn: ["tcs"] }])),
    billing: {},
  },
  contracts: { Person: { owner: "tcs", contains: ["PermitToWork"], consumers: ESR.slice(0, 3) } },
});
const firstSeenAt = at("2021-03-16T14:42:00Z");
const troubled = { services: ESR, environments: ["prod"], firstSeenAt };
const ranked = (deploys: Parameters<typeof rankSuspects>[2], over: Partial<typeof troubled> = {}) =>
  rankSuspects(catalogue, { ...troubled, ...over }, deploys);
const minutesBefore = (minutes: number) => ({ at: firstSeenAt.subtract({ minutes }) });

test("four services fail after the deploy of what all of them read", () => {
  const [first, ...others] = ranked([
    deployed({ service: "billing", ...minutesBefore(1) }),
    deployed({ environment: "preprod", ...minutesBefore(2) }),
    deployed({ service: "reference", ...minutesBefore(3) }),
    deployed(minutesBefore(12)),
  ]);
  if (first === undefined) throw new Error("no suspect");
  expect(first.deploy).toMatchObject({ service: "tcs", environment: "prod" });
  expect(reasonOf(catalogue, first)).toBe(
    "12 min before the first alert, upstream of esr-generator, esr-notifications, esr-inbound and esr-reconciliation, 3 of which read its Person",
  );
  expect(others.map((one) => `${one.deploy.service}: ${reasonOf(catalogue, one)}`)).toEqual([
    "reference: 3 min before the first alert, upstream of esr-generator, esr-notifications, esr-inbound and esr-reconciliation through tcs",
  ]);
});

test("one on the service itself comes before one upstream, and the nearest in time first", () => {
  const found = ranked(
    [
      deployed({ version: "upstream", ...minutesBefore(5) }),
      deployed({ service: "esr-generator", version: "old", ...minutesBefore(600) }),
      deployed({ service: "esr-generator", version: "new", ...minutesBefore(60) }),
    ],
    { services: ["esr-generator"] },
  );
  expect(found.map(({ deploy }) => deploy.version)).toEqual(["new", "old", "upstream"]);
});

test("what is told for a moment after the first alert comes last: it may be the remedy", () => {
  const hotfix = deployed({ service: "esr-generator", version: "hotfix", ...minutesBefore(-4) });
  const found = ranked([hotfix, deployed(minutesBefore(12)), deployed(minutesBefore(-6))]);
  expect(found.map(({ deploy }) => deploy.version)).toEqual(["6.2.0", "hotfix"]);
  expect(found.map((one) => reasonOf(catalogue, one).split(",")[0])).toEqual([
    "12 min before the first alert",
    "4 min after the first alert",
  ]);
});

test("a day is the window, unless the catalogue says another", () => {
  const old = [deployed(minutesBefore(25 * 60))];
  expect(ranked(old)).toEqual([]);
  const longer = catalogueOf({ services: catalogue.services, suspects: { window: "3d" } });
  expect(rankSuspects(longer, troubled, old)).toHaveLength(1);
});

test("where an incident may be, any deploy may be its suspect; one that says no place is nobody's", () => {
  const either = deployed({ environment: null, environments: ["prod", "nimdta"] });
  expect(ranked([either])).toHaveLength(1);
  expect(ranked([either], { environments: ["preprod"] })).toEqual([]);
  expect(ranked([deployed({ environment: "nimdta" })], { environments: [] })).toHaveLength(1);
  expect(ranked([deployed({ environment: null })], { environments: [] })).toEqual([]);
});

test("any deploys: the order is the same however they come, and follows place, depth and time", () => {
  const any = fc.record({
    service: fc.constantFrom("tcs", "reference", "esr-generator", "esr-inbound", "billing"),
    environment: fc.constantFrom("prod", "preprod"),
    minutes: fc.integer({ min: -10, max: 2_000 }),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 12 }), (drawn) => {
      const deploys = drawn.map(({ minutes, ...one }) => deployed({ ...one, ...minutesBefore(minutes) }));
      const found = ranked(deploys);
      expect(ranked([...deploys].reverse())).toEqual(found);
      expect(found.length).toBeLessThanOrEqual(5);
      const place = ({ beforeMs, depth }: (typeof found)[number]) => [Number(beforeMs < 0), depth, Math.abs(beforeMs)];
      found.slice(1).forEach((later, index) => {
        const earlier = found[index];
        if (earlier === undefined) throw new Error("no neighbour");
        const [a, b] = [place(earlier), place(later)];
        const differs = a.findIndex((value, at) => value !== b[at]);
        if (differs >= 0) expect(a[differs]).toBeLessThan(b[differs] ?? 0);
      });
      for (const { deploy } of found) expect([deploy.environment, deploy.service]).not.toContain("billing");
    }),
  );
});

test("a success that does not say of what is not that of the deploy which failed before it, whichever is heard first", () => {
  const failed = deployed({ outcome: "failed" });
  const later = failed.at.add({ minutes: 2 });
  const message = deployed({ source: "slack", version: null, at: later });
  expect([canBeOne(failed, message), canBeOne(message, failed)]).toEqual([false, false]);
  expect(canBeOne(failed, { ...message, version: "tcs-prod:41" })).toBe(false);
  expect(canBeOne(failed, { ...message, version: "v6.2.0" })).toBe(true);
  expect(canBeOne({ ...message, sha: "4f2a90c" }, { ...failed, sha: "4f2a90c81" })).toBe(true);
  const undone = { ...failed, source: "aws", version: null, at: later.add({ minutes: 1 }) };
  expect([canBeOne(message, undone), canBeOne({ ...undone, saidAt: undone.at }, message)]).toEqual([true, true]);
});

test("two senders tell of one deploy when nothing that they say differs", () => {
  const kept = deployed({ sha: "4f2a90c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7" });
  const message = { source: "slack", at: kept.at.add({ minutes: 4 }), version: null };
  expect(canBeOne(kept, deployed(message))).toBe(true);
  expect(canBeOne(kept, deployed({ ...message, sha: "4f2a90c" }))).toBe(true);
  expect(canBeOne(kept, deployed({ ...message, version: "v6.2.0" }))).toBe(true);
  expect(canBeOne(kept, deployed({ ...message, version: "tcs-prod:42" }))).toBe(true);
  expect(canBeOne(kept, deployed({ ...message, version: "6.2.1" }))).toBe(false);
  expect(canBeOne(kept, deployed({ ...message, environment: "preprod" }))).toBe(false);
  expect(canBeOne(kept, deployed({ ...message, at: kept.at.add({ minutes: 16 }) }))).toBe(false);
  expect(canBeOne(kept, deployed())).toBe(false);
});

test("tellings out of order give the earliest moment and the newest outcome", () => {
  const begun = deployed({ outcome: "started", version: null, url: "https://ci.example.org/1" });
  const ended = deployed({ outcome: "failed", at: begun.at.add({ minutes: 3 }) });
  const expected = { outcome: "failed", at: begun.at, saidAt: ended.at, version: "6.2.0", url: begun.url };
  expect(toldAgain(begun, ended)).toMatchObject(expected);
  expect(toldAgain(ended, begun)).toMatchObject(expected);
  expect(labelOf({ version: null, sha: "4f2a90c1d2", ref: "main" })).toBe("4f2a90c");
});

test("of several that became one no suspect is lost and none named twice, and each is told by the beginning it is nearest to", () => {
  const part = fc.record({ of: fc.integer({ min: 1, max: 4 }), hours: fc.integer({ min: 0, max: 40 }) });
  const minutes = fc.integer({ min: -60, max: 3_000 });
  const service = fc.constantFrom("tcs", "reference", "esr-inbound", "billing");
  fc.assert(
    fc.property(fc.array(part, { minLength: 1 }), fc.array(fc.tuple(service, minutes)), (parts, told) => {
      const deploys = told.map(([name, before]) => deployed({ service: name, ...minutesBefore(before) }));
      const troubles = parts.map(({ of, hours }) => ({
        ...troubled,
        of,
        firstSeenAt: firstSeenAt.subtract({ hours }),
      }));
      const alone = troubles.flatMap((one) => rankSuspects(catalogue, one, deploys));
      const all = rankAll(catalogue, troubles, deploys);
      expect(all.map(({ deploy }) => deploy.id).sort()).toEqual(
        [...new Set(alone.map(({ deploy }) => deploy.id))].sort(),
      );
      for (const { deploy, beforeMs } of all) {
        const nearer = alone.filter(
          (one) => one.deploy.id === deploy.id && one.beforeMs >= 0 && one.beforeMs < beforeMs,
        );
        expect(nearer).toEqual([]);
      }
    }),
  );
});
