import { z } from "zod";
import { newId } from "../../base/ids.ts";
import type { Catalogue, SignalKind } from "../../config/catalogue.ts";
import { namesOf } from "../../config/names.ts";
import { countsOf, firstText, instantOf, isFields, readJson, tagsOf, textOf } from "../reading.ts";
import { checkPathSecret, checkTimestamp, decoded, isHmac, sha256 } from "../signatures.ts";
import type { DeliveryKey, HookRequest, Parsed, Signal, Source, Verdict } from "./contract.ts";

const settings = z.strictObject({ kind: z.literal("job"), secret: z.string().min(1) });

const PING = "/ping";
/** Of a ping's body only so much is looked at: it is the tail of somebody's log. */
const PING_BODY_CHARS = 10_000;

/**
 * What jobs say of themselves: signed messages (`POST /hooks/job`), and pings for those that can only fetch a URL
 * (`/hooks/ping/<secret>/<job>/<environment>[/start|/fail|/log|/<exit code>]?rid=`).
 */
export const job: Source<z.output<typeof settings>> = {
  kind: "job",
  settings,
  verify: (request, { secret }, machineNow) => {
    if (isPing(request)) {
      if (!["GET", "HEAD", "POST"].includes(request.method))
        return { ok: false, reason: "a ping is GET, HEAD or POST" };
      return checkPathSecret(request, secret, PING);
    }
    if (request.method !== "POST" || request.path !== "") return { ok: false, reason: "no signature" };
    const timestamp = request.headers["x-nightdesk-timestamp"];
    const given = request.headers["x-nightdesk-signature"];
    if (given === undefined) return { ok: false, reason: "no signature" };
    const fresh = checkTimestamp(timestamp, machineNow);
    if (!fresh.ok) return fresh;
    const signed = given.startsWith("v0=") && isHmac(given.slice(3), secret, [`v0:${timestamp}:`, request.body]);
    return signed ? { ok: true } : { ok: false, reason: "bad signature" };
  },
  unsigned: () => "a ping",
  wellFormed: (request) => {
    if (!isPing(request)) return verdictOf(readMessage(request.body.toString("utf8")));
    const secretless = request.path.slice(PING.length).replace(/^\/[^/]+/, "");
    return verdictOf(readPing(secretless));
  },
  resource: (request) => (isPing(request) ? "ping" : "message"),
  deliveryKey: (request) => (isPing(request) ? pingKey(request) : messageKey(request)),
  acceptedStatus: (request) => (isPing(request) ? 200 : 202),
  parse: (delivery, _settings, catalogue) => {
    if (delivery.resource === "ping") {
      const ping = readPing(delivery.request.path.slice(PING.length));
      if (!ping.ok) return { kind: "refused", reason: ping.reason };
      const tail = delivery.body.trim().slice(-PING_BODY_CHARS);
      const exit = ping.exitCode === undefined || ping.exitCode === "0" ? undefined : `exit code ${ping.exitCode}`;
      const error = ping.kind === "failed" ? (textOf(tail) ?? exit) : undefined;
      return one(catalogue, {
        ...ping,
        at: delivery.receivedAt,
        rid: textOf(delivery.request.query["rid"]),
        error,
        tags: tagsOf({ exit_code: ping.exitCode, ...placeTags(delivery.request.query) }),
      });
    }
    const message = readMessage(delivery.body);
    if (!message.ok) return { kind: "refused", reason: message.reason };
    return one(catalogue, { ...message, at: message.at ?? delivery.receivedAt });
  },
};

const isPing = (request: Pick<HookRequest, "path">): boolean => request.path.startsWith(`${PING}/`);
const verdictOf = (read: { ok: true } | { ok: false; reason: string }): Verdict => (read.ok ? { ok: true } : read);

type Said = Omit<Signal, "title" | "job" | "environment"> & { readonly job: string; readonly environment: string };

function one(catalogue: Catalogue, said: Said): Parsed {
  const { kind, at, environment, rid, error, tags, counts, url } = said;
  const signal: Signal = {
    kind,
    at,
    environment,
    rid,
    error,
    tags,
    counts,
    url,
    job: said.job,
    title: titleOf(catalogue, said),
  };
  return { kind: "signals", signals: [signal] };
}

const WORDS: Readonly<Record<SignalKind, string>> = {
  started: "started",
  progress: "reports progress",
  finished: "finished",
  failed: "failed",
  firing: "alerts",
  resolved: "is well again",
  deployed: "was deployed",
  noted: "has a note",
};

/** `Person search index failed`: the job as people call it. */
export function titleOf(catalogue: Catalogue, said: { readonly job: string; readonly kind: SignalKind }): string {
  const name = namesOf(catalogue).job(said.job);
  const title = Object.hasOwn(catalogue.jobs, name) ? catalogue.jobs[name]?.title : undefined;
  return `${title ?? name} ${WORDS[said.kind]}`;
}

const STATUSES = { started: "started", progress: "progress", succeeded: "finished", failed: "failed" } as const;
type Status = keyof typeof STATUSES;

const isStatus = (value: unknown): value is Status => typeof value === "string" && Object.hasOwn(STATUSES, value);

type Message = { readonly ok: true; readonly status: Status; readonly at: Signal["at"] | undefined } & Omit<Said, "at">;

function readMessage(text: string): Message | { readonly ok: false; readonly reason: string } {
  const body = readJson(text);
  if (!isFields(body)) return { ok: false, reason: "the body is not a JSON object" };
  // A follower that is no job is known by its monitor.
  const name = textOf(body["job"]) ?? textOf(body["monitor"]);
  const environment = textOf(body["environment"]);
  const status = body["status"];
  if (name === undefined || environment === undefined) return { ok: false, reason: "job and environment are needed" };
  if (!isStatus(status)) return { ok: false, reason: `status must be one of ${Object.keys(STATUSES).join(", ")}` };
  const error = isFields(body["error"])
    ? firstText(body["error"]["message"], body["error"]["type"])
    : textOf(body["error"]);
  const exitCode = textOf(body["exit_code"]);
  const fallback = status === "failed" && exitCode !== undefined ? `exit code ${exitCode}` : undefined;
  return {
    ok: true,
    status,
    kind: STATUSES[status],
    job: name,
    environment,
    rid: textOf(body["rid"]),
    at: instantOf(body["at"]),
    counts: countsOf(body["counts"]),
    error: error ?? fallback,
    url: textOf(body["log_url"]),
    tags: tagsOf({ exit_code: exitCode, entities: entitiesOf(body["entities"]), ...placeTags(body) }),
  };
}

/** Where a follower stands, as its job's message may say: an instant in its log, and what it calls that place. */
const placeTags = (said: Readonly<Record<string, unknown>>) => ({
  checkpoint: textOf(said["checkpoint"]),
  "checkpoint.position": textOf(said["position"]),
  "checkpoint.monitor": textOf(said["monitor"]),
});

function entitiesOf(value: unknown): string | undefined {
  if (Array.isArray(value))
    return firstText(
      value
        .map(textOf)
        .filter((id) => id !== undefined)
        .join(" "),
    );
  return isFields(value) ? JSON.stringify(value) : textOf(value);
}

type Ping = {
  readonly ok: true;
  readonly kind: SignalKind;
  readonly job: string;
  readonly environment: string;
  readonly exitCode?: string;
};

/** `/<job>/<environment>[/start|/fail|/log|/<0 to 255>]` */
function readPing(path: string): Ping | { readonly ok: false; readonly reason: string } {
  const [empty, name, environment, word, ...more] = path.split("/").map(decoded);
  if (empty !== "" || !name || !environment || more.length > 0) {
    return { ok: false, reason: "a ping is /<job>/<environment>, with /start, /fail, /log or an exit code after it" };
  }
  const ping = { ok: true, job: name, environment } as const;
  if (word === undefined || word === "") return { ...ping, kind: "finished" };
  if (word === "start") return { ...ping, kind: "started" };
  if (word === "fail") return { ...ping, kind: "failed" };
  if (word === "log") return { ...ping, kind: "progress" };
  if (/^\d{1,3}$/.test(word) && Number(word) <= 255) {
    return { ...ping, kind: Number(word) === 0 ? "finished" : "failed", exitCode: String(Number(word)) };
  }
  return { ok: false, reason: `"${word}" is none of start, fail, log or an exit code from 0 to 255` };
}

/** Without a `rid` nothing tells two pings apart, so each is new. A log line is new whenever it says something else. */
function pingKey(request: HookRequest): DeliveryKey {
  const rid = textOf(request.query["rid"]);
  if (rid === undefined) return { key: `ping:${newId()}` };
  const path = request.path
    .slice(PING.length)
    .replace(/^\/[^/]+/, "")
    .replace(/\/+$/, "");
  const place = textOf(request.query["checkpoint"]) ?? "";
  const said = path.endsWith("/log") ? `:${place}${sha256(request.body)}` : place;
  return { key: sha256(`ping:${path}:${rid}${said}`) };
}

function messageKey(request: HookRequest): DeliveryKey {
  const message = readMessage(request.body.toString("utf8"));
  const signed = `${request.headers["x-nightdesk-timestamp"] ?? ""}:`;
  if (!message.ok || message.rid === undefined) return { key: `message:${sha256(signed + sha256(request.body))}` };
  const said = message.status === "progress" ? sha256(request.body) : "";
  return { key: sha256(JSON.stringify([message.job, message.environment, message.rid, message.status, said])) };
}
