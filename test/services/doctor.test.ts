import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { ConfigError } from "../../src/base/errors.ts";
import { HttpFailure } from "../../src/base/http.ts";
import { catalogueSchema } from "../../src/config/catalogue.ts";
import { inspectConfig } from "../../src/config/env.ts";
import { databaseProbe } from "../../src/services/doctor.store.ts";
import { examine, renderFindings } from "../../src/services/doctor.ts";
import type { DoctorPorts, SlackProbe } from "../../src/services/doctor-ports.ts";
import { emptyDatabase, testDatabase } from "../helpers/database.ts";

const NOW = "2024-03-01T02:00:00Z";
const catalogue = catalogueSchema.parse({
  version: 1,
  environments: { prod: {} },
  sources: { jobs: { kind: "job", secret: "0123456789abcdef0" } },
  targets: { nothing: { connector: "noop" } },
  jobs: { etl: { environments: { prod: { target: "nothing", fromChannel: "desk" } } } },
  messages: [{ channel: "monitoring-prod", pattern: "x", signal: "firing", environments: ["prod"] }],
  routes: [{ channel: "ops" }],
  fallback: "ops",
});
const inside = { member: true, archived: false };
const slack: SlackProbe = {
  whoAmI: async () => ({
    team: "Example",
    bot: "nightdesk",
    scopes: ["chat:write", "commands"],
    date: Temporal.Instant.from(NOW),
  }),
  channels: async () =>
    new Map([
      ["ops", inside],
      ["monitoring-prod", inside],
      ["desk", inside],
    ]),
  tryAppToken: async () => {},
};
const GOOD_ENV = {
  SLACK_BOT_TOKEN: "xoxb-1234567890",
  SLACK_SIGNING_SECRET: "0123456789abcdef",
  DATABASE_URL: "postgres://db.example.org/x",
  NIGHTDESK_PUBLIC_URL: "https://desk.example.org",
};

function ports(changes: Partial<DoctorPorts> = {}, env: Record<string, string> = GOOD_ENV): DoctorPorts {
  const { config, problems } = inspectConfig(env, "doctor");
  return {
    config,
    configProblems: problems,
    loadCatalogue: () => ({ catalogue, warnings: [] }),
    describeTargets: () => new Map([["nothing", ["cannot be stopped", "brings nothing back"]]]),
    requiredScopes: [
      { name: "chat:write", because: "posts" },
      { name: "groups:read", because: "private channels", optional: true },
    ],
    slack,
    database: { version: async () => 18, migrations: async () => ({ missing: [], ahead: [] }) },
    redisSettings: async () => ({ maxmemoryPolicy: "noeviction", appendonly: "yes" }),
    clock: manualClock(NOW),
    ...changes,
  };
}

async function said(changes: Partial<DoctorPorts> = {}, env?: Record<string, string>) {
  return renderFindings(await examine(ports(changes, env)));
}

test("all is well, but for an optional scope: exit 0", async () => {
  const { text, exitCode } = await said();
  expect(exitCode).toBe(0);
  expect(text.split("\n")).toEqual([
    "ok     every variable that is needed is set",
    "ok     public address: https://desk.example.org",
    "ok     the API is closed (NIGHTDESK_API_TOKEN is not set)",
    "ok     catalogue nightdesk.yml: 1 job",
    "ok     source jobs has a secret",
    "ok     target nothing (noop): cannot be stopped; brings nothing back",
    "ok     Slack knows the token: nightdesk in Example",
    "warn   the token lacks the scope groups:read (private channels)",
    "       -> fine without; else add it on the app's page OAuth & Permissions and reinstall",
    "ok     this machine's clock agrees with Slack's",
    "ok     Nightdesk is in #ops (routed, fallback)",
    "ok     Nightdesk is in #monitoring-prod (watched)",
    "ok     Nightdesk is in #desk (commands)",
    "ok     the database answers: PostgreSQL 18",
    "ok     the database is prepared for this version",
    "ok     Redis answers: noeviction, append-only",
    "",
    "14 ok, 1 warning, 0 faults",
  ]);
});

const channels = (map: [string, { member: boolean; archived: boolean }][]) => ({
  slack: { ...slack, channels: async () => new Map(map) },
});
const unreachable = async () => {
  throw new HttpFailure("POST https://slack.com: ENOTFOUND", { sent: false, timedOut: false, cause: undefined });
};
const fails = async () => {
  throw new Error("ECONNREFUSED");
};

test.each<[string, Partial<DoctorPorts>, string, string]>([
  [
    "a channel it is not in",
    channels([["ops", { member: false, archived: false }]]),
    "Nightdesk is not in #ops (routed, fallback)",
    "write /invite @nightdesk there",
  ],
  [
    "an archived channel",
    channels([["ops", { member: true, archived: true }]]),
    "#ops (routed, fallback) is archived",
    "unarchive it",
  ],
  ["a channel that is none", channels([]), "there is no channel #monitoring-prod (watched)", "correct the name"],
  [
    "a token that is refused",
    { slack: { ...slack, whoAmI: fails } },
    "Slack does not accept SLACK_BOT_TOKEN: ECONNREFUSED",
    "copy the Bot User OAuth Token",
  ],
  [
    "a Slack out of reach",
    { slack: { ...slack, whoAmI: unreachable } },
    "Slack cannot be reached: POST https://slack.com: ENOTFOUND",
    "firewall",
  ],
  [
    "a scope that is missing",
    { requiredScopes: [{ name: "files:write", because: "uploads" }] },
    "lacks the scope files:write (uploads)",
    "reinstall the app",
  ],
  ["a clock that is wrong", { clock: manualClock("2024-03-01T02:03:00Z") }, "180 s ahead of Slack's", "time server"],
  [
    "a catalogue with a mistake",
    {
      loadCatalogue: () => {
        throw new ConfigError(["nightdesk.yml:1:1: x: unknown key"]);
      },
    },
    "nightdesk.yml:1:1: x: unknown key",
    "correct nightdesk.yml",
  ],
  [
    "an old database",
    { database: { version: async () => 13, migrations: fails } },
    "PostgreSQL 13",
    "PostgreSQL 14 or newer",
  ],
  [
    "a database that is ahead",
    { database: { version: async () => 18, migrations: async () => ({ missing: [], ahead: ["0099_x.sql"] }) } },
    "newer Nightdesk (0099_x.sql)",
    "start that version",
  ],
  [
    "a database that is away",
    { database: { version: fails, migrations: fails } },
    "does not answer: ECONNREFUSED",
    "DATABASE_URL",
  ],
  [
    "a Redis that evicts",
    { redisSettings: async () => ({ maxmemoryPolicy: "allkeys-lru", appendonly: "yes" }) },
    "allkeys-lru",
    "noeviction",
  ],
  ["a Redis that is away", { redisSettings: fails }, "Redis does not answer", "unset it"],
])("%s is a fault with its mend", async (_title, changes, what, mend) => {
  const { text, exitCode } = await said(changes);
  expect(exitCode).toBe(1);
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.startsWith("FAULT") && line.includes(what));
  expect(lines[at]).toContain(what);
  expect(lines[at + 1]).toMatch(/^ {7}-> /);
  expect(lines[at + 1]).toContain(mend);
});

test("what is only less than good is a warning: short and shared secrets, no AOF, a clock a little off", async () => {
  const weak = catalogueSchema.parse({
    version: 1,
    sources: {
      a: { kind: "job", secret: "short" },
      b: { kind: "job", secret: "0123456789abcdef0" },
      c: { kind: "job", secret: "0123456789abcdef0" },
    },
  });
  const env = { ...GOOD_ENV, NIGHTDESK_API_TOKEN: "guess-me" };
  const changes: Partial<DoctorPorts> = {
    loadCatalogue: () => ({ catalogue: weak, warnings: ["sources.prom cannot sign"] }),
    redisSettings: async () => ({ maxmemoryPolicy: "noeviction", appendonly: "no" }),
    clock: manualClock("2024-03-01T01:59:50Z"),
    requiredScopes: [],
  };
  const { text, exitCode } = await said(changes, env);
  expect(exitCode).toBe(0);
  for (const secret of ["0123456789abcdef0", "guess-me"]) expect(text).not.toContain(secret);
  expect(text.split("\n").filter((line) => line.startsWith("warn"))).toEqual([
    "warn   NIGHTDESK_API_TOKEN is shorter than 16 characters, and whoever guesses it may act",
    "warn   sources.prom cannot sign",
    "warn   the secret of source a is shorter than 16 characters",
    "warn   sources b and c share one secret",
    "warn   this machine's clock is 10 s behind Slack's",
    "warn   Redis forgets at a restart (appendonly no): work is then found again seconds later",
  ]);
});

test("with nothing set there is nothing to ask, and every variable is a fault", async () => {
  const { text, exitCode } = await said({ slack: null, database: null, redisSettings: null }, {});
  expect(exitCode).toBe(1);
  expect(text).toContain("FAULT  SLACK_BOT_TOKEN is not set\n       -> copy the Bot User OAuth Token");
  expect(text).toContain("3 faults");
});

test("the database is asked for its version and for what was applied, without changing it", async () => {
  const { url } = await testDatabase();
  expect(await databaseProbe(url).version()).toBeGreaterThanOrEqual(14);
  expect(await databaseProbe(url).migrations()).toEqual({ missing: [], ahead: [] });
  const empty = databaseProbe(await emptyDatabase());
  const { missing } = await empty.migrations();
  expect(missing[0]).toBe("0001_record.sql");
  expect((await empty.migrations()).missing).toEqual(missing);
});
