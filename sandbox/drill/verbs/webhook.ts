import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { field } from "../find.ts";
import type { Verbs } from "../language.ts";
import { isSenderKind, type SenderKind, senderOf } from "./senders.ts";

type Webhook = Verbs["webhook"];

/** What a webhook is sent with: the catalogue with its secrets, and where the drill's file is. */
export interface Sending {
  readonly url: string;
  readonly catalogue: Readonly<Record<string, unknown>>;
  readonly file: string;
}

interface Prepared {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends it as often as told. Returns what was sent, in words; throws when an answer was not the one expected. */
export async function sendWebhook(webhook: Webhook, sending: Sending): Promise<string> {
  const source = sourceOf(webhook, sending.catalogue);
  const expected = webhook.status ?? usualStatus(webhook, source);
  const copies = webhook.each.length > 0;
  const body = bodyOf(webhook, sending.file);
  const same = copies ? null : prepare(webhook, source, body);
  const answers = new Map<string, number>();
  let next = 0;
  const startedAt = Date.now();
  const worker = async () => {
    for (let index = next++; index < webhook.repeat; index = next++) {
      const dueAt = startedAt + (webhook.over * index) / webhook.repeat;
      if (dueAt > Date.now()) await new Promise((done) => setTimeout(done, dueAt - Date.now()));
      const request = same ?? prepare(webhook, source, withValues(body, webhook.each, index));
      const answer = await send(sending.url, request);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(webhook.concurrency, webhook.repeat) }, worker));
  const said = [...answers]
    .map(([answer, count]) => (webhook.repeat === 1 ? answer : `${answer} ×${count}`))
    .join(", ");
  const what = `${webhook.source}${webhook.event === undefined ? "" : ` ${webhook.event}`}`;
  const right = [...answers.keys()].every((answer) => statusOf(answer) === expected);
  if (!right) throw new Error(`${what}: expected ${expected}, was answered ${said}`);
  return `${what}: ${said}`;
}

interface SourceEntry {
  readonly name: string;
  readonly kind: SenderKind;
  readonly entry: unknown;
  readonly secret: string;
  /** The secret is part of the URL. */
  readonly inPath: boolean;
}

function sourceOf(webhook: Webhook, catalogue: Readonly<Record<string, unknown>>): SourceEntry {
  const sources = catalogue["sources"];
  const entry = field(sources, webhook.source);
  if (entry === undefined) {
    const known = Object.keys(typeof sources === "object" ? (sources ?? {}) : {}).join(", ") || "none";
    // A sender that nobody knows is a case worth playing: unsigned, and answered 404.
    if (webhook.signed === false) return { name: webhook.source, kind: "generic", entry, secret: "", inPath: false };
    throw new Error(`the catalogue has no source "${webhook.source}"; it has ${known}`);
  }
  const kind = field(entry, "kind");
  if (!isSenderKind(kind)) throw new Error(`webhooks of the kind "${String(kind)}" are not built yet`);
  const secret = field(entry, "secret");
  return {
    name: webhook.source,
    kind,
    entry,
    secret: typeof secret === "string" ? secret : "",
    inPath: senderOf(kind).inPath(entry),
  };
}

function usualStatus(webhook: Webhook, source: SourceEntry): number {
  if (source.secret === "" && webhook.signed === false) return 404;
  if (webhook.signed === false || webhook.signed === "wrong") return 401;
  return webhook.ping === undefined ? 202 : 200;
}

function bodyOf(webhook: Webhook, file: string): unknown {
  if (webhook.file === undefined) return webhook.body;
  const path = resolve(dirname(file), webhook.file);
  const text = readFileSync(path, "utf8");
  return webhook.each.length > 0 ? (JSON.parse(text) as unknown) : text;
}

function prepare(webhook: Webhook, source: SourceEntry, body: unknown): Prepared {
  if (webhook.ping !== undefined) return ping(webhook, source);
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  const secret = webhook.signed === "wrong" ? randomBytes(16).toString("hex") : source.secret;
  const inPath = source.inPath && webhook.signed !== false ? `/${encodeURIComponent(secret)}` : "";
  const call = { body: text, secret, event: webhook.event, entry: source.entry };
  const sender = senderOf(source.kind);
  const proof = webhook.signed === false || source.inPath ? {} : sender.proof(call);
  return {
    method: "POST",
    path: `/hooks/${webhook.source}${inPath}${webhook.path ?? ""}`,
    headers: {
      "content-type": "application/json",
      ...sender.identity(call),
      ...proof,
      ...webhook.headers,
    },
    body: text,
  };
}

function ping(webhook: Webhook, source: SourceEntry): Prepared {
  const secret = webhook.signed === "wrong" || webhook.signed === false ? "not-the-secret" : source.secret;
  const parts = [secret, webhook.job ?? "", webhook.environment ?? ""].map(encodeURIComponent).join("/");
  const what = webhook.ping === "success" ? "" : `/${webhook.ping}`;
  const rid = webhook.rid === undefined ? "" : `?rid=${encodeURIComponent(webhook.rid)}`;
  const body = typeof webhook.body === "string" ? webhook.body : "";
  return { method: "POST", path: `/hooks/ping/${parts}${what}${rid}`, headers: webhook.headers, body };
}

/** A copy with the values of the n-th delivery. A count becomes text where text was. */
export function withValues(body: unknown, each: Webhook["each"], index: number): unknown {
  const copy: unknown = structuredClone(body);
  for (const { path, from, in: values } of each) {
    const value: unknown = values === undefined ? (from ?? 0) + index : values[index % values.length];
    setAt(copy, path.split("."), (old) =>
      typeof old === "string" && typeof value === "number" ? String(value) : value,
    );
  }
  return copy;
}

function setAt(target: unknown, path: readonly string[], change: (old: unknown) => unknown): void {
  const [key = "", ...rest] = path;
  if (typeof target !== "object" || target === null) throw new Error(`the body has nothing at "${path.join(".")}"`);
  if (rest.length > 0) setAt(field(target, key), rest, change);
  else Object.assign(target, { [key]: change(field(target, key)) });
}

async function send(url: string, request: Prepared): Promise<string> {
  try {
    const response = await fetch(url + request.path, {
      method: request.method,
      headers: request.headers,
      body: request.body,
      signal: AbortSignal.timeout(30_000),
    });
    const said = (await response.text()).trim().slice(0, 120);
    return response.status < 300 ? String(response.status) : `${response.status} ${said}`.trim();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
    return `no answer (${cause || String(error)})`;
  }
}

function statusOf(answer: string): number {
  return Number(/^\d{3}/.exec(answer)?.[0] ?? 0);
}
