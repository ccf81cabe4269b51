import { z } from "zod";
import { type Fields, fieldsOf, firstText, isFields, readJson, textOf } from "../reading.ts";
import { sentryApiSchema } from "../sentry-api.ts";
import { createdKey, eventKey, unresolvedKey } from "../sentry-keys.ts";
import { checkPathSecret, isHmac, sha256 } from "../signatures.ts";
import type { HookRequest, Source } from "./contract.ts";
import { CAUGHT_UP, ofCaughtUp } from "./sentry/caught-up.ts";
import { ofEvent, ofLegacyPlugin } from "./sentry/event.ts";
import { ofIssue } from "./sentry/issue.ts";
import { ofMetricAlert } from "./sentry/metric-alert.ts";
import { ignored, refused, type Told } from "./sentry/told.ts";

const settings = z.strictObject({
  kind: z.literal("sentry"),
  /** The integration's client secret; for the unsigned legacy plugin it is the last part of the URL. */
  secret: z.string().min(1),
  api: sentryApiSchema.optional(),
  /** Monitors of Sentry's Crons (slug or name) and the job that each watches, where they are not called the same. */
  crons: z.record(z.string().min(1), z.string().min(1)).default({}),
});

/** Neither Sentry's request id nor its timestamp is signed, so only what the body says can tell a repetition. */
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
  wellFormed: (request) =>
    isFields(bodyOf(request)) ? { ok: true } : { ok: false, reason: "the body is not a JSON object" },
  resource: (request) => resourceOf(request),
  deliveryKey: (request) => ({
    key: `${sha256(request.body)}:${request.headers["sentry-hook-resource"] ?? ""}`,
    forMs: REPEATED_WITHIN_MS,
    ...nameOf(request),
  }),
  parse: (delivery, { crons }, catalogue) => {
    const body = readJson(delivery.body);
    if (!isFields(body)) return refused("the body is not a JSON object");
    const action = textOf(body["action"]) ?? "";
    const data = fieldsOf(body, "data");
    const told: Told = { delivery, action, data, actor: fieldsOf(body, "actor"), catalogue, crons };
    switch (delivery.resource) {
      case "issue":
        return ofIssue(told);
      case CAUGHT_UP:
        return ofCaughtUp(told);
      case "event_alert": {
        const rule = firstText(data["triggered_rule"], fieldsOf(data, "issue_alert")["title"]);
        return action === "triggered" ? ofEvent(fieldsOf(data, "event"), told, rule) : ignored(told);
      }
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

/** What Nightdesk caught up itself never comes from outside. */
function resourceOf(request: HookRequest): string | null {
  const said = request.headers["sentry-hook-resource"] ?? null;
  return said === CAUGHT_UP ? `${CAUGHT_UP} by a sender` : said;
}

/** A body is parsed once for the checks before it is kept. */
const parsed = new WeakMap<Buffer, unknown>();

function bodyOf(request: HookRequest): unknown {
  if (!parsed.has(request.body)) parsed.set(request.body, readJson(request.body.toString("utf8")));
  return parsed.get(request.body);
}

/** What it tells of: what was caught up meanwhile has the same name (`sentry-keys.ts`). */
function nameOf(request: HookRequest): { name?: string } {
  const body = bodyOf(request);
  const data = fieldsOf(body, "data");
  const action = isFields(body) ? body["action"] : undefined;
  const name = namedBy(resourceOf(request), { data, action });
  return name === undefined ? {} : { name };
}

function namedBy(resource: string | null, { data, action }: { data: Fields; action: unknown }): string | undefined {
  switch (resource) {
    case "issue": {
      const issue = fieldsOf(data, "issue");
      const id = textOf(issue["id"]);
      if (id === undefined) return undefined;
      if (action === "created") return createdKey(id);
      return action === "unresolved" ? (unresolvedKey(id, issue["lastSeen"]) ?? undefined) : undefined;
    }
    case "event_alert":
    case "error": {
      const event = textOf(fieldsOf(data, resource === "error" ? "error" : "event")["event_id"]);
      return event === undefined ? undefined : eventKey(event);
    }
    default:
      return undefined;
  }
}
