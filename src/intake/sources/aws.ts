import { type Fields, isFields, readJson, textOf } from "../reading.ts";
import { checkSharedSecret, sha256 } from "../signatures.ts";
import { alarmOfEvent, alarmOfMessage, readAlarm } from "./aws/alarms.ts";
import { readDeployment, readServiceAction, readTask } from "./aws/ecs.ts";
import type { About } from "./aws/places.ts";
import { type AwsSettings, awsSettings } from "./aws/settings.ts";
import { claimOf, confirmationOf, envelopeOf, strangeTopic, subscriptionSignal } from "./aws/sns.ts";
import type { Delivery, DeliveryKey, Parsed, Source } from "./contract.ts";

/** Bodies without an id can only be told apart by what they say. */
const REPEATED_WITHIN_MS = 10 * 60_000;

/**
 * Amazon Web Services: topics of SNS, signed, with CloudWatch's alarms and EventBridge's events in them; and the same
 * events straight from an API destination, or by raw delivery, which cannot sign (`auth: path`).
 */
export const aws: Source<AwsSettings> = {
  kind: "aws",
  settings: awsSettings,
  verify: (request, settings, machineNow) => {
    if (request.method !== "POST" && request.method !== "PUT") return { ok: false, reason: "only POST and PUT" };
    const shared =
      settings.auth === "signature" ? null : checkSharedSecret(request, settings.secret ?? "", [settings.header]);
    if (shared?.ok === false) return shared;
    const envelope = envelopeOf(readJson(request.body.toString("utf8")));
    const path = shared?.path ?? "";
    // An envelope always has a signature, also where a secret was asked for: a subscription is confirmed by its word.
    if (envelope !== null) return claimOf(envelope, { settings, machineNow, path });
    return shared ?? { ok: false, reason: "no signed message of SNS" };
  },
  unsigned: ({ auth }) => (auth === "path" ? "an API destination, or raw delivery," : null),
  wellFormed: (request, settings) => {
    const body = readJson(request.body.toString("utf8"));
    if (!isFields(body)) return { ok: false, reason: "the body is not a JSON object" };
    const envelope = envelopeOf(body);
    const strange = envelope === null ? null : strangeTopic(envelope, settings);
    return strange === null ? { ok: true } : { ok: false, reason: strange };
  },
  resource: (request) => {
    const body = readJson(request.body.toString("utf8"));
    return envelopeOf(body)?.type ?? (isFields(body) ? (textOf(body["detail-type"]) ?? null) : null);
  },
  deliveryKey: (request) => keyOf(request.body.toString("utf8")),
  parse: (delivery, settings, catalogue) => {
    const body = readJson(delivery.body);
    if (!isFields(body)) return { kind: "refused", reason: "the body is not a JSON object" };
    const envelope = envelopeOf(body);
    if (envelope === null) return readMessage(body, { settings, catalogue, topic: null }, delivery);
    const strange = strangeTopic(envelope, settings);
    if (strange !== null) return { kind: "refused", reason: strange };
    switch (envelope.type) {
      case "SubscriptionConfirmation":
        return { kind: "confirm", reason: `the subscription to ${envelope.topic} is to be confirmed` };
      case "UnsubscribeConfirmation": {
        const reason = `${envelope.topic} no longer tells us: Nightdesk was unsubscribed from it. Subscribe its address again`;
        const signal = subscriptionSignal(envelope, { kind: "firing", at: delivery.receivedAt });
        return { kind: "refused", reason, signals: [signal] };
      }
      case "Notification": {
        const message = readJson(envelope.message);
        const about = { settings, catalogue, topic: envelope.topic };
        if (isFields(message)) return readMessage(message, about, delivery);
        return { kind: "ignored", reason: "a text that is neither an alarm nor an event" };
      }
    }
  },
  confirmation: confirmationOf,
};

function readMessage(message: Fields, about: About, { receivedAt }: Delivery): Parsed {
  const type = textOf(message["detail-type"]);
  switch (type) {
    case undefined:
      return message["AlarmName"] === undefined
        ? { kind: "ignored", reason: "neither an alarm of CloudWatch nor an event of EventBridge" }
        : readAlarm(alarmOfMessage(message), about, receivedAt);
    case "CloudWatch Alarm State Change":
      return readAlarm(alarmOfEvent(message), about, receivedAt);
    case "ECS Task State Change":
      return readTask(message, about, receivedAt);
    case "ECS Service Action":
      return readServiceAction(message, about, receivedAt);
    case "ECS Deployment State Change":
      return readDeployment(message, about, receivedAt);
    default:
      return { kind: "ignored", reason: `${type} concerns no incident` };
  }
}

/** An event is the same by whatever way, and however often, it comes; a message by its own id, which a retry keeps. */
function keyOf(text: string): DeliveryKey {
  const body = readJson(text);
  const envelope = envelopeOf(body);
  const message = envelope?.type === "Notification" ? readJson(envelope.message) : envelope === null ? body : null;
  const event = isFields(message) && message["detail-type"] !== undefined ? textOf(message["id"]) : undefined;
  if (event !== undefined) return { key: `event:${event.slice(0, 200)}` };
  if (envelope !== null) return { key: `message:${envelope.type}:${envelope.id.slice(0, 200)}` };
  return { key: `body:${sha256(text)}`, forMs: REPEATED_WITHIN_MS };
}
