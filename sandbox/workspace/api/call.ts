import type { Json } from "../contract.ts";
import { isJson, parsed } from "../json.ts";
import { type Channel, findChannel } from "../state.ts";
import type { Twin } from "../twin.ts";

/** Slack's refusal of a call. */
export class ApiError extends Error {
  readonly code: string;
  readonly extra: Json;

  constructor(code: string, extra: Json = {}) {
    super(code);
    this.code = code;
    this.extra = extra;
  }
}

/** The arguments of a call, as the form or JSON body carried them: nested values may be JSON text. */
export interface Args {
  has(name: string): boolean;
  /** Undefined when absent or empty. */
  text(name: string): string | undefined;
  /** Refuses with `invalid_arguments` when absent. */
  need(name: string): string;
  flag(name: string): boolean;
  number(name: string, otherwise: number): number;
  /** The value, parsed if it is text; undefined when absent; refuses with `error` when it is no JSON. */
  json(name: string, error?: string): unknown;
}

/** A call that was let in. */
export interface Call {
  method: string;
  args: Args;
  twin: Twin;
  /** Refuses with `missing_scope` unless the bot has one of these. */
  scope(...anyOf: string[]): void;
}

/** A Web API method. */
export interface Method {
  /** All of these, before the arguments are looked at. */
  scopes?: readonly string[];
  /** Calls a minute: the tier, or a number of its own. */
  perMinute: number;
  /** Cut by `dropAfterSend`. */
  writes?: boolean;
  token?: "bot" | "app" | "none";
  run(call: Call): Json;
}

export const TIER = { 1: 1, 2: 20, 3: 50, 4: 100 } as const;

export function createArgs(given: Json): Args {
  const text: Args["text"] = (name) => {
    const value = given[name];
    if (value === undefined || value === null || value === "") return undefined;
    return typeof value === "string" ? value : JSON.stringify(value);
  };
  return {
    has: (name) => given[name] !== undefined && given[name] !== null,
    text,
    need: (name) => {
      const value = text(name);
      if (value === undefined) throw invalidArguments(`[ERROR] missing required field: ${name}`);
      return value;
    },
    flag: (name) => ["true", "1"].includes(String(given[name])),
    number: (name, otherwise) => {
      const value = text(name);
      if (value === undefined) return otherwise;
      const number = Number(value);
      if (!Number.isFinite(number)) throw invalidArguments(`[ERROR] must be a valid integer [json-pointer:/${name}]`);
      return number;
    },
    json: (name, error = "invalid_arguments") => {
      const value = given[name];
      if (typeof value !== "string") return value ?? undefined;
      if (value === "") return undefined;
      const result = parsed(value);
      if (result === undefined) throw new ApiError(error);
      return result;
    },
  };
}

export function invalidArguments(...messages: string[]): ApiError {
  return new ApiError("invalid_arguments", { response_metadata: { messages } });
}

/** The channel that the call names, if the bot may know of it: `channel_not_found` else. */
export function visibleChannel(call: Call, which: string): Channel {
  const channel = findChannel(call.twin.state, which);
  if (channel === undefined || (channel.kind === "group" && !channel.bot)) throw new ApiError("channel_not_found");
  return channel;
}

/** The channel by its id, and only by its id, as every method but chat's wants it. */
export function channelById(call: Call, which: string): Channel {
  if (!call.twin.state.channels.has(which)) throw new ApiError("channel_not_found");
  return visibleChannel(call, which);
}

/** A page of a list, and the cursor of the next one. */
export function page<T>(
  call: Call,
  items: readonly T[],
  limit: { normal: number; max: number },
): { page: T[]; next: string } {
  const asked = call.args.number("limit", limit.normal);
  if (asked < 0 || asked > limit.max) throw new ApiError("invalid_limit");
  const cursor = call.args.text("cursor");
  const start =
    cursor === undefined
      ? 0
      : Number(
          Buffer.from(cursor, "base64")
            .toString()
            .replace(/^next:/, ""),
        );
  if (!Number.isInteger(start) || start < 0) throw new ApiError("invalid_cursor");
  const end = start + (asked === 0 ? limit.normal : asked);
  return {
    page: items.slice(start, end),
    next: end < items.length ? Buffer.from(`next:${end}`).toString("base64") : "",
  };
}

/** A JSON object argument that must be one. */
export function objectArg(call: Call, name: string): Json {
  const value = call.args.json(name);
  if (!isJson(value)) throw invalidArguments(`[ERROR] must provide an object [json-pointer:/${name}]`);
  return value;
}
