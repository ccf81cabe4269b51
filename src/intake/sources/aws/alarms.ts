import type { Catalogue, SignalKind } from "../../../config/catalogue.ts";
import { namesOf } from "../../../config/names.ts";
import { type Fields, fieldsOf, firstText, instantOf, isFields, tagsOf, textOf } from "../../reading.ts";
import type { Parsed, Signal } from "../contract.ts";
import { type About, consoleUrl, partsOf, placeOf } from "./places.ts";

/** An alarm's change of state, whichever way it came. */
interface Change {
  readonly name: string;
  readonly arn: string | undefined;
  readonly state: string | undefined;
  readonly reason: string | undefined;
  readonly description: string | undefined;
  readonly at: Signal["at"] | undefined;
  readonly account: string | undefined;
  readonly region: string | undefined;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly metric: string | undefined;
}

/** CloudWatch's own message to a topic. */
export function alarmOfMessage(message: Fields): Change | null {
  const name = textOf(message["AlarmName"]);
  const state = textOf(message["NewStateValue"]);
  if (name === undefined || state === undefined) return null;
  const trigger = fieldsOf(message, "Trigger");
  const arn = textOf(message["AlarmArn"]);
  const listed: unknown = trigger["Dimensions"];
  const dimensions = Array.isArray(listed) ? listed.filter(isFields) : [];
  return {
    name,
    arn,
    state,
    reason: textOf(message["NewStateReason"]),
    description: textOf(message["AlarmDescription"]),
    at: instantOf(message["StateChangeTime"]),
    account: firstText(message["AWSAccountId"], partsOf(arn).account),
    region: partsOf(arn).region,
    dimensions: tagsOf(dimensions.map((one) => [one["name"] ?? one["Name"], one["value"] ?? one["Value"]])),
    metric: metricName(trigger["Namespace"], trigger["MetricName"]),
  };
}

/** The same as an event of EventBridge. */
export function alarmOfEvent(event: Fields): Change | null {
  const detail = fieldsOf(event, "detail");
  const name = textOf(detail["alarmName"]);
  const state = fieldsOf(detail, "state");
  if (name === undefined) return null;
  const configuration = fieldsOf(detail, "configuration");
  const listed: unknown = configuration["metrics"];
  const metrics = (Array.isArray(listed) ? listed : []).map((one) => fieldsOf(fieldsOf(one, "metricStat"), "metric"));
  const resources: unknown = event["resources"];
  const [metric] = metrics.filter((one) => textOf(one["name"]) !== undefined);
  return {
    name,
    arn: Array.isArray(resources) ? textOf(resources[0]) : undefined,
    state: textOf(state["value"]),
    reason: textOf(state["reason"]),
    description: textOf(configuration["description"]),
    at: instantOf(state["timestamp"]) ?? instantOf(event["time"]),
    account: textOf(event["account"]),
    region: textOf(event["region"]),
    dimensions: Object.assign({}, ...metrics.toReversed().map((one) => tagsOf(one["dimensions"]))),
    metric: metricName(metric?.["namespace"], metric?.["name"]),
  };
}

/** ALARM fires, OK resolves; without data nothing is known, and that ends nothing. */
export function readAlarm(change: Change | null, about: About, receivedAt: Signal["at"]): Parsed {
  if (change === null) return { kind: "refused", reason: "an alarm without a name" };
  const kind = KINDS[change.state ?? ""];
  if (kind === undefined) {
    if (change.state === "INSUFFICIENT_DATA")
      return { kind: "ignored", reason: `${change.name} has no data: that begins and ends nothing` };
    return {
      kind: "refused",
      reason: `an alarm's state is "${change.state ?? ""}", not ALARM, OK or INSUFFICIENT_DATA`,
    };
  }
  const { name, dimensions, account, region } = change;
  const arn = change.arn ?? `alarm ${account ?? ""}:${region ?? ""}:${name}`;
  const service = serviceOf(change, about.catalogue);
  const values = Object.values(dimensions);
  const named = values.find((value) => namesOf(about.catalogue).keyOf("job", value) !== null);
  const job = named === undefined ? undefined : namesOf(about.catalogue).job(named);
  const signal: Signal = {
    kind,
    title: name,
    at: change.at ?? receivedAt,
    service,
    ...placeOf(about, [account, dimensions["ClusterName"], service, name], job),
    job,
    cause: name,
    condition: arn,
    error: [change.description, change.reason].filter((one) => one !== undefined).join("\n") || undefined,
    url: consoleUrl(region, `cloudwatch/home?region=${region}#alarmsV2:alarm/${encodeURIComponent(name)}`),
    tags: tagsOf({
      "aws.account": account,
      "aws.region": region,
      "aws.alarm": name,
      "aws.metric": change.metric,
      "aws.topic": about.topic,
      ...Object.fromEntries(Object.entries(dimensions).map(([key, value]) => [`dimension.${key}`, value])),
    }),
  };
  return { kind: "signals", signals: [signal] };
}

const KINDS: Readonly<Record<string, SignalKind | undefined>> = Object.assign(Object.create(null), {
  ALARM: "firing",
  OK: "resolved",
});

const SERVICE_DIMENSIONS = ["ServiceName", "FunctionName", "QueueName", "DBInstanceIdentifier", "DBClusterIdentifier"];

/** What the catalogue knows among the dimensions, or in the alarm's own name; else the dimension that names a service. */
function serviceOf({ name, dimensions }: Change, catalogue: Catalogue): string | undefined {
  const known = Object.values(dimensions).find((value) => namesOf(catalogue).keyOf("service", value) !== null);
  if (known !== undefined) return known;
  const declared = Object.entries(catalogue.services)
    .flatMap(([service, { aliases }]) => [service, ...aliases])
    .sort((a, b) => b.length - a.length);
  const inName = declared.find((service) => isPartOf(service.toLowerCase(), name.toLowerCase()));
  return (
    inName ?? SERVICE_DIMENSIONS.map((dimension) => textOf(dimensions[dimension])).find((one) => one !== undefined)
  );
}

/** As a word of its own: `tcs` is in `prod-tcs-cpu`, not in `artcstore`. */
function isPartOf(word: string, text: string): boolean {
  const at = text.indexOf(word);
  if (at < 0) return false;
  const isEdge = (char: string | undefined) => char === undefined || !/[a-z0-9]/.test(char);
  return isEdge(text[at - 1]) && isEdge(text[at + word.length]);
}

function metricName(namespace: unknown, metric: unknown): string | undefined {
  const parts = [textOf(namespace), textOf(metric)].filter((one) => one !== undefined);
  return parts.length === 0 ? undefined : parts.join(" ");
}
