import { Temporal } from "temporal-polyfill";
import type { Instant } from "../base/clock.ts";
import type { HookRequest, Verdict } from "./sources/contract.ts";

/** Readers for bodies of strangers: each takes anything and never throws. */

export type Fields = Readonly<Record<string, unknown>>;

/** The parsed JSON, or undefined when it is none. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object under a key; empty when there is none. */
export function fieldsOf(value: unknown, key: string): Fields {
  const inner = isFields(value) ? value[key] : undefined;
  return isFields(inner) ? inner : {};
}

/** A string that says something, or a number as text. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (typeof value !== "string") return undefined;
  const trimmed = value.trim();
  return trimmed === "" ? undefined : trimmed;
}

/** The first that says something. */
export function firstText(...values: readonly unknown[]): string | undefined {
  for (const value of values) {
    const text = textOf(value);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** ISO text (without an offset it is UTC), or Unix seconds or milliseconds. */
export function instantOf(value: unknown): Instant | undefined {
  try {
    if (typeof value === "number" && Number.isFinite(value)) {
      return Temporal.Instant.fromEpochMilliseconds(Math.round(value > 1e11 ? value : value * 1_000));
    }
    const text = textOf(value);
    if (text === undefined) return undefined;
    if (/^\d{9,11}(\.\d+)?$/.test(text)) return instantOf(Number(text));
    const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`;
    return Temporal.Instant.from(zoned);
  } catch {
    return undefined;
  }
}

/** `[[k, v], …]`, `[{key, value}, …]` and `{k: v}` alike. */
export function tagsOf(value: unknown): Record<string, string> {
  const pairs = Array.isArray(value) ? value.map(pairOf) : isFields(value) ? Object.entries(value) : [];
  const tags: [string, string][] = [];
  for (const pair of pairs) {
    const key = textOf(pair?.[0]);
    const text = textOf(pair?.[1]);
    if (key !== undefined && text !== undefined) tags.push([key, text]);
  }
  return Object.fromEntries(tags);
}

function pairOf(entry: unknown): readonly unknown[] | undefined {
  if (Array.isArray(entry)) return entry;
  return isFields(entry) ? [entry["key"], entry["value"]] : undefined;
}

/** `a.b[0].c`, also with `$.` before it. Undefined where the path leads nowhere. */
export function valueAt(value: unknown, path: string): unknown {
  let at = value;
  for (const step of path.replace(/^\$\.?/, "").match(/[^.[\]]+/g) ?? []) {
    if (Array.isArray(at)) at = at[Number(step)];
    else if (isFields(at) && Object.hasOwn(at, step)) at = at[step];
    else return undefined;
  }
  return at;
}

/** For senders whose bodies are one JSON object. */
export function checkJsonObject(request: HookRequest): Verdict {
  return isFields(readJson(request.body.toString("utf8")))
    ? { ok: true }
    : { ok: false, reason: "the body is not a JSON object" };
}

/** Only the values that are numbers. */
export function countsOf(value: unknown): Record<string, number> | undefined {
  if (!isFields(value)) return undefined;
  const counts = Object.entries(value).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number" && Number.isFinite(entry[1]),
  );
  return counts.length === 0 ? undefined : Object.fromEntries(counts);
}
