import { z } from "zod";
import { ConfigError } from "../base/errors.ts";
import type { LogLevel } from "../base/log.ts";
import { duration } from "./scalars.ts";

/** What a process is for; which variables it needs follows from it. */
export const ROLES = ["all", "web", "worker", "migrate", "check", "doctor", "export"] as const;
export type Role = (typeof ROLES)[number];
export type ServingRole = Extract<Role, "all" | "web" | "worker">;

export interface SlackConfig {
  readonly botToken: string;
  /** Slack's requests come over HTTP and are signed with it. Null in a worker, and in Socket Mode. */
  readonly signingSecret: string | null;
  /** Set: Socket Mode, and no request of Slack's needs to reach this machine. */
  readonly appToken: string | null;
  /** Set in the sandbox and in drills: an emulated workspace on this machine. Ends in a slash. */
  readonly apiUrl: string | null;
}

/** The environment, read once, frozen. What is null was not set and is not needed. */
export interface Config {
  readonly role: Role;
  readonly slack: SlackConfig | null;
  readonly databaseUrl: string | null;
  /** Null: the queue lives in Postgres. */
  readonly redisUrl: string | null;
  readonly catalogueFile: string;
  /** Where people and senders reach us, without a trailing slash. */
  readonly publicUrl: string | null;
  /** Null: the API is closed. */
  readonly apiToken: string | null;
  /** Null: the catalogue's `postmortem.folder`. */
  readonly exportFolder: string | null;
  /** Raw deliveries older than this are deleted. */
  readonly retentionMs: number;
  readonly sentryDsn: string | null;
  readonly port: number;
  readonly logLevel: LogLevel;
  /** Targets of the connector `shell` may run their commands on this machine. */
  readonly mayRunCommands: boolean;
  /** Drill time: where the offset to machine time is read. Only ever beside an emulated workspace. */
  readonly clockFile: string | null;
}

export interface ServingConfig extends Config {
  readonly role: ServingRole;
  readonly slack: SlackConfig;
  readonly databaseUrl: string;
}

export interface DatabaseConfig extends Config {
  readonly databaseUrl: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const noSpace = z.string().regex(/^\S+$/);
const urlOf = (protocols: RegExp) =>
  noSpace.refine((text) => URL.canParse(text) && protocols.test(new URL(text).protocol));

/** Every variable: what it must look like, how that is said, and where to get it. */
const VARIABLES = {
  SLACK_BOT_TOKEN: {
    schema: noSpace.startsWith("xoxb-").min(6),
    must: "it must start with xoxb-",
    todo: "copy the Bot User OAuth Token from your app's page OAuth & Permissions on api.slack.com/apps",
  },
  SLACK_SIGNING_SECRET: {
    schema: noSpace.min(8),
    must: "it must be one word of at least 8 characters",
    todo: "copy the Signing Secret from your app's page Basic Information on api.slack.com/apps",
  },
  SLACK_APP_TOKEN: {
    schema: noSpace.startsWith("xapp-").min(6),
    must: "it must start with xapp-",
    todo: "make an app-level token with the scope connections:write on your app's page Basic Information, or unset it and set SLACK_SIGNING_SECRET",
  },
  SLACK_API_URL: {
    schema: urlOf(/^https?:$/).transform((text) => (text.endsWith("/") ? text : `${text}/`)),
    must: "it must be an http(s) URL",
    todo: "unset it to use Slack itself",
  },
  DATABASE_URL: {
    schema: urlOf(/^postgres(ql)?:$/),
    must: "it must be a URL like postgres://user:password@host:5432/nightdesk",
    todo: "give the URL of a PostgreSQL 14 or newer",
  },
  REDIS_URL: {
    schema: urlOf(/^rediss?:$/),
    must: "it must be a URL like redis://host:6379",
    todo: "give the URL of a Redis with AOF and noeviction, or unset it: the queue then lives in Postgres",
  },
  NIGHTDESK_CATALOGUE: { schema: z.string(), must: "it must be a path", todo: "name the file nightdesk.yml" },
  NIGHTDESK_PUBLIC_URL: {
    schema: urlOf(/^https?:$/).transform((text) => text.replace(/\/+$/, "")),
    must: "it must be a URL like https://nightdesk.example.org",
    todo: "give the address at which Slack and your alert senders reach this process",
  },
  NIGHTDESK_API_TOKEN: {
    schema: noSpace.min(8),
    must: "it must be one word of at least 8 characters",
    todo: "make one with: openssl rand -hex 32; or unset it: the API is then closed",
  },
  NIGHTDESK_EXPORT_DIR: { schema: z.string(), must: "it must be a path", todo: "name the folder for postmortems" },
  NIGHTDESK_RETENTION: {
    schema: duration.refine((ms) => ms >= 3_600_000),
    must: "it must be a duration of at least 1h",
    todo: "write it like 90d or 12h",
  },
  SENTRY_DSN: {
    schema: urlOf(/^https?:$/),
    must: "it must be a URL",
    todo: "copy the DSN from your Sentry project, or unset it",
  },
  PORT: {
    schema: z
      .string()
      .regex(/^\d{1,5}$/)
      .transform(Number)
      .refine((port) => port <= 65_535),
    must: "it must be a number from 0 to 65535",
    todo: "choose a free port",
  },
  LOG_LEVEL: {
    schema: z.enum(["debug", "info", "warn", "error", "silent"]),
    must: "it must be debug, info, warn, error or silent",
    todo: "info is the default",
  },
  NIGHTDESK_SHELL: {
    schema: z.enum(["0", "1"]).transform((text) => text === "1"),
    must: "it must be 1 or 0",
    todo: "set it to 1 only where commands of the catalogue may run on this machine",
  },
  NIGHTDESK_CLOCK_FILE: { schema: z.string(), must: "it must be a path", todo: "unset it: it is for drills only" },
} as const satisfies Record<string, { schema: z.ZodType; must: string; todo: string }>;

type Name = keyof typeof VARIABLES;
type Value<N extends Name> = z.output<(typeof VARIABLES)[N]["schema"]>;

const DEFAULT_RETENTION_MS = 90 * 86_400_000;

/**
 * Reads the variables that `role` needs. Throws `ConfigError` with one line for each that is missing or malformed:
 * its name and what to do, never its value. An empty variable counts as not set.
 */
export function readConfig(env: Environment, role: ServingRole): ServingConfig;
export function readConfig(env: Environment, role: "migrate" | "export"): DatabaseConfig;
export function readConfig(env: Environment, role: Role): Config;
export function readConfig(env: Environment, role: Role): Config {
  const { config, problems } = inspectConfig(env, role);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** The same without throwing, for `nightdesk doctor`: what is wrong is a finding there. Malformed values are null. */
export function inspectConfig(env: Environment, role: Role): { config: Config; problems: string[] } {
  const problems: string[] = [];
  const get = <N extends Name>(name: N): Value<N> | null => {
    const text = env[name];
    if (text === undefined || text === "") return null;
    const { schema, must, todo } = VARIABLES[name];
    const parsed = schema.safeParse(text);
    if (parsed.success) return parsed.data as Value<N>;
    problems.push(`${name} is not right: ${must}; ${todo}`);
    return null;
  };
  const need = <N extends Name>(name: N): Value<N> | null => {
    if (env[name]) return get(name);
    problems.push(`${name} is not set: ${VARIABLES[name].todo}`);
    return null;
  };

  const asks = NEEDS[role];
  const slack = readSlack({ env, get, need, problems, asks });
  const config: Config = {
    role,
    slack,
    databaseUrl: asks.database ? need("DATABASE_URL") : get("DATABASE_URL"),
    redisUrl: get("REDIS_URL"),
    catalogueFile: get("NIGHTDESK_CATALOGUE") ?? "nightdesk.yml",
    publicUrl: get("NIGHTDESK_PUBLIC_URL"),
    apiToken: get("NIGHTDESK_API_TOKEN"),
    exportFolder: get("NIGHTDESK_EXPORT_DIR"),
    retentionMs: get("NIGHTDESK_RETENTION") ?? DEFAULT_RETENTION_MS,
    sentryDsn: get("SENTRY_DSN"),
    port: get("PORT") ?? 3000,
    logLevel: get("LOG_LEVEL") ?? "info",
    mayRunCommands: get("NIGHTDESK_SHELL") ?? false,
    clockFile: get("NIGHTDESK_CLOCK_FILE"),
  };
  if (config.clockFile !== null && !isLoopback(env["SLACK_API_URL"])) {
    problems.push(
      "NIGHTDESK_CLOCK_FILE is refused: it moves time and is for drills, where SLACK_API_URL is on this machine; unset it",
    );
  }
  if (config.publicUrl?.startsWith("http:") && !isLoopback(config.publicUrl)) {
    problems.push("NIGHTDESK_PUBLIC_URL is not right: Slack and the senders of secrets need https");
  }
  return { config: Object.freeze(config), problems };
}

/** Which of Slack's and the database's variables a role cannot do without. */
const NEEDS: Readonly<Record<Role, { slack: "none" | "token" | "all"; database: boolean }>> = {
  all: { slack: "all", database: true },
  web: { slack: "all", database: true },
  worker: { slack: "token", database: true },
  doctor: { slack: "all", database: true },
  migrate: { slack: "none", database: true },
  export: { slack: "none", database: true },
  check: { slack: "none", database: false },
};

function readSlack(from: {
  env: Environment;
  get: <N extends Name>(name: N) => Value<N> | null;
  need: <N extends Name>(name: N) => Value<N> | null;
  problems: string[];
  asks: (typeof NEEDS)[Role];
}): SlackConfig | null {
  const { env, get, need, problems, asks } = from;
  const apiUrl = get("SLACK_API_URL");
  if (apiUrl?.startsWith("http:") && !isLoopback(apiUrl)) {
    problems.push(
      "SLACK_API_URL is not right: only an emulated workspace on this machine may be asked without https; unset it",
    );
  }
  if (asks.slack === "none") return null;
  const botToken = need("SLACK_BOT_TOKEN");
  const signingSecret = get("SLACK_SIGNING_SECRET");
  const appToken = get("SLACK_APP_TOKEN");
  if (asks.slack === "all" && !env["SLACK_SIGNING_SECRET"] && !env["SLACK_APP_TOKEN"]) {
    problems.push(
      `SLACK_SIGNING_SECRET is not set: ${VARIABLES.SLACK_SIGNING_SECRET.todo}; or set SLACK_APP_TOKEN (Socket Mode) where Slack cannot reach this machine`,
    );
  }
  return botToken === null ? null : Object.freeze({ botToken, signingSecret, appToken, apiUrl });
}

function isLoopback(url: string | undefined): boolean {
  if (url === undefined || !URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
