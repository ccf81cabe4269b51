import fc from "fast-check";
import { expect, test } from "vitest";
import { namesOf } from "../../src/config/names.ts";
import { type Facts, globMatches, matches } from "../../src/incidents/match.ts";
import { routeFor, severityFor } from "../../src/incidents/routing.ts";
import { estate } from "../helpers/hear.ts";

const facts = (over: Partial<Facts> = {}): Facts => ({
  source: "sentry",
  signal: "firing",
  title: "Unknown column",
  severity: null,
  services: ["esr-generator", "esr-gen"],
  environments: ["prod", "production"],
  jobs: [],
  tags: { queue: "outbound" },
  ...over,
});

test.each([
  ["esr-*", "esr-generator", true],
  ["*", "", true],
  ["esr-?", "esr-generator", false],
  ["ESR-*", "esr-generator", true],
  ["*gen*", "esr-generator", true],
  ["a.c", "abc", false],
  ["[a]", "a", false],
  ["*a*b", "xaxb", true],
  ["*a*b", "xbxa", false],
])("glob %s on %s: %s", (glob, text, expected) => {
  expect(globMatches(glob, text)).toBe(expected);
});

test("a text with its parts replaced by stars always matches, whatever is in it", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (a, b, c) => {
      const glob = `${a.replaceAll("*", "?")}*${c.replaceAll("*", "?")}`;
      const text = `${a}${b}${c}`;
      // Lower case may change the length of exotic letters; plain ones are what names are made of.
      fc.pre(text.toLowerCase().length === text.length);
      expect(globMatches(glob, text)).toBe(true);
    }),
  );
});

test("a glob made to be slow is not", () => {
  expect(globMatches(`${"*a".repeat(30)}b`, "a".repeat(5_000))).toBe(false);
});

test("all that is given must hold; nothing given always holds", () => {
  expect(matches({}, facts())).toBe(true);
  expect(matches({ services: ["esr-*"], environment: ["prod"], signal: ["fir*"] }, facts())).toBe(true);
  expect(matches({ services: ["esr-*"], environment: ["preprod"] }, facts())).toBe(false);
  expect(matches({ tags: { queue: ["out*"] } }, facts())).toBe(true);
  expect(matches({ tags: { queue: ["out*"], missing: ["*"] } }, facts())).toBe(false);
  expect(matches({ tags: { constructor: ["*"] } }, facts())).toBe(false);
  expect(matches({ severity: ["*"] }, facts())).toBe(false);
  expect(matches({ job: ["*"] }, facts())).toBe(false);
});

test("a rule may be written with an alias, and holds for what may have been meant", () => {
  expect(matches({ environment: ["production"] }, facts())).toBe(true);
  expect(matches({ service: ["esr-gen"] }, facts())).toBe(true);
  expect(matches({ environments: ["nimdta"] }, facts({ environments: ["prod", "nimdta"] }))).toBe(true);
});

test("names as senders write them become the catalogue's", () => {
  const names = namesOf(estate());
  expect(["stage", " Pre-Prod ", "PREPROD", "qa7"].map(names.environment)).toEqual([
    "preprod",
    "preprod",
    "preprod",
    "qa7",
  ]);
  expect(
    ["personElasticSearchSyncJob", "Person sync job", "person search index", "person-sync", "other"].map(names.job),
  ).toEqual(["person-sync", "person-sync", "person-sync", "person-sync", "other"]);
  expect(names.service("ESR-GEN")).toBe("esr-generator");
  expect(names.waysToWrite("environment", "preprod")).toEqual(["preprod", "stage", "pre-prod"]);
});

test("the first route that holds, else the fallback; the first severity that holds, else the sender's, else sev3", () => {
  const catalogue = estate();
  expect(routeFor(catalogue, facts())).toEqual({ channel: "ops", mention: "on-call" });
  expect(routeFor(catalogue, facts({ environments: [] }))).toEqual({ channel: "monitoring", mention: null });
  expect(routeFor({ ...catalogue, routes: [] }, facts())).toEqual({ channel: "monitoring", mention: null });
  expect(severityFor(catalogue, facts({ signal: "failed" }))).toBe("sev2");
  expect(severityFor(catalogue, facts({ signal: "failed", severity: "sev1" }))).toBe("sev2");
  expect(severityFor(catalogue, facts({ severity: "sev1" }))).toBe("sev1");
  expect(severityFor(catalogue, facts())).toBe("sev3");
});
