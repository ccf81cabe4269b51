import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { type Http, HttpFailure, type HttpResponse } from "../base/http.ts";
import { type Fields, isFields, readJson, textOf } from "./reading.ts";

/** `api:` of a Sentry source. */
export const sentryApiSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  organization: z.string().min(1),
  token: z.string().min(1),
  /** Whether issues that no webhook told of are asked for, and which (Sentry's search). */
  catchUp: z.union([z.boolean(), z.strictObject({ query: z.string().min(1) })]).default(true),
});
export type SentryApi = z.output<typeof sentryApiSchema>;

/** The sources of the catalogue that have an API, by name. */
export function sentryApis(sources: Readonly<Record<string, unknown>>): ReadonlyMap<string, SentryApi> {
  const found = new Map<string, SentryApi>();
  for (const [name, source] of Object.entries(sources)) {
    const read = z.object({ kind: z.literal("sentry"), api: sentryApiSchema }).safeParse(source);
    if (read.success) found.set(name, read.data.api);
  }
  return found;
}

/**
 * Why Sentry did not do it. `auth`: the token is none · `scope`: the token may not · `gone`: there is no such thing ·
 * `refused`: it was understood and not wanted · `busy`: too many calls · `away`: no answer that says anything.
 */
export type SentryTrouble = "auth" | "scope" | "gone" | "refused" | "busy" | "away";

const ANSWERS = "Sentry answers ";

export class SentryError extends Error {
  override readonly name = "SentryError";
  readonly kind: SentryTrouble;
  /** How long it asks to be left alone. */
  readonly retryAfterMs: number | null;
  /** The message is Sentry's own answer. */
  readonly answered: boolean;

  constructor(kind: SentryTrouble, message: string, parts: { retryAfterMs?: number | null; cause?: unknown } = {}) {
    super(message, { cause: parts.cause });
    this.kind = kind;
    this.retryAfterMs = parts.retryAfterMs ?? null;
    this.answered = message.startsWith(ANSWERS);
  }
}

export interface Page {
  readonly items: readonly Fields[];
  /** Null: this was the last. */
  readonly next: string | null;
}

/** What is asked of one organisation. Every call throws `SentryError`. */
export interface SentryClient {
  /** Issues that a search finds, those seen last first. */
  issues(search: { query: string; cursor: string | null }): Promise<Page>;
  issue(id: string): Promise<Fields>;
  /** Events of an issue, newest first. */
  events(issue: string, cursor: string | null): Promise<Page>;
  oldestEvent(issue: string): Promise<Fields>;
  /** Changes one issue and returns it as it is then. */
  change(issue: string, to: Fields): Promise<Fields>;
  /** What the token may; null: Sentry does not say. */
  scopes(): Promise<readonly string[] | null>;
}

const CALL_MS = 10_000;
const PER_PAGE = 100;

export function sentryClient(parts: { readonly http: Http; readonly clock: Clock }, api: SentryApi): SentryClient {
  const { http, clock } = parts;

  async function call(method: "GET" | "PUT", path: string, body?: Fields): Promise<HttpResponse> {
    let answer: HttpResponse;
    try {
      answer = await http({
        method,
        url: new URL(path, api.url).href,
        headers: {
          authorization: `Bearer ${api.token}`,
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        timeoutMs: CALL_MS,
      });
    } catch (error) {
      const why = error instanceof HttpFailure ? error.message : messageOf(error);
      throw new SentryError("away", why, { cause: error });
    }
    if (answer.status < 200 || answer.status > 299) throw troubleOf(answer, clock);
    return answer;
  }

  const inOrganization = (path: string, query: Readonly<Record<string, string | null>> = {}) => {
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== null);
    const search = given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
    return `/api/0/organizations/${encodeURIComponent(api.organization)}${path}${search}`;
  };
  const ofIssue = (id: string) => `/issues/${encodeURIComponent(needId(id))}/`;
  const one = (answer: HttpResponse): Fields => {
    const body = readJson(answer.body);
    if (isFields(body)) return body;
    throw new SentryError("away", `Sentry answers ${answer.status} with something else than an object`);
  };
  const page = (answer: HttpResponse): Page => {
    const body = readJson(answer.body);
    if (!Array.isArray(body))
      throw new SentryError("away", `Sentry answers ${answer.status} with something else than a list`);
    return { items: body.filter(isFields), next: nextCursor(answer.headers.get("link")) };
  };

  return {
    issues: async ({ query, cursor }) =>
      page(await call("GET", inOrganization("/issues/", { query, sort: "date", limit: String(PER_PAGE), cursor }))),
    issue: async (id) => one(await call("GET", inOrganization(ofIssue(id)))),
    events: async (id, cursor) =>
      page(await call("GET", inOrganization(`${ofIssue(id)}events/`, { per_page: String(PER_PAGE), cursor }))),
    oldestEvent: async (id) => one(await call("GET", inOrganization(`${ofIssue(id)}events/oldest/`))),
    change: async (id, to) => one(await call("PUT", inOrganization(ofIssue(id)), to)),
    scopes: async () => {
      const auth = one(await call("GET", "/api/0/"))["auth"];
      const scopes = isFields(auth) ? auth["scopes"] : undefined;
      return Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === "string") : null;
    },
  };
}

/** Without an id Sentry's address means every issue there is. */
function needId(id: string): string {
  if (/^\d+$/.test(id)) return id;
  throw new SentryError("refused", `"${id}" is no id of an issue`);
}

/** Only the cursor is taken: the address stays the one that the catalogue names. Null: this was the last page. */
export function nextCursor(link: string | null): string | null {
  for (const part of (link ?? "").split(/,\s*(?=<)/)) {
    const field = (name: string) => new RegExp(`;\\s*${name}="([^"]*)"`).exec(part)?.[1];
    if (field("rel") === "next" && field("results") === "true") return field("cursor") ?? null;
  }
  return null;
}

function troubleOf(answer: HttpResponse, clock: Clock): SentryError {
  const { status } = answer;
  const body = readJson(answer.body);
  const detail = isFields(body) ? detailOf(body) : undefined;
  const message = `${ANSWERS}${status}${detail === undefined ? "" : `: ${detail.slice(0, 200)}`}`;
  const retryAfterMs = waitOf(answer.headers, clock.machineNow().epochMilliseconds);
  if (status === 401) return new SentryError("auth", message);
  if (status === 403) return new SentryError("scope", message);
  if (status === 404 || status === 410) return new SentryError("gone", message);
  if (status === 429) return new SentryError("busy", message, { retryAfterMs });
  if (status >= 500 || status < 400) return new SentryError("away", message, { retryAfterMs });
  return new SentryError("refused", message);
}

/** `{detail}`, `{detail: {message}}`, or `{field: [problem]}`. */
function detailOf(body: Fields): string | undefined {
  const detail = body["detail"];
  if (detail !== undefined) return isFields(detail) ? textOf(detail["message"]) : textOf(detail);
  const [first] = Object.entries(body);
  if (first === undefined) return undefined;
  const problem: unknown = Array.isArray(first[1]) ? first[1][0] : first[1];
  return textOf(problem) === undefined ? undefined : `${first[0]}: ${textOf(problem)}`;
}

/** `Retry-After` in seconds or as a date, else the second (of Unix time) at which Sentry's own limit ends. */
function waitOf(headers: Headers, nowMs: number): number | null {
  const after = headers.get("retry-after");
  if (after !== null) {
    const untilMs = /^\d+(\.\d+)?$/.test(after.trim()) ? nowMs + Number(after) * 1_000 : Date.parse(after);
    if (Number.isFinite(untilMs)) return Math.max(0, untilMs - nowMs);
  }
  const reset = Number(headers.get("x-sentry-rate-limit-reset") ?? Number.NaN);
  return Number.isFinite(reset) && reset > 0 ? Math.max(0, reset * 1_000 - nowMs) : null;
}
