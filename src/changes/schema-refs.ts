import { nearest } from "../config/nearest.ts";
import { childrenOf, isObject, type JsonObject, locate, nodeAt, textOf } from "./json-schema.ts";
import type { Place, SchemaFile } from "./schema-files.ts";

/** Where references between files lead, and what a shape carries by them. */

/** Names of the shapes that one carries directly: through its properties, lists, alternatives and references. */
export function carriedFrom(
  start: Place,
  by: {
    readonly names: ReadonlyMap<string, ReadonlyMap<string, string>>;
    readonly known: ReadonlySet<string>;
    readonly follow: (from: SchemaFile, ref: string) => Place | string | null;
  },
): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const waiting: Place[] = [start];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const { file, pointer } = place;
    const name = place === start ? undefined : by.names.get(file.path)?.get(pointer);
    const key = `${file.path}#${pointer}`;
    if (name !== undefined) found.add(name);
    if (name !== undefined || seen.has(key)) continue;
    seen.add(key);
    const node = nodeAt(file.root, pointer);
    if (!isObject(node)) continue;
    const title = place === start ? null : writtenOut(node);
    if (title !== null && by.known.has(title)) found.add(title);
    const ref = textOf(node["$ref"]) ?? textOf(node["$dynamicRef"]);
    const target = ref === null ? null : by.follow(file, ref);
    if (typeof target === "string") found.add(target);
    else if (target !== null) waiting.push(target);
    for (const inner of childrenOf(node, pointer)) waiting.push({ file, pointer: inner });
  }
  return [...found].sort((a, b) => a.localeCompare(b, "en"));
}

/** The title of a shape that is written out in the middle of another one instead of being referred to. */
const writtenOut = (node: JsonObject): string | null =>
  isObject(node["properties"]) || Array.isArray(node["enum"]) ? textOf(node["title"]) : null;

/** Where a reference leads: a place, the name of what is elsewhere, or null where it leads nowhere (which is a problem). */
export function createFollow(parts: {
  readonly files: ReadonlyMap<string, SchemaFile>;
  readonly byId: ReadonlyMap<string, SchemaFile>;
  readonly problems: string[];
  readonly notes: string[];
}): (from: SchemaFile, ref: string) => Place | string | null {
  const wrong = (from: SchemaFile, ref: string, what: string): null => {
    const { line, column } = locate(from.text, ref);
    parts.problems.push(`${from.path}:${line}:${column}: $ref "${ref}": ${what}`);
    return null;
  };
  return (from, ref) => {
    const [address = "", fragment = ""] = ref.split("#", 2);
    const absolute = /^[a-z][a-z0-9+.-]*:/i.test(address);
    const path = absolute ? null : resolved(from.path, address);
    const file =
      address === ""
        ? from
        : ((path === null ? undefined : parts.files.get(path)) ?? parts.byId.get(against(from, address)));
    if (file === undefined && (absolute || textOf(from.root["$id"])?.includes("://") === true)) {
      const name = (address.split("/").at(-1) ?? address).replace(/(\.schema)?\.json$/i, "");
      parts.notes.push(`${from.path}: "${address}" is elsewhere and is not fetched; what ${name} carries is not known`);
      return name === "" ? null : name;
    }
    if (file === undefined) {
      if (path === null) return wrong(from, ref, "leads out of the folder; scan a folder that has both");
      const near = nearest(path, parts.files.keys());
      return wrong(from, ref, `there is no ${path}${near === null ? "" : `; did you mean ${near}?`}`);
    }
    const pointer = pointerOf(file, fragment);
    if (pointer !== null && nodeAt(file.root, pointer) !== undefined) return { file, pointer };
    return wrong(from, ref, `${file.path} has nothing at #${fragment}; define it there, or mend the reference`);
  };
}

/** A path below the folder, seen from a file in it; null: it leads out. */
function resolved(from: string, address: string): string | null {
  if (address.startsWith("/")) return null;
  const parts = from.split("/").slice(0, -1);
  for (const part of decoded(address).split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return null;
    } else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

export const idOf = ({ root }: SchemaFile): string => (textOf(root["$id"]) ?? "").replace(/#$/, "");

/** An address in the words of the file's `$id`. */
const against = (from: SchemaFile, address: string): string =>
  URL.canParse(address, idOf(from)) ? new URL(address, idOf(from)).href : address;

function pointerOf(file: SchemaFile, fragment: string): string | null {
  const plain = decoded(fragment);
  if (plain === "" || plain.startsWith("/")) return plain;
  const waiting = [""];
  for (let pointer = waiting.pop(); pointer !== undefined; pointer = waiting.pop()) {
    const node = nodeAt(file.root, pointer);
    if (!isObject(node)) continue;
    if (node["$anchor"] === plain || node["$dynamicAnchor"] === plain || node["$id"] === `#${plain}`) return pointer;
    waiting.push(...childrenOf(node, pointer, { definitions: true }));
  }
  return null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
