import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { http } from "../../src/base/http.ts";
import { inspectConfig } from "../../src/config/env.ts";
import { sentryClient } from "../../src/intake/sentry-api.ts";
import { examineSentry } from "../../src/services/doctor-sentry.ts";
import { catalogueOf } from "../helpers/hear.ts";
import { fakeSentry } from "../helpers/sentry.ts";

const clock = manualClock("2024-03-01T02:00:00Z");

async function said(allow: readonly string[] | null, over: Record<string, unknown> = {}) {
  const sentry = await fakeSentry();
  sentry.allow(allow);
  const api = { url: sentry.url, organization: "acme", token: sentry.token, ...over };
  const catalogue = catalogueOf({ sources: { sentry: { kind: "sentry", secret: "s", api } } });
  const { config } = inspectConfig({}, "doctor");
  const ports = {
    ...{ config, configProblems: [], requiredScopes: [], slack: null, database: null, redisSettings: null, clock },
    loadCatalogue: () => ({ catalogue, warnings: [] }),
    describeTargets: () => new Map(),
    sentry: (its: Parameters<typeof sentryClient>[1]) => sentryClient({ http, clock }, its),
  };
  const findings = await examineSentry(ports, catalogue);
  expect(sentry.calls.every((call) => call.startsWith("GET "))).toBe(true);
  return findings.map(({ level, what, mend }) => [level, what, mend ?? ""].join(" | "));
}

test("a token that may read and write is well", async () => {
  expect(await said(["event:read", "event:write"])).toEqual([
    "ok | source sentry: Sentry shows the issues of acme | ",
    "ok | source sentry: the token may resolve, archive and assign issues | ",
  ]);
});

test.each([
  ["may only read", ["event:read"], {}, "warn", "lacks the scope event:write"],
  ["may not read", ["org:read"], {}, "fault", "Issue & Event: Read & Write"],
  ["is none", null, {}, "fault", "set sources.sentry.api.token"],
  [
    "is of another organisation",
    ["event:read"],
    { organization: "other" },
    "fault",
    "correct sources.sentry.api.organization",
  ],
  ["cannot be asked about", ["event:read"], { url: "http://127.0.0.1:1" }, "fault", "can be reached"],
] as const)("a token that %s is told with what to do", async (_, allow, over, level, mend) => {
  const last = (await said(allow, over)).at(-1) ?? "";
  expect(last.split(" | ")[0]).toBe(level);
  expect(last).toContain(mend);
});
