import { type Http, HttpFailure, type HttpResponse } from "../../../base/http.ts";
import { ConnectorError } from "../contract.ts";
import { fieldAt, jsonOf } from "./fields.ts";

/** Text of a target that is kept as evidence is cut to this: a stack trace tells nobody more. */
const EVIDENCE_CHARS = 300;

/** Calls to one target. */
export interface Exchange {
  /** A call without effect. Throws unless the answer is 2xx; no answer at all is `unavailable`. */
  read(path: string, headers?: HeaderMap): Promise<HttpResponse>;
  /** A call that may have an effect, whatever the answer. No answer is `ambiguous` unless it certainly was not sent. */
  act(method: string, path: string, body: string | null, headers?: HeaderMap): Promise<HttpResponse>;
  /** The typed error of an answer that is not 2xx. */
  errorOf(response: HttpResponse, effect: "none" | "possible"): ConnectorError;
  /** The target's words as evidence: short, on one line, without our own secrets. */
  quote(text: string): string;
  /** The same at full length and with its lines, for a log. */
  mask(text: string): string;
}

type HeaderMap = Readonly<Record<string, string>>;

export function createExchange(
  settings: { readonly url: string; readonly headers: HeaderMap; readonly timeoutMs: number },
  parts: { http: Http; target: string; redact: (text: string) => string },
): Exchange {
  const { target } = parts;
  const secrets = secretsOf(settings.headers);

  const hide = (text: string): string => secrets.reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), text);
  const mask = (text: string): string => parts.redact(hide(text));

  const quote = (text: string): string => {
    const kept = parts.redact(hide(text).replace(/\s+/g, " ").trim());
    return kept.length > EVIDENCE_CHARS ? `${kept.slice(0, EVIDENCE_CHARS)}…` : kept;
  };

  const call = async (method: string, path: string, body: string | null, more: HeaderMap = {}): Promise<HttpResponse> =>
    parts.http({
      method,
      url: urlOf(settings.url, path),
      headers: { accept: ACCEPTED, ...(body === null ? {} : JSON_BODY), ...more, ...settings.headers },
      ...(body === null ? {} : { body }),
      timeoutMs: settings.timeoutMs,
    });

  const errorOf = (response: HttpResponse, effect: "none" | "possible"): ConnectorError => {
    const { status } = response;
    const said = `${target} answered ${status}${words(response, quote)}`;
    const afterMs = retryAfterMs(response.headers.get("retry-after"));
    if (status === 401 || status === 403) {
      return new ConnectorError("auth", `${said}: it does not let Nightdesk's token do this`);
    }
    if (status === 404) return new ConnectorError("not_found", said);
    if (status === 409) return new ConnectorError("conflict", said);
    if (status === 429 || (status === 503 && afterMs !== null)) {
      return new ConnectorError("retryable", said, afterMs === null ? {} : { afterMs });
    }
    // What a gateway or a broken service answers says nothing about what happened behind it.
    if (status >= 500 || status === 408) {
      return new ConnectorError(effect === "possible" ? "ambiguous" : "unavailable", said);
    }
    if (status >= 300 && status < 400) {
      return new ConnectorError(
        "invalid",
        `${said}: a redirect, which is not followed (credentials); correct the target's url`,
      );
    }
    return new ConnectorError("invalid", said);
  };

  const failed = (error: unknown, effect: "none" | "possible"): ConnectorError => {
    if (!(error instanceof HttpFailure)) throw error;
    const kind = effect === "possible" && error.sent ? "ambiguous" : "unavailable";
    return new ConnectorError(kind, `${target} did not answer (${quote(error.message)})`, { cause: error });
  };

  return {
    quote,
    mask,
    errorOf,
    read: async (path, headers) => {
      const response = await call("GET", path, null, headers).catch((error: unknown) => {
        throw failed(error, "none");
      });
      if (response.status < 200 || response.status > 299) throw errorOf(response, "none");
      return response;
    },
    act: (method, path, body, headers) =>
      call(method, path, body, headers).catch((error: unknown) => {
        throw failed(error, "possible");
      }),
  };
}

const ACCEPTED = "application/json, text/plain";
const JSON_BODY = { "content-type": "application/json" };

/** The path is appended to the url's own, so that a target may live under a prefix; it cannot leave the host. */
function urlOf(base: string, path: string): string {
  return `${base.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;
}

/** Seconds, as targets write it; a date is rounded up to "a while". */
function retryAfterMs(header: string | null): number | null {
  if (header === null) return null;
  const seconds = Number(header);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 3_600) * 1_000 : 60_000;
}

/** `: Job not found` from the usual places of an error's text; nothing when the body says nothing short. */
function words(response: HttpResponse, quote: (text: string) => string): string {
  const document = jsonOf(response.body);
  const text = ["error.message", "error", "message", "detail"]
    .map((path) => fieldAt(document, path))
    .find((value) => typeof value === "string" && value !== "");
  return typeof text === "string" ? ` (${quote(text)})` : "";
}

/** Header values that must never be told on: whole, and without their scheme ("Bearer …"). */
function secretsOf(headers: Readonly<Record<string, string>>): string[] {
  return Object.values(headers)
    .flatMap((value) => [value, value.replace(/^\S+\s+/, "")])
    .filter((value) => value.length >= 6)
    .sort((a, b) => b.length - a.length);
}
