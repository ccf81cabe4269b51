import { z } from "zod";
import { SEVERITIES, SIGNAL_KINDS, type SignalKind } from "../../config/catalogue.ts";
import { checkJsonObject, instantOf, readJson, tagsOf, textOf, valueAt } from "../reading.ts";
import { checkPathSecret, isHmac, sha256 } from "../signatures.ts";
import type { DeliveryKey, Parsed, Signal, Source } from "./contract.ts";

const path = z.string().min(1);
const settings = z.strictObject({
  kind: z.literal("generic"),
  secret: z.string().min(1),
  /** `hmac-sha256`: header X-Signature, hex of the raw body; `path`: the secret is the last part of the URL. */
  auth: z.enum(["hmac-sha256", "path"]).default("hmac-sha256"),
  /** Where each field is: a path (`labels.env`, `items[0].name`), or `=…` for a constant. */
  map: z.strictObject({
    signal: path.default("=firing"),
    title: path,
    service: path.optional(),
    environment: path.optional(),
    job: path.optional(),
    cause: path.optional(),
    severity: path.optional(),
    error: path.optional(),
    url: path.optional(),
    rid: path.optional(),
    tags: path.optional(),
    id: path.optional(),
    at: path.optional(),
    each: path.optional(),
  }),
});
type Settings = z.output<typeof settings>;
type Paths = Settings["map"];

/** A hash can only keep repetitions out for a while: the same words may mean something new tomorrow. */
const REPEATED_WITHIN_MS = 10 * 60_000;

/** Any sender of JSON, described by paths in the catalogue. The source to copy from. */
export const generic: Source<Settings> = {
  kind: "generic",
  settings,
  verify: (request, { auth, secret }) => {
    if (request.method !== "POST" && request.method !== "PUT") return { ok: false, reason: "only POST and PUT" };
    if (auth === "path") return checkPathSecret(request, secret);
    const given = request.headers["x-signature"];
    if (given === undefined) return { ok: false, reason: "no signature" };
    return isHmac(given.replace(/^sha256=/i, ""), secret, [request.body])
      ? { ok: true }
      : { ok: false, reason: "bad signature" };
  },
  unsigned: ({ auth }) => (auth === "path" ? "this sender" : null),
  wellFormed: checkJsonObject,
  deliveryKey: (request, { map }) => keyOf(request.body.toString("utf8"), map),
  parse: (delivery, { map }) => {
    const elements = elementsOf(delivery.body, map);
    if (typeof elements === "string") return { kind: "refused", reason: elements };
    if (elements.length === 0) return { kind: "ignored", reason: `${map.each} is empty` };
    const signals: Signal[] = [];
    for (const element of elements) {
      const signal = signalOf(element, map, delivery.receivedAt);
      if (typeof signal === "string") return { kind: "refused", reason: signal };
      signals.push(signal);
    }
    return { kind: "signals", signals } satisfies Parsed;
  },
};

function elementsOf(body: string, map: Paths): readonly unknown[] | string {
  const root = readJson(body);
  if (root === undefined) return "the body is not JSON";
  if (map.each === undefined) return [root];
  const list = valueAt(root, map.each);
  return Array.isArray(list) ? list : `${map.each} is not a list`;
}

function signalOf(element: unknown, map: Paths, receivedAt: Signal["at"]): Signal | string {
  const read = (path: string | undefined) => textOf(raw(element, path));
  const kind = kindOf(read(map.signal));
  if (kind === undefined) return `signal is "${read(map.signal) ?? ""}", not one of ${SIGNAL_KINDS.join(", ")}`;
  const title = read(map.title);
  if (title === undefined) return `nothing at ${map.title} to be the title`;
  return {
    kind,
    title,
    at: instantOf(raw(element, map.at)) ?? receivedAt,
    service: read(map.service),
    environment: read(map.environment),
    job: read(map.job),
    cause: read(map.cause) ?? read(map.id),
    condition: read(map.id),
    severity: SEVERITIES.find((severity) => severity === read(map.severity)?.toLowerCase()),
    error: read(map.error),
    url: read(map.url),
    rid: read(map.rid),
    tags: map.tags === undefined ? undefined : tagsOf(raw(element, map.tags)),
  };
}

function raw(element: unknown, path: string | undefined): unknown {
  if (path === undefined) return undefined;
  return path.startsWith("=") ? path.slice(1) : valueAt(element, path);
}

/** What monitoring systems call the same things. */
const SYNONYMS: Readonly<Record<string, SignalKind>> = {
  alarm: "firing",
  alert: "firing",
  alerting: "firing",
  open: "firing",
  triggered: "firing",
  closed: "resolved",
  ok: "resolved",
  recovered: "resolved",
  failure: "failed",
  running: "started",
  succeeded: "finished",
  success: "finished",
};

function kindOf(word: string | undefined): SignalKind | undefined {
  const said = word?.toLowerCase();
  if (said === undefined) return undefined;
  return SIGNAL_KINDS.find((kind) => kind === said) ?? (Object.hasOwn(SYNONYMS, said) ? SYNONYMS[said] : undefined);
}

/** The sender's ids with what they say and when; without both, a hash of the body for a while. */
function keyOf(body: string, map: Paths): DeliveryKey {
  const elements = elementsOf(body, map);
  const named =
    typeof elements === "string" || elements.length === 0
      ? [[undefined]]
      : elements.map((element) => [map.id, map.at, map.signal].map((path) => textOf(raw(element, path))));
  return named.flat().every((part) => part !== undefined)
    ? { key: `ids:${sha256(JSON.stringify(named))}` }
    : { key: `body:${sha256(body)}`, forMs: REPEATED_WITHIN_MS };
}
