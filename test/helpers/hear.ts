import { createHmac } from "node:crypto";
import type { Temporal } from "temporal-polyfill";
import { type Catalogue, catalogueSchema } from "../../src/config/catalogue.ts";
import type { SlackEnvelope } from "../../src/intake/receive.ts";
import type { HookRequest } from "../../src/intake/sources/contract.ts";

/** A catalogue from its sections, with all defaults. */
export function catalogueOf(sections: Record<string, unknown> = {}): Catalogue {
  return catalogueSchema.parse({ version: 1, ...sections });
}

/** A small estate in the shape of a real one: four services that fail together, a job that shares a channel. */
export const ESTATE = {
  environments: {
    prod: { aliases: ["production"], protected: true, look: "red" },
    preprod: { aliases: ["stage", "pre-prod"] },
    nimdta: { protected: true, look: "amber" },
  },
  services: {
    "esr-generator": { aliases: ["esr-gen"] },
    "esr-notifier": {},
    "tis-sync": {},
    reference: {},
  },
  sources: {
    sentry: { kind: "sentry", secret: "sentry-secret" },
    jobs: { kind: "job", secret: "job-secret" },
    queues: {
      kind: "generic",
      secret: "queue-secret",
      map: {
        signal: "status",
        title: "alert.name",
        service: "labels.service",
        environment: "labels.env",
        cause: "labels.queue",
        id: "id",
        at: "startsAt",
        each: "alerts",
      },
    },
    later: { kind: "a-kind-to-come", secret: "later-secret" },
  },
  messages: [
    {
      channel: "monitoring-prod",
      pattern: "Sync \\[(?<job>.+)\\] started\\.",
      signal: "started",
      environments: ["prod", "nimdta"],
    },
    {
      channel: "monitoring-prod",
      pattern: "Sync \\[(?<job>.+)\\] (finished|completed successfully)\\.",
      signal: "finished",
      environments: ["prod", "nimdta"],
    },
    {
      channel: "monitoring-prod",
      pattern: "Sync \\[(?<job>.+)\\] failed with exception \\[(?<error>[\\s\\S]*)\\]\\.?",
      signal: "failed",
      environments: ["prod", "nimdta"],
    },
  ],
  folding: [
    { name: "esr", match: { services: ["esr-*"] }, key: ["environment", "cause"], window: "4h", reopenWithin: "30m" },
  ],
  severity: [{ match: { environment: "prod", signal: "failed" }, severity: "sev2" }],
  targets: { nothing: { connector: "noop" } },
  jobs: {
    "person-sync": {
      title: "Person search index",
      aliases: ["Person sync job"],
      environments: {
        prod: { target: "nothing", name: "personElasticSearchSyncJob", service: "tis-sync" },
        nimdta: { target: "nothing", name: "personElasticSearchSyncJob", service: "tis-sync" },
      },
    },
    "reval-sync": {
      aliases: ["RevalCurrentPmSyncJob"],
      environments: { prod: { target: "nothing", service: "tis-sync" } },
    },
  },
  routes: [{ match: { environment: "prod" }, channel: "ops", mention: "on-call" }, { channel: "monitoring" }],
  fallback: "monitoring",
  redact: ["\\b\\d{7}\\b"],
};

export const estate = (): Catalogue => catalogueOf(ESTATE);

/** A signed Sentry delivery. */
export function sentryRequest(
  body: unknown,
  options: { resource?: string; secret?: string; signature?: string | null; path?: string } = {},
): HookRequest {
  const raw = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const signature = options.signature === undefined ? hmac(options.secret ?? "sentry-secret", raw) : options.signature;
  return {
    method: "POST",
    path: options.path ?? "",
    query: {},
    headers: {
      "content-type": "application/json",
      "sentry-hook-resource": options.resource ?? "event_alert",
      ...(signature === null ? {} : { "sentry-hook-signature": signature }),
    },
    body: raw,
    sender: "192.0.2.1",
  };
}

/** A signed message of a job. `at`: machine time of the signature. */
export function jobRequest(
  body: unknown,
  options: { at: Temporal.Instant; secret?: string; signature?: string },
): HookRequest {
  const raw = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const timestamp = String(Math.floor(options.at.epochMilliseconds / 1_000));
  const hex = hmac(options.secret ?? "job-secret", Buffer.concat([Buffer.from(`v0:${timestamp}:`), raw]));
  return {
    method: "POST",
    path: "",
    query: {},
    headers: {
      "x-nightdesk-timestamp": timestamp,
      "x-nightdesk-signature": options.signature ?? `v0=${hex}`,
    },
    body: raw,
    sender: "192.0.2.2",
  };
}

export function pingRequest(path: string, options: { rid?: string; method?: string; body?: string } = {}): HookRequest {
  return {
    method: options.method ?? "GET",
    path,
    query: options.rid === undefined ? {} : { rid: options.rid },
    headers: {},
    body: Buffer.from(options.body ?? ""),
  };
}

export const hmac = (secret: string, content: Buffer): string =>
  createHmac("sha256", secret).update(content).digest("hex");

/** A Sentry event alert of an invented service. */
export function eventAlert(
  over: {
    service?: string;
    environment?: string;
    type?: string;
    value?: string;
    issue?: string;
    event?: string;
    at?: string;
  } = {},
): Record<string, unknown> {
  const type = over.type ?? "JsonMappingException";
  const value = over.value ?? "PermitToWork is no longer an enumeration";
  return {
    action: "triggered",
    actor: { type: "application", id: "sentry", name: "Sentry" },
    installation: { uuid: "a8e5d37a-0000-4000-8000-63dc5e7e52ec" },
    data: {
      triggered_rule: "every new issue",
      event: {
        event_id: over.event ?? "e1",
        issue_id: over.issue ?? "100",
        project: 7,
        url: `https://sentry.example.org/api/0/projects/acme/${over.service ?? "esr-generator"}/events/e1/`,
        web_url: "https://sentry.example.org/organizations/acme/issues/100/",
        title: `${type}: ${value}`,
        level: "error",
        ...(over.environment === "" ? {} : { environment: over.environment ?? "production" }),
        tags: [["level", "error"]],
        metadata: { type, value },
        ...(over.at === undefined ? {} : { datetime: over.at }),
      },
    },
  };
}

export function issue(
  action: string,
  over: { id?: string; service?: string; type?: string; value?: string } = {},
): Record<string, unknown> {
  const type = over.type ?? "JsonMappingException";
  const value = over.value ?? "PermitToWork is no longer an enumeration";
  return {
    action,
    actor: { type: "application", id: "sentry", name: "Sentry" },
    installation: { uuid: "a8e5d37a-0000-4000-8000-63dc5e7e52ec" },
    data: {
      issue: {
        id: over.id ?? "100",
        shortId: "ESR-1",
        title: `${type}: ${value}`,
        level: "error",
        status: action === "resolved" ? "resolved" : "unresolved",
        metadata: { type, value },
        project: { id: "7", slug: over.service ?? "esr-generator", name: "ESR", platform: "java" },
        permalink: null,
      },
    },
  };
}

/** An Events API callback with a message in a channel. */
export function slackCallback(event: Record<string, unknown>, id = "Ev1"): SlackEnvelope {
  return {
    type: "event_callback",
    event_id: id,
    team_id: "T1",
    api_app_id: "A0",
    event: { type: "message", channel: "C1", ...event },
  };
}
