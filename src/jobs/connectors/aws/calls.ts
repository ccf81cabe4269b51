import { ConnectorError } from "../contract.ts";
import { createWords, type Words } from "../vendor/words.ts";
import type { AwsSettings } from "./settings.ts";

/** Calls through the SDK, one attempt each: whether to try again is the run's decision. */
export interface AwsCalls {
  /** A call without effect: no answer at all is `unavailable`, one that cannot be read is `UnreadableAnswer`. */
  read<T>(call: () => Promise<T>): Promise<T>;
  /** A call that may have an effect: no answer is `ambiguous` unless it certainly was not sent. */
  act<T>(call: () => Promise<T>): Promise<T>;
  readonly words: Words;
}

/** It answered, and the answer tells nothing. */
export class UnreadableAnswer extends ConnectorError {
  constructor(message: string, cause: unknown) {
    super("unavailable", message, { cause });
  }
}

export function clientConfig(settings: AwsSettings) {
  const { region, endpoint, credentials, timeoutMs } = settings;
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: credentials.accessKeyId,
            secretAccessKey: credentials.secretAccessKey,
            ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken }),
          },
        }),
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      throwOnRequestTimeout: true,
    },
  };
}

export function createAwsCalls(
  settings: AwsSettings,
  parts: { target: string; redact: (text: string) => string },
): AwsCalls {
  const { target } = parts;
  const { accessKeyId, secretAccessKey, sessionToken } = settings.credentials ?? {};
  const words = createWords([accessKeyId, secretAccessKey, sessionToken], parts.redact);
  const call = async <T>(work: () => Promise<T>, effect: "none" | "possible"): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ConnectorError) throw error;
      // The SDK has learned from the refusal how far this machine's clock is off: the next call is signed rightly.
      if (fieldsOf(error).clockSkewCorrected) {
        return work().catch((again: unknown) => {
          throw errorOf(again, { target, words, effect });
        });
      }
      throw errorOf(error, { target, words, effect });
    }
  };
  return { words, read: (work) => call(work, "none"), act: (work) => call(work, "possible") };
}

const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);
const THROTTLED = /^(Throttl|TooManyRequests|RequestLimitExceeded|RequestThrottled|SlowDown|BandwidthLimitExceeded)/;
const NOT_LET_IN =
  /^(AccessDenied|UnrecognizedClient|InvalidClientTokenId|ExpiredToken|InvalidSignature|SignatureDoesNotMatch|MissingAuthenticationToken|IncompleteSignature|InvalidAccessKeyId|NotAuthorized|OptInRequired|CredentialsProviderError|RequestExpired|UnauthorizedOperation)/;
const NOT_THERE = /^(ClusterNotFound|ResourceNotFound|QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue)/;

function errorOf(
  error: unknown,
  { target, words, effect }: { target: string; words: Words; effect: "none" | "possible" },
): ConnectorError {
  if (!(error instanceof Error)) throw error;
  const { status, code, throttling, afterMs, queryCode } = fieldsOf(error);
  const name = queryCode ?? error.name;
  const said = `${target} answered ${name} (${words.quote(error.message)})`;
  if (NOT_LET_IN.test(name)) return new ConnectorError("auth", `${said}: it does not let Nightdesk do this`);
  if (status === undefined) {
    // Neither an answer nor a network's failure: that is a defect, here or in the SDK.
    if (code === undefined && error.name !== "TimeoutError" && error.name !== "AbortError") throw error;
    const kind = effect === "possible" && !NEVER_SENT.has(code ?? "") ? "ambiguous" : "unavailable";
    return new ConnectorError(kind, `${target} did not answer (${words.quote(error.message)})`, { cause: error });
  }
  if (throttling || status === 429 || THROTTLED.test(name) || (status === 503 && afterMs !== undefined)) {
    return new ConnectorError("retryable", said, { afterMs: afterMs ?? 5_000, cause: error });
  }
  if (status === 401 || status === 403)
    return new ConnectorError("auth", `${said}: it does not let Nightdesk do this`, { cause: error });
  if (status >= 500) {
    return new ConnectorError(effect === "possible" ? "ambiguous" : "unavailable", said, { cause: error });
  }
  if (status < 300) {
    const unreadable = `${target} answered something that cannot be read`;
    return effect === "possible"
      ? new ConnectorError("ambiguous", unreadable, { cause: error })
      : new UnreadableAnswer(unreadable, error);
  }
  return new ConnectorError(NOT_THERE.test(name) ? "not_found" : "invalid", said, { cause: error });
}

/** What the SDK hangs on its errors, as far as it is there. */
function fieldsOf(error: unknown) {
  const of = (value: unknown, key: string): unknown =>
    typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  const metadata = of(error, "$metadata");
  const status = of(metadata, "httpStatusCode");
  const code = of(error, "code");
  const wait = Number(of(of(of(error, "$response"), "headers"), "retry-after") ?? Number.NaN);
  const queryCode = of(of(error, "Error"), "Code");
  return {
    status: typeof status === "number" ? status : undefined,
    code: typeof code === "string" ? code : undefined,
    throttling: of(of(error, "$retryable"), "throttling") === true,
    clockSkewCorrected: of(metadata, "clockSkewCorrected") === true,
    afterMs: Number.isFinite(wait) && wait >= 0 ? Math.min(wait, 3_600) * 1_000 : undefined,
    queryCode: typeof queryCode === "string" ? queryCode : undefined,
  };
}
