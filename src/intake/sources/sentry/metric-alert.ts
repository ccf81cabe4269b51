import { fieldsOf, firstText, instantOf, tagsOf, textOf } from "../../reading.ts";
import type { Parsed } from "../contract.ts";
import { ignored, listOf, refused, serviceOf, signals, type Told, webUrl } from "./told.ts";

/** `metric_alert`: a rule over a number of events. */
export function ofMetricAlert(told: Told): Parsed {
  const firing = told.action === "critical" || told.action === "warning" || told.action === "open";
  if (!firing && told.action !== "resolved") return ignored(told);
  const alert = fieldsOf(told.data, "metric_alert");
  const rule = fieldsOf(alert, "alert_rule");
  const id = textOf(alert["id"]);
  if (id === undefined) return refused("a metric alert without id");
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
    tags: tagsOf({ level: told.action, "sentry.metric_alert": id, "sentry.rule": rule["name"] }),
    url: webUrl(told.data["web_url"]),
  });
}
