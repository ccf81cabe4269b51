/** JSON Schema as data: where schemas are inside of schemas, and where something stands in a text. */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Keywords whose value is one schema, a list of them, or a map of them. `not` says what something is not. */
const ONE = ["items", "additionalItems", "additionalProperties", "unevaluatedItems", "unevaluatedProperties"];
const ONE_MORE = ["contains", "propertyNames", "if", "then", "else", "contentSchema"];
const LISTS = ["allOf", "anyOf", "oneOf", "prefixItems", "items"];
const MAPS = ["properties", "patternProperties", "dependentSchemas"];
const DEFINITIONS = ["$defs", "definitions"];

/** Pointers of the schemas directly inside of one; with `definitions` also those that it only defines. */
export function childrenOf(
  node: JsonObject,
  pointer: string,
  options: { readonly definitions?: boolean } = {},
): string[] {
  const found: string[] = [];
  for (const key of [...ONE, ...ONE_MORE]) {
    if (isObject(node[key])) found.push(pointerTo(pointer, key));
  }
  for (const key of LISTS) {
    const list = node[key];
    if (Array.isArray(list)) found.push(...list.map((_, index) => pointerTo(pointer, key, String(index))));
  }
  for (const key of [...MAPS, ...(options.definitions === true ? DEFINITIONS : [])]) {
    const map = node[key];
    if (isObject(map)) found.push(...Object.keys(map).map((name) => pointerTo(pointer, key, name)));
  }
  return found;
}

export const pointerTo = (pointer: string, ...parts: readonly string[]): string =>
  [pointer, ...parts.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1"))].join("/");

/** What a JSON pointer points at; undefined: nothing. */
export function nodeAt(root: Json, pointer: string): Json | undefined {
  let node: Json | undefined = root;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof node !== "object" || node === null) return undefined;
    if (Array.isArray(node)) node = /^\d+$/.test(key) ? (node as readonly Json[])[Number(key)] : undefined;
    else node = Object.hasOwn(node, key) ? (node as JsonObject)[key] : undefined;
  }
  return node;
}

/** A text with something in it, or null. */
export const textOf = (value: Json | undefined): string | null =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : null;

/** Where a text first stands in quotes, counted from 1; the beginning where it does not. */
export function locate(text: string, word: string): { line: number; column: number } {
  const at = text.indexOf(JSON.stringify(word));
  return placeOf(text, Math.max(0, at));
}

/** Where JSON ended to be JSON, as the parser tells it. */
export function syntaxPlace(text: string, message: string): { line: number; column: number } {
  const position = /at position (\d+)/.exec(message)?.[1];
  return placeOf(text, position === undefined ? text.length : Number(position));
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
