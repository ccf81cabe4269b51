import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { judge, readGateRequirement, ruleFor, stillAnswers, unmet } from "../../src/changes/gates.ts";
import { catalogueOf } from "../helpers/hear.ts";

const catalogue = catalogueOf({
  environments: { prod: { aliases: ["production"], protected: true }, preprod: {} },
  services: { tcs: { aliases: ["tis-tcs"] } },
  gates: {
    rules: [
      { match: { services: ["ndw-*"], environment: "prod" }, role: "release", author: "required", timeout: "30m" },
      { match: { environment: "preprod" }, auto: true },
    ],
    probes: { "tcs-ready": { url: "https://tcs.example/ready" } },
  },
});
const at = { catalogue, environment: "prod" };

test("a requirement names a service in a version, somewhere, or a probe of the catalogue", () => {
  const tcs = { kind: "version", service: "tcs", operator: ">=", version: "6.2" } as const;
  expect(readGateRequirement("tcs >= 6.2", at)).toEqual({ ...tcs, environment: "prod" });
  expect(readGateRequirement("tis-tcs>=6.2 in preprod", at)).toEqual({ ...tcs, environment: "preprod" });
  expect(readGateRequirement("tcs >= 6.2 in production", at)).toEqual({ ...tcs, environment: "prod" });
  expect(readGateRequirement("tcs = 6.2", at)).toEqual({ ...tcs, operator: "=", environment: "prod" });
  expect(readGateRequirement("probe tcs-ready", at)).toEqual({ kind: "probe", name: "tcs-ready" });
});

test.each([
  ["tcs", '"tcs" is no requirement'],
  ["tcs >= 6.2 on prod", "is no requirement"],
  ["tcs >= 6.2 in mars", 'there is no environment "mars"'],
  ["probe http://169.254.169.254/", "there is no probe"],
  ["probe nothing", 'there is no probe "nothing" in the catalogue\'s gates: tcs-ready'],
])("%s is refused with what is meant", (text, said) => {
  expect(readGateRequirement(text, at)).toContain(said);
});

test("what is not proved to be there is not there", () => {
  const needs = { kind: "version", service: "tcs", operator: ">=", version: "6.10", environment: "prod" } as const;
  const since = "2024-01-08 02:10 (UTC)";
  const judged = [null, { version: null }, { version: "6.9" }, { version: "6.10" }, { version: "v7" }].map((known) =>
    judge(needs, known === null ? null : { kind: "version", since, ...known }),
  );
  expect(judged.map(({ met }) => met)).toEqual([null, null, false, true, true]);
  expect(unmet(judged)).toHaveLength(3);
  expect(judged[2]).toEqual({
    wanted: "tcs >= 6.10 in prod",
    met: false,
    why: `tcs 6.9 is deployed in prod since ${since}`,
  });
  expect(judge({ kind: "probe", name: "tcs-ready" }, null)).toMatchObject({ met: null, why: "it was not asked yet" });
});

test("the first rule of the catalogue that fits; without one it is held for an hour", () => {
  expect(ruleFor(catalogue, { service: "ndw-etl", environment: "prod" })).toMatchObject({
    role: "release",
    author: "required",
    timeoutMs: 1_800_000,
  });
  expect(ruleFor(catalogue, { service: "tcs", environment: "preprod" })).toMatchObject({ role: null, auto: true });
  expect(ruleFor(catalogue, { service: "tcs", environment: "prod" })).toMatchObject({
    timeoutMs: 3_600_000,
    auto: false,
    author: "optional",
  });
});

test("a decision answers the same question for an hour, and one with an id for ever", () => {
  const decidedAt = Temporal.Instant.from("2024-01-08T02:00:00Z");
  const later = (minutes: number, ownId: boolean) =>
    stillAnswers({ state: "refused", decidedAt }, { now: decidedAt.add({ minutes }), ownId });
  expect([later(59, false), later(61, false), later(600, true)]).toEqual([true, false, true]);
});
