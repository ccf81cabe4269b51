import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigError } from "../../src/base/errors.ts";
import { type Environment, ROLES, type Role, readConfig } from "../../src/config/env.ts";

const GOOD = {
  SLACK_BOT_TOKEN: "xoxb-1234567890",
  SLACK_SIGNING_SECRET: "0123456789abcdef",
  DATABASE_URL: "postgres://desk:pw@db.example.org:5432/nightdesk",
};

function problemsOf(env: Environment, role: Role = "all"): readonly string[] {
  try {
    readConfig(env, role);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test("three variables are enough; the rest has defaults", () => {
  const config = readConfig(GOOD, "all");
  expect(config).toMatchObject({
    port: 3000,
    logLevel: "info",
    catalogueFile: "nightdesk.yml",
    redisUrl: null,
    apiToken: null,
  });
  expect(config.retentionMs).toBe(90 * 86_400_000);
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.slack)).toBe(true);
});

test("with nothing set, every variable that the role needs is named at once", () => {
  const names = (role: Role) => problemsOf({}, role).map((line) => line.split(" ")[0]);
  expect(names("all")).toEqual(["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "DATABASE_URL"]);
  expect(names("web")).toEqual(names("all"));
  expect(names("worker")).toEqual(["SLACK_BOT_TOKEN", "DATABASE_URL"]);
  expect(names("migrate")).toEqual(["DATABASE_URL"]);
  expect(names("export")).toEqual(["DATABASE_URL"]);
  expect(names("check")).toEqual([]);
});

test("an empty variable is one that is not set", () => {
  expect(problemsOf({ ...GOOD, DATABASE_URL: "" })).toEqual([
    "DATABASE_URL is not set: give the URL of a PostgreSQL 14 or newer",
  ]);
  expect(readConfig({ ...GOOD, REDIS_URL: "", PORT: "" }, "all").port).toBe(3000);
});

test("Socket Mode needs the app token and no signing secret", () => {
  const { SLACK_SIGNING_SECRET: _, ...rest } = GOOD;
  expect(readConfig({ ...rest, SLACK_APP_TOKEN: "xapp-1-A1-abcdef" }, "all").slack.signingSecret).toBeNull();
});

test.each([
  ["SLACK_BOT_TOKEN", "xoxp-1234567890", "xoxb-"],
  ["SLACK_BOT_TOKEN", "xoxb-1234567890\n", "xoxb-"],
  ["SLACK_SIGNING_SECRET", "short", "8 characters"],
  ["SLACK_APP_TOKEN", "xoxb-1234567890", "xapp-"],
  ["DATABASE_URL", "mysql://db.example.org/x", "postgres://"],
  ["DATABASE_URL", "db.example.org", "postgres://"],
  ["REDIS_URL", "http://redis.example.org", "redis://"],
  ["NIGHTDESK_PUBLIC_URL", "desk.intern", "https://"],
  ["NIGHTDESK_PUBLIC_URL", "http://desk.intern", "https"],
  ["NIGHTDESK_API_TOKEN", "letmein", "openssl"],
  ["NIGHTDESK_RETENTION", "ninety days", "90d"],
  ["NIGHTDESK_RETENTION", "30s", "at least 1h"],
  ["SENTRY_DSN", "yes please", "URL"],
  ["PORT", "99999", "65535"],
  ["PORT", "http", "65535"],
  ["LOG_LEVEL", "loud", "debug, info"],
  ["NIGHTDESK_SHELL", "/bin/sh", "set it to 1"],
  ["SLACK_API_URL", "ftp://127.0.0.1/", "http(s)"],
  ["SLACK_API_URL", "http://slack.example.org/api/", "https"],
])("%s that is malformed is one line with what to do, without the value", (name, value, todo) => {
  const problems = problemsOf({ ...GOOD, [name]: value });
  expect(problems).toHaveLength(1);
  expect(problems[0]?.startsWith(`${name} is not right: `)).toBe(true);
  expect(problems[0]).toContain(todo);
  expect(problems[0]).not.toContain(value);
});

test("commands of the catalogue run only where that is said", () => {
  expect(readConfig(GOOD, "worker").mayRunCommands).toBe(false);
  expect(readConfig({ ...GOOD, NIGHTDESK_SHELL: "0" }, "worker").mayRunCommands).toBe(false);
  expect(readConfig({ ...GOOD, NIGHTDESK_SHELL: "1" }, "worker").mayRunCommands).toBe(true);
});

test("drill time is refused unless Slack is emulated on this machine", () => {
  const clock = { ...GOOD, NIGHTDESK_CLOCK_FILE: "clock.json" };
  expect(problemsOf(clock)[0]).toContain("NIGHTDESK_CLOCK_FILE is refused");
  expect(problemsOf({ ...clock, SLACK_API_URL: "https://slack.example.org/api/" })[0]).toContain(
    "NIGHTDESK_CLOCK_FILE",
  );
  expect(problemsOf({ ...clock, SLACK_API_URL: "http://127.0.0.1.example.org/" })).toHaveLength(2);
  for (const url of ["http://127.0.0.1:9/api", "http://localhost:9/api/", "http://[::1]:9/api/"]) {
    const config = readConfig({ ...clock, SLACK_API_URL: url }, "all");
    expect(config.clockFile).toBe("clock.json");
    expect(config.slack.apiUrl?.endsWith("/api/")).toBe(true);
  }
});

test("whatever the values, no line of an error holds one", () => {
  const names = [
    ...Object.keys(GOOD),
    "REDIS_URL",
    "NIGHTDESK_API_TOKEN",
    "SENTRY_DSN",
    "NIGHTDESK_PUBLIC_URL",
    "PORT",
  ];
  const secret = fc.string({ minLength: 12, maxLength: 40 }).map((text) => `§${text}§`);
  fc.assert(
    fc.property(fc.constantFrom(...ROLES), fc.constantFrom(...names), secret, (role, name, value) => {
      for (const problem of problemsOf({ ...GOOD, [name]: value }, role)) {
        expect(problem).not.toContain(value);
        expect(problem).not.toContain("\n");
      }
    }),
  );
});
