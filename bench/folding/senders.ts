import { createHmac } from "node:crypto";
import type { HookRequest } from "../../src/intake/sources/contract.ts";
import type { Random } from "./random.ts";
import type { Arriving, Delivery } from "./storm.ts";

/** When something happens, in seconds after the storm's beginning, and what it was about. */
interface Told {
  readonly at: number;
  readonly label: string;
  /** Seconds until the delivery arrives; a sender is a few seconds late by itself. */
  readonly late?: number;
  readonly environment?: string;
}

interface GroupedAlert {
  readonly label: string;
  readonly service: string;
  readonly summary: string;
  readonly resolved?: boolean;
}

/** What speaks in a night. Every call is one delivery. */
export interface Senders {
  /** An issue alert of Sentry. `issue`: what Sentry grouped it under; each service has its own. */
  sentry(told: Told & { service: string; type: string; value: string; issue?: string; title?: string }): void;
  sentryResolved(told: Told & { service: string; type: string; value: string; issue: string }): void;
  /** A cloud's alarm. Without `service` only its name says what it watches. */
  alarm(
    told: Told & { alarm: string; service?: string; reason: string; ok?: boolean; tags?: Record<string, string> },
  ): void;
  /** A job's own signed message. */
  jobSays(told: Told & { job: string; rid: string; status: "started" | "succeeded" | "failed"; error?: string }): void;
  ping(told: Told & { job: string; rid: string; word: "start" | "fail" | "1" | "" }): void;
  /** A watch says that a job has not reported in time. */
  missed(told: Told & { job: string; detail: string; ok?: boolean }): void;
  /** A group of Alertmanager: one delivery, an alert for each of `alerts`, each with a label of its own. */
  grouped(told: Omit<Told, "label"> & { alertname: string; alerts: readonly GroupedAlert[] }): void;
  /** A monitor of Nightdesk's own found a job missing. */
  monitor(told: Told & { job: string; title: string }): void;
  /** A job's plain line in a Slack channel. */
  said(told: Told & { job: string; text: string }): void;
  deployed(told: Told & { service: string; version: string }): void;
}

/** Secrets of nobody: a storm is signed with them and checked against them in one process. */
export const SECRETS = {
  sentry: "bench-sentry",
  jobs: "bench-jobs",
  alarms: "bench-alarms",
  checks: "bench-checks",
  deploys: "bench-deploys",
  alertmanager: "bench-alertmanager",
};

const ORGANISATION = "acme";

export function createSenders(random: Random, put: (delivery: Delivery) => void): Senders {
  const deliver = (
    told: Omit<Told, "label"> & { label: string | readonly string[] },
    arriving: (atMs: number) => Arriving,
  ) => {
    const atMs = Math.round(told.at * 1_000);
    const lateMs = told.late === undefined ? random.int(300, 4_000) : Math.round(told.late * 1_000);
    put({
      atMs: atMs + lateMs,
      labels: typeof told.label === "string" ? [told.label] : told.label,
      arriving: arriving(atMs),
    });
  };
  const issues = new Map<string, string>();
  /** Sentry groups by project and kind of error. */
  const issueOf = (service: string, type: string) => {
    const name = `${service} ${type}`;
    const issue = issues.get(name) ?? String(random.int(10_000_000, 99_999_999));
    issues.set(name, issue);
    return issue;
  };
  const env = (told: Pick<Told, "environment">) => told.environment ?? "prod";

  return {
    sentry: (told) => {
      const issue = told.issue ?? issueOf(told.service, told.type);
      const event = random.hex(32);
      const host = `ip-10-0-${random.int(0, 250)}-${random.int(0, 250)}`;
      deliver(told, (atMs) => ({
        hook: "sentry",
        request: (machineMs) =>
          signedSentry("event_alert", {
            action: "triggered",
            actor: { type: "application", id: "sentry", name: "Sentry" },
            installation: { uuid: "5f1c1d3e-0000-4000-8000-000000000001" },
            data: {
              triggered_rule: "page on new and frequent issues",
              event: {
                event_id: event,
                issue_id: issue,
                project: 7,
                platform: "java",
                level: "error",
                url: `https://sentry.example.org/api/0/projects/${ORGANISATION}/${told.service}/events/${event}/`,
                web_url: `https://sentry.example.org/organizations/${ORGANISATION}/issues/${issue}/`,
                title: told.title ?? `${told.type}: ${told.value}`,
                environment: env(told),
                tags: [
                  ["level", "error"],
                  ["environment", env(told)],
                  ["server_name", host],
                ],
                metadata: { type: told.type, value: told.value },
                exception: { values: [{ type: told.type, value: told.value }] },
                datetime: stated(machineMs, told, atMs),
              },
            },
          }),
      }));
    },
    sentryResolved: (told) =>
      deliver(told, () => ({
        hook: "sentry",
        request: () =>
          signedSentry("issue", {
            action: "resolved",
            actor: { type: "user", id: "12", name: "Kit Moor" },
            installation: { uuid: "5f1c1d3e-0000-4000-8000-000000000001" },
            data: {
              issue: {
                id: told.issue,
                title: `${told.type}: ${told.value}`,
                status: "resolved",
                metadata: { type: told.type, value: told.value },
                project: { id: "7", slug: told.service, name: told.service },
              },
            },
          }),
      })),
    alarm: (told) =>
      deliver(told, (atMs) => ({
        hook: "alarms",
        request: (machineMs) =>
          signedBody("alarms", {
            alarm: told.alarm,
            alarm_id: `${told.alarm}/${env(told)}`,
            state: told.ok === true ? "OK" : "ALARM",
            reason: told.reason,
            changed_at: stated(machineMs, told, atMs),
            dimensions: {
              environment: env(told),
              ...(told.service === undefined ? {} : { service: told.service }),
              ...told.tags,
            },
          }),
      })),
    jobSays: (told) =>
      deliver(told, (atMs) => ({
        hook: "job",
        request: (machineMs) =>
          signedJob(machineMs, {
            job: told.job,
            environment: env(told),
            rid: told.rid,
            status: told.status,
            at: stated(machineMs, told, atMs),
            ...(told.error === undefined ? {} : { error: { message: told.error } }),
          }),
      })),
    ping: (told) =>
      deliver(told, () => ({
        hook: "ping",
        request: () => ({
          method: "GET",
          path: `/${SECRETS.jobs}/${told.job}/${env(told)}${told.word === "" ? "" : `/${told.word}`}`,
          query: { rid: told.rid },
          headers: {},
          body: Buffer.alloc(0),
        }),
      })),
    missed: (told) =>
      deliver(told, (atMs) => ({
        hook: "checks",
        request: (machineMs) =>
          signedBody("checks", {
            check: `${told.job}/${env(told)}`,
            job: told.job,
            environment: env(told),
            status: told.ok === true ? "ok" : "firing",
            title: `${told.job} ${told.ok === true ? "is back" : "is late"}`,
            detail: told.detail,
            at: stated(machineMs, told, atMs),
          }),
      })),
    said: (told) => {
      const id = `Ev${random.hex(10)}`;
      deliver(told, () => ({
        slack: (machineMs) => ({
          type: "event_callback",
          event_id: id,
          team_id: "T1",
          api_app_id: "A0",
          event: {
            type: "message",
            subtype: "bot_message",
            channel: "C1",
            bot_id: "B9",
            username: "jobs",
            text: `<!channel> Job [${told.job}] ${told.text}`,
            ts: `${Math.floor(machineMs / 1_000 - (told.late ?? 0))}.000100`,
          },
        }),
      }));
    },
    grouped: (told) =>
      deliver({ ...told, label: told.alerts.map(({ label }) => label) }, (atMs) => ({
        hook: "alertmanager",
        request: (machineMs) =>
          post(
            Buffer.from(
              JSON.stringify({
                version: "4",
                groupKey: `{}:{alertname="${told.alertname}"}`,
                truncatedAlerts: 0,
                status: told.alerts.some(({ resolved }) => resolved !== true) ? "firing" : "resolved",
                receiver: "nightdesk",
                groupLabels: { alertname: told.alertname },
                commonLabels: { alertname: told.alertname, environment: env(told) },
                commonAnnotations: {},
                externalURL: "https://alertmanager.example.org",
                alerts: told.alerts.map(({ service, summary, resolved }) => ({
                  status: resolved === true ? "resolved" : "firing",
                  labels: { alertname: told.alertname, environment: env(told), service, severity: "warning" },
                  annotations: { summary },
                  startsAt: stated(machineMs, told, atMs),
                  endsAt: resolved === true ? stated(machineMs, told, atMs) : "0001-01-01T00:00:00Z",
                  generatorURL: "https://prometheus.example.org/graph",
                  fingerprint: createHmac("sha256", told.alertname).update(service).digest("hex").slice(0, 16),
                })),
              }),
            ),
            { authorization: `Bearer ${SECRETS.alertmanager}` },
          ),
      })),
    monitor: (told) =>
      deliver({ ...told, late: 0 }, () => ({
        monitor: { job: told.job, environment: env(told), title: told.title },
      })),
    deployed: (told) =>
      deliver(told, (atMs) => ({
        hook: "deploys",
        request: (machineMs) =>
          signedBody("deploys", {
            id: `${told.service}-${told.version}`,
            title: `${told.service} ${told.version} was deployed to ${env(told)}`,
            service: told.service,
            environment: env(told),
            at: stated(machineMs, told, atMs),
          }),
      })),
  };
}

/** The sender's own clock: what it states is as long before its arrival as it is late. */
function stated(machineMs: number, told: Pick<Told, "late">, atMs: number): string {
  return new Date(machineMs - (told.late ?? 0) * 1_000 - (atMs % 300)).toISOString();
}

function signedSentry(resource: string, body: unknown): HookRequest {
  const raw = Buffer.from(JSON.stringify(body));
  return post(raw, {
    "sentry-hook-resource": resource,
    "sentry-hook-signature": hmac(SECRETS.sentry, raw),
  });
}

function signedBody(source: "alarms" | "checks" | "deploys", body: unknown): HookRequest {
  const raw = Buffer.from(JSON.stringify(body));
  return post(raw, { "x-signature": hmac(SECRETS[source], raw) });
}

function signedJob(machineMs: number, body: unknown): HookRequest {
  const raw = Buffer.from(JSON.stringify(body));
  const timestamp = String(Math.floor(machineMs / 1_000));
  const signature = hmac(SECRETS.jobs, Buffer.concat([Buffer.from(`v0:${timestamp}:`), raw]));
  return post(raw, { "x-nightdesk-timestamp": timestamp, "x-nightdesk-signature": `v0=${signature}` });
}

function post(body: Buffer, headers: Record<string, string>): HookRequest {
  return { method: "POST", path: "", query: {}, headers: { "content-type": "application/json", ...headers }, body };
}

const hmac = (secret: string, content: Buffer): string => createHmac("sha256", secret).update(content).digest("hex");
