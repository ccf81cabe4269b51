import type { Clock, Instant } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Config } from "../config/env.ts";
import type { SentryApi, SentryClient } from "../intake/sentry-api.ts";

/** One thing that was looked at. A fault keeps Nightdesk from its work, a warning from some of it. */
export interface Finding {
  readonly level: "ok" | "warn" | "fault";
  readonly what: string;
  /** What to do about it; every warning and fault has one. */
  readonly mend?: string;
}

/** What Slack answered to "who am I". */
export interface SlackSelf {
  readonly team: string;
  readonly bot: string;
  /** Null when Slack did not tell. */
  readonly scopes: readonly string[] | null;
  /** Slack's own time, to the second; null when it did not tell. */
  readonly date: Instant | null;
}

export interface SlackProbe {
  whoAmI(): Promise<SlackSelf>;
  /** The channels that the token can see, by name. */
  channels(): Promise<ReadonlyMap<string, { readonly member: boolean; readonly archived: boolean }>>;
  /** Opens a Socket Mode connection's address; throws why not. */
  tryAppToken(): Promise<void>;
}

export interface DatabaseProbe {
  /** Major version of the server. */
  version(): Promise<number>;
  /** Migrations that this Nightdesk has and the database has not; `ahead` those that only the database has. */
  migrations(): Promise<{ readonly missing: readonly string[]; readonly ahead: readonly string[] }>;
}

export interface RequiredScope {
  readonly name: string;
  readonly because: string;
  readonly optional?: boolean;
}

/** What the doctor asks; null where the environment says that there is nothing to ask. */
export interface DoctorPorts {
  readonly config: Config;
  /** Lines about variables that are missing or malformed. */
  readonly configProblems: readonly string[];
  /** Throws `ConfigError`. */
  loadCatalogue(): { readonly catalogue: Catalogue; readonly warnings: readonly string[] };
  /** What each target can and cannot do, a short line each; nobody is called. */
  describeTargets(catalogue: Catalogue): ReadonlyMap<string, readonly string[]>;
  readonly requiredScopes: readonly RequiredScope[];
  readonly slack: SlackProbe | null;
  /** Asks the API of a Sentry source; absent: nobody is asked. */
  readonly sentry?: (api: SentryApi) => SentryClient;
  readonly database: DatabaseProbe | null;
  redisSettings: (() => Promise<{ readonly maxmemoryPolicy: string; readonly appendonly: string }>) | null;
  readonly clock: Clock;
}
