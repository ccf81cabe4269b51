import { type Fields, fieldsOf, firstText, instantOf, isFields, tagsOf, textOf } from "../../reading.ts";
import type { Parsed, Signal } from "../contract.ts";
import { cronOf } from "./cron.ts";
import { listOf, refused, serviceOf, signals, type Told, tagged, webUrl } from "./told.ts";

/** `event_alert` and `error`: one event of an issue. `rule`: which rule of Sentry's told of it. */
export function ofEvent(event: Fields, told: Told, rule: string | undefined): Parsed {
  const metadata = fieldsOf(event, "metadata");
  const exception = lastException(event);
  const title = firstText(
    event["title"],
    metadata["title"],
    fieldsOf(event, "occurrence")["issueTitle"],
    event["message"],
    exception["type"],
  );
  if (title === undefined) return refused("an event without title");
  const tags = tagsOf(event["tags"]);
  const issue = issueIdOf(event);
  const projects = [
    event["project_slug"],
    slugIn(event["url"]),
    event["project"],
    tags["service"],
    event["project_name"],
    event["logger"],
  ];
  const plain: Signal = {
    kind: "firing",
    title,
    at: instantOf(event["datetime"]) ?? instantOf(event["timestamp"]) ?? told.delivery.receivedAt,
    service: serviceOf(projects, told.catalogue),
    environment: firstText(event["environment"], tags["environment"]),
    cause: firstText(metadata["type"], exception["type"], title),
    condition: issue === undefined ? undefined : `issue ${issue}`,
    error: firstText(metadata["value"], exception["value"], event["message"]),
    tags: tagged(
      {
        "sentry.issue": issue,
        "sentry.event": event["event_id"],
        "sentry.rule": rule,
        level: event["level"],
        logger: event["logger"],
      },
      tags,
    ),
    url: webUrl(event["web_url"]),
  };
  return signals(cronOf(plain, { issue: {}, event, tags, projects, ...told }) ?? plain);
}

/** The body of the old "WebHooks" plugin, which has the same event in another frame. */
export function ofLegacyPlugin(body: Fields, told: Told): Parsed {
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
