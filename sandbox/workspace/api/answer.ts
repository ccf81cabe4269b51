import { setTimeout as sleep } from "node:timers/promises";
import type { Json } from "../contract.ts";
import type { Twin } from "../twin.ts";
import { ApiError, type Call, createArgs, type Method } from "./call.ts";
import { methods } from "./methods.ts";
import { createRates } from "./rates.ts";

/** What goes back to the caller; `cut`: nothing, the connection ends. */
export type Answer = { status: number; headers: Record<string, string>; body: Json | string } | "cut";

export interface Request {
  method: string;
  /** The bearer token, or the `token` argument. */
  token: string | undefined;
  args: Json;
}

const BLOCK_ERRORS: ReadonlySet<string> = new Set(["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"]);

/** The Web API: switches, token, rates, scopes and arguments, in Slack's order. */
export function createApi(twin: Twin): (request: Request) => Promise<Answer> {
  const { state } = twin;
  const rates = createRates(state);

  return async (request) => {
    const answer = handle(request);
    // What is slow is the answer: by then the work is done, whether or not the caller still waits.
    if (state.switches.slowMs > 0) await sleep(state.switches.slowMs);
    return answer;
  };

  function handle(request: Request): Answer {
    // A call that reaches nobody is no call.
    if (state.switches.outage) return { status: 503, headers: {}, body: "Service Unavailable" };
    const spec = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
    count(request.method);
    if (spec === undefined) return refused("unknown_method", { req_method: request.method });
    const badToken = tokenError(spec, request.token);
    if (badToken !== null) return refused(badToken);
    const args = createArgs(request.args);
    const retryAfter = rates.refuse(request.method, spec, args);
    if (retryAfter !== null) {
      state.counters.rateLimited += 1;
      return { status: 429, headers: { "retry-after": String(retryAfter) }, body: { ok: false, error: "ratelimited" } };
    }
    const call: Call = { method: request.method, args, twin, scope };
    const answer = run(spec, call);
    return answer !== "cut" && spec.writes === true && dropped(answer) ? "cut" : answer;
  }

  function count(method: string): void {
    if (method === "auth.test") return;
    state.counters.total += 1;
    state.counters.calls[method] = (state.counters.calls[method] ?? 0) + 1;
  }

  function tokenError(spec: Method, token: string | undefined): string | null {
    if (spec.token === "none") return null;
    if (token === undefined || token === "") return "not_authed";
    const { botToken, appToken } = state.options;
    if (token !== botToken && token !== appToken) return "invalid_auth";
    return token === (spec.token === "app" ? appToken : botToken) ? null : "not_allowed_token_type";
  }

  function scope(...anyOf: string[]): void {
    if (anyOf.some((one) => state.scopes.has(one))) return;
    throw new ApiError("missing_scope", { needed: anyOf.join(","), provided: [...state.scopes].join(",") });
  }

  function run(spec: Method, call: Call): Answer {
    try {
      for (const one of spec.scopes ?? []) scope(one);
      return ok(spec, { ok: true, ...spec.run(call) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (BLOCK_ERRORS.has(error.code)) state.counters.refusedBlocks += 1;
      if (error.code === "missing_scope") state.counters.missingScopes += 1;
      return ok(spec, { ok: false, error: error.code, ...error.extra });
    }
  }

  function refused(error: string, extra: Json = {}): Answer {
    return { status: 200, headers: {}, body: { ok: false, error, ...extra } };
  }

  function ok(spec: Method, body: Json): Answer {
    const headers = {
      "x-oauth-scopes": [...state.scopes].join(","),
      "x-accepted-oauth-scopes": (spec.scopes ?? []).join(","),
    };
    return { status: 200, headers, body };
  }

  function dropped(answer: Exclude<Answer, "cut">): boolean {
    const done = typeof answer.body !== "string" && answer.body["ok"] === true;
    if (!done || state.switches.dropAfterSend === 0) return false;
    state.switches.dropAfterSend -= 1;
    return true;
  }
}
