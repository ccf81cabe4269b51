import { createHmac, randomUUID } from "node:crypto";
import { field } from "../find.ts";

/** One call as its vendor's server would make it. */
export interface Call {
  readonly body: string;
  readonly secret: string;
  readonly event: string | undefined;
  /** The source's entry in the catalogue. */
  readonly entry: unknown;
}

type Headers = Readonly<Record<string, string>>;

/** How one kind of sender proves itself, and what else it sends along. A secret in the path is a proof of its own. */
interface Sender {
  readonly inPath: (entry: unknown) => boolean;
  readonly proof: (call: Call) => Headers;
  readonly identity: (call: Pick<Call, "body" | "event">) => Headers;
}

const hmac = (secret: string, text: string): string => createHmac("sha256", secret).update(text).digest("hex");
const seconds = (): string => String(Math.floor(Date.now() / 1000));
const says = (entry: unknown, key: string): string | undefined => {
  const value = field(entry, key);
  return typeof value === "string" ? value : undefined;
};

const never = () => false;
const asked = (entry: unknown) => field(entry, "auth") === "path";
const none = () => ({});

/** By the `kind:` of the catalogue's source. */
export const SENDERS = {
  sentry: {
    inPath: never,
    proof: ({ body, secret }) => ({ "sentry-hook-signature": hmac(secret, body) }),
    identity: ({ event }) => ({
      ...(event === undefined ? {} : { "sentry-hook-resource": event }),
      "sentry-hook-timestamp": seconds(),
      "request-id": randomUUID().replaceAll("-", ""),
    }),
  },
  job: {
    inPath: never,
    proof: ({ body, secret }) => {
      const at = seconds();
      return { "x-nightdesk-timestamp": at, "x-nightdesk-signature": `v0=${hmac(secret, `v0:${at}:${body}`)}` };
    },
    identity: none,
  },
  generic: { inPath: asked, proof: ({ body, secret }) => ({ "x-signature": hmac(secret, body) }), identity: none },
  deploy: { inPath: asked, proof: ({ body, secret }) => ({ "x-signature": hmac(secret, body) }), identity: none },
  github: {
    inPath: never,
    proof: ({ body, secret }) => ({ "x-hub-signature-256": `sha256=${hmac(secret, body)}` }),
    identity: ({ event }) => ({
      ...(event === undefined ? {} : { "x-github-event": event }),
      "x-github-delivery": randomUUID(),
      "user-agent": "GitHub-Hookshot/0000000",
    }),
  },
  alertmanager: {
    inPath: asked,
    proof: ({ secret, entry }) => {
      const basic = `Basic ${Buffer.from(`${says(entry, "user") ?? "nightdesk"}:${secret}`).toString("base64")}`;
      return { authorization: says(entry, "auth") === "basic" ? basic : `Bearer ${secret}` };
    },
    identity: none,
  },
  grafana: {
    inPath: asked,
    proof: ({ body, secret, entry }) => {
      const stamped = says(entry, "timestampHeader");
      const at = seconds();
      const name = says(entry, "signatureHeader") ?? "X-Grafana-Alerting-Signature";
      return stamped === undefined
        ? { [name]: hmac(secret, body) }
        : { [name]: hmac(secret, `${at}:${body}`), [stamped]: at };
    },
    identity: none,
  },
  aws: {
    inPath: asked,
    proof: none,
    identity: ({ event, body }) => {
      const said = (key: string) => says(parsed(body), key);
      const type = event ?? said("Type");
      const id = said("MessageId");
      return {
        "content-type": "text/plain; charset=UTF-8",
        ...(type === undefined ? {} : { "x-amz-sns-message-type": type }),
        ...(id === undefined ? {} : { "x-amz-sns-message-id": id }),
      };
    },
  },
} satisfies Readonly<Record<string, Sender>>;

export type SenderKind = keyof typeof SENDERS;

export const isSenderKind = (kind: unknown): kind is SenderKind =>
  typeof kind === "string" && Object.hasOwn(SENDERS, kind);

export const senderOf = (kind: SenderKind): Sender => SENDERS[kind];

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
