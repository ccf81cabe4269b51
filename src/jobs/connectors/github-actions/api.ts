import type { Octokit } from "@octokit/core";
import { RequestError } from "@octokit/request-error";
import type { Clock } from "../../../base/clock.ts";
import { ConnectorError } from "../contract.ts";
import { createWords, type Words } from "../vendor/words.ts";
import type { GithubActionsSettings } from "./settings.ts";

export interface Reply {
  readonly status: number;
  /** As it came: read it with a schema. */
  readonly data: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}
type Parameters = Readonly<Record<string, unknown>>;

/** Calls to one repository's API, one attempt each. Routes are written as in GitHub's reference, after the repository. */
export interface Api {
  /** A call without effect: no answer at all is `unavailable`. */
  read(route: string, parameters?: Parameters): Promise<Reply>;
  /** A call that may have an effect: no answer is `ambiguous` unless it certainly was not sent. */
  act(route: string, parameters?: Parameters): Promise<Reply>;
  readonly words: Words;
}

export function createApi(
  settings: GithubActionsSettings,
  parts: { target: string; clock: Clock; redact: (text: string) => string },
): Api {
  const words = createWords([settings.token], parts.redact);
  const [owner = "", repo = ""] = settings.repository.split("/");
  let made: Promise<Octokit> | undefined;
  const octokit = () => {
    made ??= import("@octokit/core").then(
      (sdk) => new sdk.Octokit({ baseUrl: settings.url, auth: settings.token, userAgent: "nightdesk", log: SILENT }),
    );
    return made;
  };
  const call = async (route: string, parameters: Parameters, effect: "none" | "possible"): Promise<Reply> => {
    const [method = "GET", path = ""] = route.split(" ");
    const client = await octokit();
    try {
      const reply = await client.request(`${method} /repos/{owner}/{repo}${path}`, {
        owner,
        repo,
        ...parameters,
        // A redirect is not followed with the token; where one is expected, its reader goes there without.
        request: { signal: AbortSignal.timeout(settings.timeoutMs), redirect: "manual" },
      });
      return { status: reply.status, data: reply.data, headers: reply.headers };
    } catch (error) {
      throw errorOf(error, { ...parts, words, effect });
    }
  };
  return {
    words,
    read: (route, parameters = {}) => call(route, parameters, "none"),
    act: (route, parameters = {}) => call(route, parameters, "possible"),
  };
}

const nothing = () => {};
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

/** The status of GitHub's answer that became this error; null when none came. */
export const statusOf = (error: unknown): number | null =>
  error instanceof ConnectorError && error.cause instanceof RequestError && error.cause.response !== undefined
    ? error.cause.status
    : null;

function errorOf(
  error: unknown,
  about: { target: string; clock: Clock; words: Words; effect: "none" | "possible" },
): ConnectorError {
  const { target, words, effect } = about;
  if (!(error instanceof RequestError)) throw error;
  const { response, status } = error;
  if (response === undefined) {
    const kind = effect === "possible" && !NEVER_SENT.has(codeOf(error) ?? "") ? "ambiguous" : "unavailable";
    return new ConnectorError(kind, `${target} did not answer (${words.quote(error.message)})`, { cause: error });
  }
  const said = `${target} answered ${status} (${words.quote(error.message)})`;
  const afterMs = waitOf(response.headers, about.clock);
  const limited = response.headers["x-ratelimit-remaining"] === "0" || response.headers["retry-after"] !== undefined;
  if (status === 429 || (limited && (status === 403 || status === 503))) {
    return new ConnectorError("retryable", said, { afterMs: afterMs ?? 60_000, cause: error });
  }
  if (status === 401 || status === 403) {
    return new ConnectorError("auth", `${said}: it does not let Nightdesk's token do this`, { cause: error });
  }
  if (status === 404) return new ConnectorError("not_found", said, { cause: error });
  if (status === 409) return new ConnectorError("conflict", said, { cause: error });
  if (status >= 500 || status === 408) {
    return new ConnectorError(effect === "possible" ? "ambiguous" : "unavailable", said, { cause: error });
  }
  return new ConnectorError("invalid", said, { cause: error });
}

/** By Retry-After in seconds, or by the second at which the rate limit begins anew. */
function waitOf(headers: Readonly<Record<string, unknown>>, clock: Clock): number | undefined {
  const after = headers["retry-after"] === undefined ? Number.NaN : Number(headers["retry-after"]) * 1_000;
  const reset = headers["x-ratelimit-reset"];
  const untilReset = reset === undefined ? Number.NaN : Number(reset) * 1_000 - clock.machineNow().epochMilliseconds;
  const wait = [after, untilReset].find((ms) => Number.isFinite(ms) && ms >= 0);
  return wait === undefined ? undefined : Math.min(wait, 3_600_000);
}

/** The system's code of a failed connection, wherever `fetch` has put it. */
function codeOf(error: unknown, depth = 4): string | undefined {
  if (typeof error !== "object" || error === null || depth === 0) return undefined;
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "string" ? code : codeOf(Reflect.get(error, "cause"), depth - 1);
}
