import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  WebClient,
  type WebClientOptions,
} from "@slack/web-api";
import { messageOf } from "../base/errors.ts";
import { HttpFailure } from "../base/http.ts";
import type { Logger } from "../base/log.ts";
import { quietLogger } from "./logger.ts";

/** A call that takes longer is given up; whether it had its effect is then not known. */
export const CALL_TIMEOUT_MS = 10_000;

/** What became of a call, so that every caller has to think of each. */
export type Called =
  | { readonly kind: "ok"; readonly data: Readonly<Record<string, unknown>> }
  /** Slack understood and said no: it had no effect. `error` is Slack's stable code. */
  | { readonly kind: "refused"; readonly error: string; readonly detail: string }
  | { readonly kind: "limited"; readonly retryAfterMs: number }
  /** No usable answer. `sent` false: it certainly had no effect; true: it may have had it. */
  | { readonly kind: "unavailable"; readonly sent: boolean; readonly timedOut: boolean; readonly detail: string };

export interface SlackApi {
  /** One call, no retry, no waiting: whoever asks decides when to come back. Never throws for what Slack does. */
  call(method: string, args: Readonly<Record<string, unknown>>): Promise<Called>;
  /** Uploads bytes as a file. */
  readonly client: WebClient;
}

export function createSlackApi(options: { token: string; slackApiUrl: string | undefined; log: Logger }): SlackApi {
  const client = new WebClient(options.token, clientOptions(options));
  return {
    client,
    call: async (method, args) => {
      try {
        const data = await client.apiCall(method, { ...args });
        return { kind: "ok", data: { ...data } };
      } catch (error) {
        return calledWrong(error);
      }
    },
  };
}

/** What Bolt and the client are given: a worker must never sleep inside the client. */
export function clientOptions(options: { slackApiUrl: string | undefined; log: Logger }): WebClientOptions {
  return {
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: CALL_TIMEOUT_MS,
    allowAbsoluteUrls: false,
    logger: quietLogger(options.log),
    ...(options.slackApiUrl === undefined ? {} : { slackApiUrl: options.slackApiUrl }),
  };
}

function calledWrong(error: unknown): Called {
  if (error instanceof WebAPIPlatformError) {
    const { error: code } = error.data;
    // Slack's own troubles, told with status 200.
    if (code === "internal_error" || code === "fatal_error" || code === "service_unavailable") {
      return { kind: "unavailable", sent: true, timedOut: false, detail: code };
    }
    if (code === "ratelimited" || code === "rate_limited") return { kind: "limited", retryAfterMs: 1_000 };
    return { kind: "refused", error: code, detail: (error.data.response_metadata?.messages ?? []).join("; ") };
  }
  if (error instanceof WebAPIRateLimitedError) {
    return { kind: "limited", retryAfterMs: Math.max(1, error.retryAfter) * 1_000 };
  }
  if (error instanceof WebAPIHTTPError) {
    // 503 is said by whoever stands before Slack's own machines: the call went no further.
    return { kind: "unavailable", sent: error.statusCode !== 503, timedOut: false, detail: `HTTP ${error.statusCode}` };
  }
  if (error instanceof WebAPIRequestError) {
    const { original } = error;
    const code = codeOf(original);
    return {
      kind: "unavailable",
      sent: !NEVER_SENT.has(code ?? ""),
      timedOut: original.name === "TimeoutError",
      detail: code ?? original.message,
    };
  }
  return { kind: "unavailable", sent: true, timedOut: false, detail: messageOf(error) };
}

const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

function codeOf(error: Error): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return at.code;
    if (at instanceof AggregateError)
      return at.errors
        .map((one: unknown) => (one instanceof Error ? codeOf(one) : undefined))
        .find((code) => code !== undefined);
  }
  return undefined;
}

/** What became of a call by `base/http.ts` (response URLs), in the same words. */
export function calledByHttp(error: unknown): Called {
  if (error instanceof HttpFailure) {
    return { kind: "unavailable", sent: error.sent, timedOut: error.timedOut, detail: error.message };
  }
  return { kind: "unavailable", sent: true, timedOut: false, detail: messageOf(error) };
}

/** A string of a call's data, or undefined. */
export function stringOf(data: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = data[key];
  return typeof value === "string" ? value : undefined;
}

/** An object of a call's data, or undefined. */
export function recordOf(
  data: Readonly<Record<string, unknown>>,
  key: string,
): Readonly<Record<string, unknown>> | undefined {
  return asRecord(data[key]);
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

/** The objects of a list in a call's data. */
export function listOf(data: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>>[] {
  const value = data[key];
  return Array.isArray(value) ? value.map((one: unknown) => asRecord(one)).filter((one) => one !== undefined) : [];
}

/** Where the next page begins; undefined when this was the last. */
export function nextCursor(data: Readonly<Record<string, unknown>>): string | undefined {
  const cursor = stringOf(recordOf(data, "response_metadata") ?? {}, "next_cursor");
  return cursor === "" ? undefined : cursor;
}
