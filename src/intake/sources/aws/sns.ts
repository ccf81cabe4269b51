import type { Instant } from "../../../base/clock.ts";
import { type Fields, instantOf, isFields, readJson, textOf } from "../../reading.ts";
import type { Confirmation, Delivery, Signal, Verification } from "../contract.ts";
import { isCertificateUrl, isSubscribeUrl, SIGNERS } from "./addresses.ts";
import type { AwsSettings } from "./settings.ts";

const TYPES = ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"] as const;

/** A message of SNS in its envelope. The type is the body's: the header of the same name is not signed. */
export interface Envelope {
  readonly type: (typeof TYPES)[number];
  readonly id: string;
  readonly topic: string;
  readonly message: string;
  readonly fields: Fields;
}

/** Null where the body is no envelope: raw delivery, or an event by itself. */
export function envelopeOf(body: unknown): Envelope | null {
  if (!isFields(body)) return null;
  const type = TYPES.find((known) => known === body["Type"]);
  const id = textOf(body["MessageId"]);
  const topic = textOf(body["TopicArn"]);
  const message = body["Message"];
  if (type === undefined || id === undefined || topic === undefined || typeof message !== "string") return null;
  return { type, id, topic, message, fields: body };
}

/** SNS tries for an hour; what is signed longer ago than this was kept back by somebody. Its id keeps out what came before. */
const OLDEST_S = 24 * 3_600;
const AHEAD_S = 300;
const HASHES: Readonly<Record<string, "sha1" | "sha256">> = { "1": "sha1", "2": "sha256" };

/** Refused, or a claim that the certificate has to settle. `path`: what of the request's path is kept. */
export function claimOf(
  envelope: Envelope,
  by: { settings: AwsSettings; machineNow: Instant; path: string },
): Verification {
  const { fields } = envelope;
  const refuse = (reason: string): Verification => ({ ok: false, reason });
  const version = textOf(fields["SignatureVersion"]) ?? "";
  const hash = Object.hasOwn(HASHES, version) ? HASHES[version] : undefined;
  if (hash === undefined) return refuse("a signature version that is neither 1 nor 2");
  const signature = textOf(fields["Signature"]);
  if (signature === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(signature)) return refuse("no signature");
  const certificateUrl = fields["SigningCertURL"] ?? fields["SigningCertUrl"];
  if (typeof certificateUrl !== "string" || !isCertificateUrl(certificateUrl, by.settings.signingHost))
    return refuse("the certificate's address is not Amazon's");
  const content = canonical(envelope);
  if (content === null) return refuse("a signed field is missing");
  const at = instantOf(fields["Timestamp"]);
  const ageS = at === undefined ? Number.NaN : (by.machineNow.epochMilliseconds - at.epochMilliseconds) / 1_000;
  if (!(ageS <= OLDEST_S && ageS >= -AHEAD_S)) return refuse("timestamp out of range");
  const issuedTo = by.settings.signingHost === undefined ? SIGNERS : null;
  const bytes = Buffer.from(signature, "base64");
  const claim = { certificateUrl, issuedTo, hash, content, signature: bytes, path: by.path };
  return { ok: false, reason: "not verified", claim };
}

const SIGNED = {
  Notification: ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
  SubscriptionConfirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
  UnsubscribeConfirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
} as const satisfies Record<Envelope["type"], readonly string[]>;

/** What SNS signs: names and values, a line each, of the fields that belong to the type. Null where one is missing. */
export function canonical({ type, fields }: Pick<Envelope, "type" | "fields">): string | null {
  let text = "";
  for (const name of SIGNED[type]) {
    const value = fields[name];
    if (name === "Subject" && (value === undefined || value === null)) continue;
    if (typeof value !== "string") return null;
    text += `${name}\n${value}\n`;
  }
  return text;
}

/** Why a genuine message is none of ours; null when its topic is in the catalogue. */
export function strangeTopic({ topic }: Envelope, { topics }: AwsSettings): string | null {
  if (topics.includes(topic)) return null;
  return `${topic} is not among this source's topics: add it there, then request the confirmation again (SNS, Subscriptions)`;
}

/** The last part of an ARN, as people call it. */
export const nameIn = (arn: string): string => arn.split(/[:/]/).at(-1) ?? arn;

export function confirmationOf(delivery: Delivery, settings: AwsSettings): Confirmation {
  const envelope = envelopeOf(readJson(delivery.body));
  if (envelope === null || envelope.type !== "SubscriptionConfirmation")
    return { ok: false, reason: "it is no confirmation of a subscription any more" };
  const strange = strangeTopic(envelope, settings);
  if (strange !== null) return { ok: false, reason: strange };
  const url = envelope.fields["SubscribeURL"];
  if (typeof url !== "string" || !isSubscribeUrl(url, envelope.topic, settings.signingHost))
    return { ok: false, reason: "its SubscribeURL is not Amazon's, or not of this topic: nothing was fetched" };
  const ends = subscriptionSignal(envelope, { kind: "resolved", at: delivery.receivedAt });
  return { ok: true, url, what: `the subscription to ${envelope.topic}`, ends };
}

/** That a topic tells us no more is an alert: its silence would look like peace. */
export function subscriptionSignal(
  { topic }: Pick<Envelope, "topic">,
  of: { kind: "firing" | "resolved"; at: Instant },
): Signal {
  const name = nameIn(topic);
  const gone = of.kind === "firing";
  return {
    ...of,
    title: gone ? `The topic ${name} no longer tells us` : `The topic ${name} tells us again`,
    cause: `subscription to ${name}`,
    condition: `subscription ${topic}`,
    error: gone
      ? `Nightdesk was unsubscribed from ${topic}. Subscribe its address again; it confirms by itself.`
      : undefined,
    tags: { "aws.topic": topic },
  };
}
