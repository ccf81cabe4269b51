import { z } from "zod";
import type { Catalogue } from "../../config/catalogue.ts";
import { namesOf } from "../../config/names.ts";
import {
  checkJsonObject,
  type Fields,
  fieldsOf,
  firstText,
  instantOf,
  isFields,
  readJson,
  tagsOf,
  textOf,
} from "../reading.ts";
import { checkPathSecret, isHmac, sha256 } from "../signatures.ts";
import type { Delivery, Parsed, Signal, Source } from "./contract.ts";

const settings = z.strictObject({
  kind: z.literal("sentry"),
  /** The integration's client secret; for the unsigned legacy plugin it is the last part of the URL. */
  secret: z.string().min(1),
  api: z.strictObject({ url: z.url(), organization: z.string().min(1), token: z.string().min(1) }).optional(),
});

/** Neither Sentry's request id nor its timestamp is signed, so only the body itself can tell a repetition. */
const REPEATED_WITHIN_MS = 10 * 60_000;

/** Sentry's Integration Platform, and its legacy "WebHooks" plugin. Unknown resources and actions are ignored. */
export const sentry: Source<z.output<typeof settings>> = {
  kind: "sentry",
  settings,
  verify: (request, { secret }) => {
    if (request.method !== "POST") return { ok: false, reason: "only POST is signed" };
    const given = request.headers["sentry-hook-signature"] ?? request.headers["sentry-app-signature"];
    if (given === undefined && request.path !== "") return checkPathSecret(request, secret);
    if (given === undefined) return { ok: false, reason: "no signature" };
    return isHmac(given, secret, [request.body]) ? { ok: true } : { ok: false, reason: "bad signature" };
  },
  unsigned: () => "Sentry's legacy plugin",
  wellFormed: checkJsonObject,
  resource: (request) => request.headers["sentry-hook-resource"] ?? null,
  deliveryKey: (request) => ({
    key: `${sha256(request.body)}:${request.headers["sentry-hook-resource"] ?? ""}`,
    forMs: REPEATED_WITHIN_MS,
  }),
  parse: (delivery, _settings, catalogue) => {
    const body = readJson(delivery.body);
    if (!isFields(body)) return { kind: "refused", reason: "the body is not a JSON object" };
    const action = textOf(body["action"]) ?? "";
    const data = fieldsOf(body, "data");
    const told = { delivery, action, data, catalogue };
    switch (delivery.resource) {
      case "issue":
        return ofIssue(told);
      case "event_alert":
        return action === "triggered"
          ? ofEvent(
              fieldsOf(data, "event"),
              told,
              firstText(data["triggered_rule"], fieldsOf(data, "issue_alert")["title"]),
            )
          : ignored(told);
      case "error":
        return action === "created" ? ofEvent(fieldsOf(data, "error"), told, undefined) : ignored(told);
      case "metric_alert":
        return ofMetricAlert(told);
      case null:
        return isFields(body["event"]) || textOf(body["culprit"]) !== undefined
          ? ofLegacyPlugin(body, told)
          : { kind: "ignored", reason: "no Sentry-Hook-Resource, and not the legacy plugin's body" };
      default:
        return ignored(told);
    }
  },
};

interface Told {
  readonly delivery: Delivery;
  readonly action: string;
  readonly data: Fields;
  readonly catalogue: Catalogue;
}

const ignored = ({ delivery, action }: Told): Parsed => ({
  kind: "ignored",
  reason: `${delivery.resource ?? ""}.${action} concerns no incident`,
});

const signals = (...all: readonly Signal[]): Parsed => ({ kind: "signals", signals: all });

const ISSUE_KINDS: Readonly<Record<string, "firing" | "resolved">> = {
  created: "firing",
  unresolved: "firing",
  resolved: "resolved",
};

function ofIssue(told: Told): Parsed {
  const kind = Object.hasOwn(ISSUE_KINDS, told.action) ? ISSUE_KINDS[told.action] : undefined;
  if (kind === undefined) return ignored(told);
  const issue = fieldsOf(told.data, "issue");
  const id = textOf(issue["id"]);
  const title = textOf(issue["title"]);
  if (id === undefined || title === undefined) return { kind: "refused", reason: "an issue without id or title" };
  const metadata = fieldsOf(issue, "metadata");
  const project = fieldsOf(issue, "project");
  const tags = tagsOf(issue["tags"]);
  return signals({
    kind,
    title,
    // An issue says when it was seen, not when it was resolved or came back: then the delivery's time is the nearest.
    at: (told.action === "created" ? instantOf(issue["firstSeen"]) : undefined) ?? told.delivery.receivedAt,
    service: serviceOf([project["slug"], issue["project"], tags["service"], project["name"]], told.catalogue),
    environment: firstText(issue["environment"], tags["environment"]),
    cause: firstText(metadata["type"], title),
    condition: `issue ${id}`,
    error: textOf(metadata["value"]),
    tags: { ...tags, ...present({ level: issue["level"], "sentry.issue": id, "sentry.short_id": issue["shortId"] }) },
    url: webUrl(issue["web_url"], issue["permalink"]),
  });
}

function ofEvent(event: Fields, told: Told, rule: string | undefined): Parsed {
  const metadata = fieldsOf(event, "metadata");
  const exception = lastException(event);
  const title = firstText(event["title"], metadata["title"], event["message"], exception["type"]);
  if (title === undefined) return { kind: "refused", reason: "an event without title" };
  const tags = tagsOf(event["tags"]);
  const issue = issueIdOf(event);
  return signals({
    kind: "firing",
    title,
    at: instantOf(event["datetime"]) ?? instantOf(event["timestamp"]) ?? told.delivery.receivedAt,
    service: serviceOf(
      [
        event["project_slug"],
        slugIn(event["url"]),
        event["project"],
        tags["service"],
        event["project_name"],
        event["logger"],
      ],
      told.catalogue,
    ),
    environment: firstText(event["environment"], tags["environment"]),
    cause: firstText(metadata["type"], exception["type"], title),
    condition: issue === undefined ? undefined : `issue ${issue}`,
    error: firstText(metadata["value"], exception["value"], event["message"]),
    tags: {
      ...tags,
      ...present({
        level: event["level"],
        logger: event["logger"],
        "sentry.issue": issue,
        "sentry.event": event["event_id"],
        "sentry.rule": rule,
      }),
    },
    url: webUrl(event["web_url"]),
  });
}

function ofMetricAlert(told: Told): Parsed {
  const firing = told.action === "critical" || told.action === "warning" || told.action === "open";
  if (!firing && told.action !== "resolved") return ignored(told);
  const alert = fieldsOf(told.data, "metric_alert");
  const rule = fieldsOf(alert, "alert_rule");
  const id = textOf(alert["id"]);
  if (id === undefined) return { kind: "refused", reason: "a metric alert without id" };
  const name = firstText(rule["name"], alert["title"], told.data["description_title"]) ?? `metric alert ${id}`;
  const at = firing
    ? (instantOf(alert["date_detected"]) ?? instantOf(alert["date_started"]))
    : instantOf(alert["date_closed"]);
  return signals({
    kind: firing ? "firing" : "resolved",
    title: firing ? (textOf(told.data["description_title"]) ?? name) : name,
    at: at ?? told.delivery.receivedAt,
    service: serviceOf([...listOf(alert["projects"]), ...listOf(rule["projects"])], told.catalogue),
    environment: textOf(rule["environment"]),
    cause: name,
    condition: `metric alert ${id}`,
    error: textOf(told.data["description_text"]),
    tags: present({ level: told.action, "sentry.metric_alert": id, "sentry.rule": rule["name"] }),
    url: webUrl(told.data["web_url"]),
  });
}

function ofLegacyPlugin(body: Fields, told: Told): Parsed {
  const event = fieldsOf(body, "event");
  const rules = listOf(body["triggering_rules"])
    .map(textOf)
    .filter((rule) => rule !== undefined);
  const merged: Fields = {
    ...event,
    title: firstText(event["title"], fieldsOf(event, "metadata")["title"], body["message"], body["culprit"]),
    project_slug: firstText(body["project_slug"], body["project"]),
    project_name: body["project_name"],
    level: firstText(event["level"], body["level"]),
    logger: firstText(body["logger"], event["logger"]),
    issue_id: firstText(event["issue_id"], body["id"]),
    web_url: firstText(event["web_url"], body["url"]),
  };
  return ofEvent(merged, told, rules.length === 0 ? undefined : rules.join(", "));
}

/** The last exception is the one that was thrown; those before it are what caused it. */
function lastException(event: Fields): Fields {
  const values = fieldsOf(event, "exception")["values"];
  const last: unknown = Array.isArray(values) ? values.at(-1) : undefined;
  return isFields(last) ? last : {};
}

function issueIdOf(event: Fields): string | undefined {
  const inUrl = /\/issues\/(\d+)/.exec(textOf(event["issue_url"]) ?? "")?.[1];
  return firstText(event["issue_id"], inUrl, event["groupID"]);
}

/** `…/projects/<organisation>/<project>/…` of an API address. */
function slugIn(url: unknown): string | undefined {
  return /\/projects\/[^/]+\/([^/]+)\//.exec(textOf(url) ?? "")?.[1];
}

/** The first name that the catalogue knows, else the first that is a name and not a number. */
function serviceOf(candidates: readonly unknown[], catalogue: Catalogue): string | undefined {
  const named = candidates.map(textOf).filter((name) => name !== undefined);
  const names = namesOf(catalogue);
  const known = named.find((name) => Object.hasOwn(catalogue.services, names.service(name)));
  return known ?? named.find((name) => !/^\d+$/.test(name)) ?? named[0];
}

function webUrl(...candidates: readonly unknown[]): string | undefined {
  return candidates.map(textOf).find((url) => url !== undefined && /^https?:\/\//.test(url));
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function present(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return tagsOf(values);
}
