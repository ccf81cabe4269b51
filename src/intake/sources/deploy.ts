import { z } from "zod";
import type { Catalogue } from "../../config/catalogue.ts";
import { namesOf } from "../../config/names.ts";
import { type Fields, instantOf, isFields, readJson, tagsOf, textOf } from "../reading.ts";
import { checkPathSecret, isHmac, sha256 } from "../signatures.ts";
import type { HookRequest, Parsed, Signal, Source } from "./contract.ts";

const settings = z.strictObject({
  kind: z.literal("deploy"),
  secret: z.string().min(1),
  /** `hmac-sha256`: header X-Signature, hex of the raw body; `path`: the secret is the last part of the URL. */
  auth: z.enum(["hmac-sha256", "path"]).default("hmac-sha256"),
});

const STATUSES = ["succeeded", "failed", "started"] as const;
type Status = (typeof STATUSES)[number];

interface Deployment {
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  readonly sha: string | undefined;
  readonly url: string | undefined;
  readonly at: Signal["at"] | undefined;
  readonly by: string | undefined;
  readonly status: Status;
  readonly id: string | undefined;
}

/** Without an id of its own a repetition is known by its words, and only for a while. */
const REPEATED_WITHIN_MS = 10 * 60_000;

/** What any pipeline can say of a deployment with one HTTP call. Strict: people write it, and a typo must not be lost. */
export const deploy: Source<z.output<typeof settings>> = {
  kind: "deploy",
  settings,
  verify: (request, { auth, secret }) => {
    if (request.method !== "POST") return { ok: false, reason: "only POST" };
    if (auth === "path") return checkPathSecret(request, secret);
    const given = request.headers["x-signature"];
    if (given === undefined) return { ok: false, reason: "no signature" };
    return isHmac(given.replace(/^sha256=/i, ""), secret, [request.body])
      ? { ok: true }
      : { ok: false, reason: "bad signature" };
  },
  unsigned: ({ auth }) => (auth === "path" ? "this sender" : null),
  wellFormed: (request) => {
    const read = readDeployment(request.body.toString("utf8"));
    return typeof read === "string" ? { ok: false, reason: read } : { ok: true };
  },
  deliveryKey: (request) => keyOf(request),
  parse: (delivery, _settings, catalogue) => {
    const read = readDeployment(delivery.body);
    return typeof read === "string" ? { kind: "refused", reason: read } : told(read, delivery.receivedAt, catalogue);
  },
};

function told(deployment: Deployment, receivedAt: Signal["at"], catalogue: Catalogue): Parsed {
  const { version, sha, status, id, by } = deployment;
  const names = namesOf(catalogue);
  const [service, environment] = [names.service(deployment.service), names.environment(deployment.environment)];
  const what = `${service} ${version}`;
  const common = {
    at: deployment.at ?? receivedAt,
    service,
    environment,
    cause: "deployment",
    condition: `deployment of ${service} to ${environment}`,
    rid: id,
    url: deployment.url,
    tags: tagsOf({
      "deploy.version": version,
      "deploy.sha": sha,
      "deploy.id": id,
      "deploy.status": status,
      "deploy.by": by,
    }),
  } satisfies Partial<Signal>;
  switch (status) {
    case "started":
      return signals({ ...common, kind: "started", title: `Deployment of ${what} to ${environment} started` });
    case "failed":
      return signals({ ...common, kind: "failed", title: `Deployment of ${what} to ${environment} failed` });
    case "succeeded":
      return signals(
        { ...common, kind: "resolved", title: `Deployment of ${what} to ${environment} succeeded` },
        { ...common, kind: "deployed", title: `${what} was deployed to ${environment}` },
      );
  }
}

const signals = (...all: readonly Signal[]): Parsed => ({ kind: "signals", signals: all });

const KEYS = ["service", "environment", "version", "sha", "url", "at", "by", "status", "id"] as const;
const MOST_CHARS = 200;

/** The deployment, or why it is none in words that tell whoever wrote the call what to change. */
function readDeployment(text: string): Deployment | string {
  const body = readJson(text);
  if (!isFields(body)) return "the body is not a JSON object";
  const unknown = Object.keys(body).find((key) => !KEYS.some((known) => known === key));
  if (unknown !== undefined) return `"${unknown.slice(0, 50)}" is not known: ${KEYS.join(", ")} are`;
  const wrong = KEYS.map((key) => wrongText(body, key)).find((reason) => reason !== null);
  if (wrong != null) return wrong;
  const [service, environment, version] = [body["service"], body["environment"], body["version"]].map(textOf);
  if (service === undefined || environment === undefined || version === undefined) {
    return "service, environment and version are needed";
  }
  const status = textOf(body["status"]) ?? "succeeded";
  const known = STATUSES.find((one) => one === status);
  if (known === undefined) return `status must be one of ${STATUSES.join(", ")}`;
  const at = given(body["at"]) ? instantOf(body["at"]) : undefined;
  if (given(body["at"]) && at === undefined) return "at must be a time like 2024-01-31T14:30:00Z";
  const url = textOf(body["url"]);
  if (url !== undefined && !/^https?:\/\/\S+$/.test(url)) return "url must begin with https:// or http://";
  const sha = textOf(body["sha"]);
  if (sha !== undefined && !/^[0-9a-f]{7,64}$/i.test(sha)) return "sha must be 7 to 64 characters of hex";
  return { service, environment, version, sha, url, at, by: textOf(body["by"]), status: known, id: textOf(body["id"]) };
}

const given = (value: unknown): boolean => value !== undefined && value !== null && value !== "";

/** Optional ones may be null, as a pipeline's empty variable often is. */
function wrongText(body: Fields, key: (typeof KEYS)[number]): string | null {
  const value = body[key];
  if (value === undefined || value === null) return null;
  if (typeof value !== "string" && typeof value !== "number") return `${key} must be text`;
  const most = key === "url" ? 1_000 : MOST_CHARS;
  return String(value).length > most ? `${key} must be at most ${most} characters` : null;
}

/** The sender's id with what it says; without one, a hash of the body for a while. */
function keyOf(request: HookRequest) {
  const text = request.body.toString("utf8");
  const read = readDeployment(text);
  if (typeof read === "string" || read.id === undefined) {
    return { key: `body:${sha256(text)}`, forMs: REPEATED_WITHIN_MS };
  }
  const { id, service, environment, version, status } = read;
  return { key: `id:${sha256(JSON.stringify([id, service, environment, version, status]))}` };
}
