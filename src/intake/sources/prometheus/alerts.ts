import type { Catalogue } from "../../../config/catalogue.ts";
import { type Fields, firstText, instantOf, isFields, readJson, tagsOf, textOf } from "../../reading.ts";
import { sha256 } from "../../signatures.ts";
import type { Delivery, DeliveryKey, HookRequest, Parsed, Signal, Verdict } from "../contract.ts";
import { type Labels, type Naming, namedBy } from "./labels.ts";

/**
 * The webhook that Alertmanager and Grafana share: one delivery carries a group of alerts, each firing or resolved, and the
 * whole group comes again at every change and every few hours.
 */

/** A retry, and the twin of a pair, send the same bytes within seconds. Later the same bytes say that it still fires. */
const REPEATED_WITHIN_MS = 60_000;
const NO_ALERTS = "there is no list of alerts: send the webhook's own body, without a payload template";

export function checkAlerts(request: HookRequest): Verdict {
  const body = readJson(request.body.toString("utf8"));
  if (!isFields(body)) return { ok: false, reason: "the body is not a JSON object" };
  return Array.isArray(body["alerts"]) ? { ok: true } : { ok: false, reason: NO_ALERTS };
}

export const keyOfAlerts = (request: HookRequest): DeliveryKey => ({
  key: `body:${sha256(request.body)}`,
  forMs: REPEATED_WITHIN_MS,
});

export function readAlerts(
  delivery: Delivery,
  by: { readonly naming: Naming; readonly catalogue: Catalogue; readonly vendor: "alertmanager" | "grafana" },
): Parsed {
  const body = readJson(delivery.body);
  if (!isFields(body)) return { kind: "refused", reason: "the body is not a JSON object" };
  const alerts: unknown = body["alerts"];
  if (!Array.isArray(alerts)) return { kind: "refused", reason: NO_ALERTS };
  const signals: Signal[] = [];
  for (const alert of alerts) {
    const signal = signalOf(alert, { ...by, body, delivery });
    if (typeof signal === "string") return { kind: "refused", reason: signal };
    signals.push(signal);
  }
  if (signals.length === 0) return { kind: "ignored", reason: "the group has no alerts" };
  return { kind: "signals", signals: tellTruncated(signals, body["truncatedAlerts"], by.vendor) };
}

interface About {
  readonly naming: Naming;
  readonly catalogue: Catalogue;
  readonly vendor: "alertmanager" | "grafana";
  readonly body: Fields;
  readonly delivery: Delivery;
}

function signalOf(alert: unknown, about: About): Signal | string {
  if (!isFields(alert)) return "an alert is not an object";
  const kind = kindOf(firstText(alert["status"], about.body["status"]));
  if (kind === undefined) return `an alert's status is "${textOf(alert["status"]) ?? ""}", not firing or resolved`;
  const labels = { ...tagsOf(about.body["commonLabels"]), ...tagsOf(alert["labels"]) };
  const notes = { ...tagsOf(about.body["commonAnnotations"]), ...tagsOf(alert["annotations"]) };
  const named = namedBy(labels, about.naming, about.catalogue);
  const fingerprint =
    textOf(alert["fingerprint"]) ?? sha256(JSON.stringify(Object.entries(labels).sort())).slice(0, 16);
  const started = moment(alert["startsAt"]);
  const at = kind === "firing" ? started : moment(alert["endsAt"]);
  const url = [alert["panelURL"], alert["dashboardURL"], alert["generatorURL"], about.body["externalURL"]];
  return {
    kind,
    title: titleOf(labels, notes, named.cause),
    at: at ?? about.delivery.receivedAt,
    service: named.service,
    environment: named.environment,
    job: named.job,
    cause: causeOf(labels, named.cause),
    condition: fingerprint,
    occurrence: `${fingerprint} ${started?.toString() ?? ""}`,
    severity: named.severity,
    error: firstText(notes["description"], notes["message"], alert["valueString"]),
    url: url.map(textOf).find((one) => one !== undefined && /^https?:\/\//.test(one)),
    tags: {
      ...labels,
      ...tagsOf({
        runbook: firstText(notes["runbook_url"], notes["runbook"]),
        silence: alert["silenceURL"],
        [`${about.vendor}.receiver`]: about.body["receiver"],
        [`${about.vendor}.fingerprint`]: fingerprint,
      }),
    },
  };
}

function kindOf(status: string | undefined): "firing" | "resolved" | undefined {
  if (status === "firing" || status === "alerting") return "firing";
  return status === "resolved" || status === "ok" ? "resolved" : undefined;
}

/** What has not ended has Go's zero time. */
function moment(value: unknown): Signal["at"] | undefined {
  const instant = instantOf(value);
  return instant === undefined || instant.epochMilliseconds <= 0 ? undefined : instant;
}

function titleOf(labels: Labels, notes: Labels, cause: string | undefined): string {
  const summary = firstText(notes["summary"], notes["title"]);
  if (summary !== undefined) return summary;
  const what = causeOf(labels, cause) ?? "An alert without a name";
  const where = firstText(labels["instance"], labels["pod"], labels["host"]);
  return where === undefined ? what : `${what} on ${where}`;
}

/** Grafana calls every rule without data, or whose query fails, the same: then the rule is the cause. */
function causeOf(labels: Labels, cause: string | undefined): string | undefined {
  const rule = textOf(labels["rulename"]);
  return rule !== undefined && /^Datasource(NoData|Error)$/.test(cause ?? "") ? `${cause}: ${rule}` : cause;
}

/** What the sender left out is not known here: whoever reads the first alert has to know that there is more. */
function tellTruncated(signals: readonly Signal[], count: unknown, vendor: string): readonly Signal[] {
  const left = typeof count === "number" && Number.isFinite(count) ? Math.floor(count) : 0;
  const [first, ...others] = signals;
  if (left <= 0 || first === undefined) return signals;
  const more = `${left} more ${left === 1 ? "alert" : "alerts"} of this group ${left === 1 ? "was" : "were"} left out by ${vendor} (max_alerts): look there`;
  const error = first.error === undefined ? more : `${more}\n${first.error}`;
  return [{ ...first, error, tags: { ...first.tags, [`${vendor}.left_out`]: String(left) } }, ...others];
}
