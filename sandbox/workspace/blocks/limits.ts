import type { Json } from "../contract.ts";
import { isJson } from "../json.ts";

/** One thing wrong with a message or view: where, and what Slack says about it. */
export interface Problem {
  code: string;
  message: string;
  /** JSON pointer: `/blocks/2/text`. */
  pointer: string;
}

/** Collects problems while a tree of blocks is walked. */
export interface Checker {
  problems: Problem[];
  fail(pointer: string, code: string, message: string): void;
  /** The value must be a string of at most `max` characters and, unless `empty`, at least one. */
  string(holder: Json, key: string, limit: { max: number; at: string; required?: boolean }): void;
  /** The value must be a list of `min` to `max` items; gives the items. */
  list(holder: Json, key: string, limit: { min?: number; max: number; at: string; required?: boolean }): unknown[];
  /** The value must be a text object; `plain` allows no mrkdwn. */
  text(holder: Json, key: string, limit: { max: number; at: string; plain?: boolean; required?: boolean }): void;
}

export function createChecker(): Checker {
  const problems: Problem[] = [];
  const fail: Checker["fail"] = (pointer, code, message) => {
    problems.push({ pointer, code, message });
  };

  const string: Checker["string"] = (holder, key, { max, at, required = false }) => {
    const value = holder[key];
    const pointer = `${at}/${key}`;
    if (value === undefined) {
      if (required) fail(pointer, "missing_field", `missing required field: ${key}`);
      return;
    }
    if (typeof value !== "string") return fail(pointer, "invalid_type", "must provide a string");
    if (value.length > max) fail(pointer, "too_long", `must be less than ${max + 1} characters`);
    if (required && value.length === 0) fail(pointer, "too_short", "must be more than 0 characters");
  };

  const list: Checker["list"] = (holder, key, { min = 1, max, at, required = true }) => {
    const value = holder[key];
    const pointer = `${at}/${key}`;
    if (value === undefined) {
      if (required) fail(pointer, "missing_field", `missing required field: ${key}`);
      return [];
    }
    if (!Array.isArray(value)) {
      fail(pointer, "invalid_type", "must provide an array");
      return [];
    }
    if (value.length < min) fail(pointer, "too_few", `no less than ${min} items required`);
    if (value.length > max) fail(pointer, "too_many", `no more than ${max} items allowed`);
    return value;
  };

  const text: Checker["text"] = (holder, key, { max, at, plain = false, required = true }) => {
    const value = holder[key];
    const pointer = `${at}/${key}`;
    if (value === undefined) {
      if (required) fail(pointer, "missing_field", `missing required field: ${key}`);
      return;
    }
    textObject(value, { max, pointer, plain });
  };

  function textObject(value: unknown, limit: { max: number; pointer: string; plain: boolean }): void {
    const { max, pointer, plain } = limit;
    if (!isJson(value)) {
      fail(pointer, "invalid_type", "must provide an object");
      return;
    }
    if (value["type"] !== "plain_text" && (plain || value["type"] !== "mrkdwn")) {
      fail(`${pointer}/type`, "unsupported_type", `unsupported type: ${String(value["type"])}`);
    }
    string(value, "text", { max, at: pointer, required: true });
    const extra = value["type"] === "mrkdwn" ? "emoji" : "verbatim";
    if (value[extra] !== undefined)
      fail(`${pointer}/${extra}`, "invalid_field", `invalid additional property: ${extra}`);
  }

  return { problems, fail, string, list, text };
}
