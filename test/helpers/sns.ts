import { createHash, sign } from "node:crypto";
import type { Clock } from "../../src/base/clock.ts";
import { canonical } from "../../src/intake/sources/aws/sns.ts";
import type { HookRequest } from "../../src/intake/sources/contract.ts";
import type { TestCertificate } from "./certificates.ts";

export const TOPIC = "arn:aws:sns:eu-west-2:111122223333:night-alarms";
export const CERTIFICATE_URL = "https://sns.eu-west-2.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem";

export interface SnsOver {
  readonly type?: "Notification" | "SubscriptionConfirmation" | "UnsubscribeConfirmation";
  readonly version?: "1" | "2";
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly path?: string;
}

/** A message of a topic as SNS would post it, signed by `by`; `over.fields` are in what is signed. */
export function snsRequest(
  message: unknown,
  by: { at: Clock; signer: TestCertificate },
  over: SnsOver = {},
): HookRequest {
  const type = over.type ?? "Notification";
  const version = over.version ?? "2";
  const text = typeof message === "string" ? message : JSON.stringify(message);
  const subscribing = {
    Token: "2336412f37",
    SubscribeURL: `https://sns.eu-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=2336412f37`,
  };
  const fields: Record<string, unknown> = {
    Type: type,
    MessageId: createHash("sha256").update(text).digest("hex").slice(0, 32),
    TopicArn: TOPIC,
    Message: text,
    Timestamp: by.at.machineNow().toString({ smallestUnit: "millisecond" }),
    SignatureVersion: version,
    SigningCertURL: CERTIFICATE_URL,
    ...(type === "Notification" ? { Subject: "An alarm" } : subscribing),
    ...over.fields,
  };
  const content = canonical({ type, fields }) ?? "";
  const signature = sign(version === "1" ? "sha1" : "sha256", Buffer.from(content), by.signer.key).toString("base64");
  return {
    method: "POST",
    path: over.path ?? "",
    query: {},
    headers: { "content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": type },
    body: Buffer.from(JSON.stringify({ ...fields, Signature: signature })),
    sender: "192.0.2.7",
  };
}
