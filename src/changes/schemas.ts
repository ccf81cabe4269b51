import { messageOf } from "../base/errors.ts";
import { nearest } from "../config/nearest.ts";
import {
  childrenOf,
  type Json,
  type JsonObject,
  locate,
  nodeAt,
  pointerTo,
  syntaxPlace,
  textOf,
} from "./json-schema.ts";

/** A shape as JSON Schemas have it. */
export interface Shape {
  readonly name: string;
  /** Of a file's root, or of something under its `$defs`. */
  readonly root: boolean;
  readonly file: string;
  /** `x-owner`, of itself or of its file; null: neither says. */
  readonly owner: string | null;
  /** It says `x-owner` or `x-consumers` itself. */
  readonly says: boolean;
  readonly contains: readonly string[];
  readonly consumers: readonly string[];
}

export interface Scan {
  readonly shapes: readonly Shape[];
  /** What has to be mended: `file:line:column: what; how`. */
  readonly problems: readonly string[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

interface SchemaFile {
  readonly path: string;
  readonly text: string;
  readonly root: JsonObject;
}

/** A place in a file: where a shape begins. */
interface Place {
  readonly file: SchemaFile;
  readonly pointer: string;
}

/**
 * Shapes of JSON Schemas, by path below the folder, and which carries which. References are followed inside of the folder,
 * by path or by `$id`; whatever is elsewhere is never fetched, only named.
 */
export function scanSchemas(texts: ReadonlyMap<string, string>): Scan {
  const problems: string[] = [];
  const notes: string[] = [];
  const files = [...texts].flatMap(([path, text]) => readSchema(path, text, { problems, notes }) ?? []);
  const byPath = new Map(files.map((file) => [file.path, file]));
  const byId = new Map(files.flatMap((file) => (textOf(file.root["$id"]) === null ? [] : [[idOf(file), file]])));
  const names = namesOf(files, problems);
  const known = new Set([...names.values()].flatMap((named) => [...named.values()]));
  const follow = createFollow({ files: byPath, byId, problems, notes });

  const shapes = files.flatMap((file) =>
    [...(names.get(file.path) ?? [])].map(([pointer, name]): Shape => {
      const node = nodeAt(file.root, pointer);
      const schema = isObject(node) ? node : {};
      const own = extensionsOf(file, schema, problems);
      const inherited = pointer === "" ? null : textOf(file.root["x-owner"]);
      const contains = carriedFrom({ file, pointer }, { names, known, follow });
      return {
        ...{ name, root: pointer === "", file: file.path, owner: own.owner ?? inherited, says: own.says },
        ...{ contains: contains.filter((inner) => inner !== name), consumers: own.consumers },
      };
    }),
  );
  return { shapes: merged(shapes), problems: [...new Set(problems)], notes: [...new Set(notes)] };
}

const SCHEMA_WORDS = ["$id", "$ref", "$defs", "definitions", "properties", "enum", "const", "items"];
const COMBINED = ["allOf", "anyOf", "oneOf"];
const TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"];

/** Other JSON lies beside schemas: data that names its own schema, a package with a `type`. */
function isSchema(root: JsonObject): boolean {
  const type = root["type"];
  return (
    [...SCHEMA_WORDS, ...COMBINED].some((word) => Object.hasOwn(root, word)) ||
    (textOf(root["$schema"])?.includes("json-schema.org/") ?? false) ||
    (Array.isArray(type) ? type : [type]).some((one) => typeof one === "string" && TYPES.includes(one))
  );
}

function readSchema(path: string, text: string, say: { problems: string[]; notes: string[] }): SchemaFile | null {
  let root: Json;
  try {
    root = JSON.parse(text.replace(/^\uFEFF/, "")) as Json;
  } catch (error) {
    const { line, column } = syntaxPlace(text, messageOf(error));
    say.problems.push(
      `${path}:${line}:${column}: is not JSON: ${messageOf(error).split(" in JSON")[0]}; mend it there`,
    );
    return null;
  }
  if (!isObject(root)) {
    say.problems.push(`${path}:1:1: is no JSON Schema: an object is expected; move it out of the folder`);
    return null;
  }
  if (isSchema(root)) return { path, text, root };
  say.notes.push(`${path}: says nothing that a JSON Schema says; left out`);
  return null;
}

/** Names of shapes, by file and pointer. What only points to another shape is none of its own. */
function namesOf(files: readonly SchemaFile[], problems: string[]): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const roots = new Map<string, SchemaFile>();
  return new Map(
    files.map((file) => {
      const named = new Map([["", rootName(file)]]);
      const other = roots.get(rootName(file));
      if (other !== undefined) {
        const { line, column } = locate(file.text, rootName(file));
        problems.push(
          `${file.path}:${line}:${column}: "${rootName(file)}" is what ${other.path} is called, too; give one another title`,
        );
      }
      roots.set(rootName(file), other ?? file);
      const collect = (node: Json, pointer: string) => {
        if (!isObject(node)) return;
        for (const word of ["$defs", "definitions"]) {
          const defined = node[word];
          if (!isObject(defined)) continue;
          for (const [key, inner] of Object.entries(defined)) {
            const at = pointerTo(pointer, word, key);
            if (isObject(inner) && !onlyPoints(inner)) named.set(at, textOf(inner["title"]) ?? key);
            collect(inner, at);
          }
        }
      };
      collect(file.root, "");
      return [file.path, named];
    }),
  );
}

const rootName = ({ path, root }: SchemaFile): string =>
  textOf(root["title"]) ?? (path.split("/").at(-1) ?? path).replace(/(\.schema)?\.json$/i, "");

const ANNOTATIONS = ["$ref", "$comment", "title", "description", "deprecated", "examples", "default"];
const onlyPoints = (node: JsonObject): boolean =>
  typeof node["$ref"] === "string" && Object.keys(node).every((key) => ANNOTATIONS.includes(key));

/** Names of the shapes that one carries directly: through its properties, lists, alternatives and references. */
function carriedFrom(
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
function createFollow(parts: {
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

const idOf = ({ root }: SchemaFile): string => (textOf(root["$id"]) ?? "").replace(/#$/, "");

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

function extensionsOf(
  file: SchemaFile,
  schema: JsonObject,
  problems: string[],
): { owner: string | null; consumers: readonly string[]; says: boolean } {
  const wrong = (key: string, what: string) => {
    const { line, column } = locate(file.text, key);
    problems.push(`${file.path}:${line}:${column}: ${key} ${what}`);
  };
  const owner = schema["x-owner"];
  const consumers = schema["x-consumers"];
  if (owner !== undefined && textOf(owner) === null)
    wrong("x-owner", 'is the name of a service: write "x-owner": "tcs"');
  const list = Array.isArray(consumers) ? consumers.map(textOf) : [];
  if (consumers !== undefined && (!Array.isArray(consumers) || list.includes(null))) {
    wrong("x-consumers", 'is a list of names of services: write "x-consumers": ["esr-generator"]');
  }
  return {
    owner: textOf(owner),
    consumers: [...new Set(list.filter((one) => one !== null))],
    says: owner !== undefined || consumers !== undefined,
  };
}

/** One name is one shape: what several files define under it is taken together, so that no reader is missed. */
function merged(shapes: readonly Shape[]): Shape[] {
  const found = new Map<string, Shape>();
  for (const shape of shapes) {
    const other = found.get(shape.name);
    if (other === undefined) {
      found.set(shape.name, shape);
      continue;
    }
    const [first, second] = shape.root && !other.root ? [shape, other] : [other, shape];
    found.set(shape.name, {
      ...first,
      owner: (first.says ? first.owner : null) ?? (second.says ? second.owner : null) ?? first.owner ?? second.owner,
      says: first.says || second.says,
      contains: [...new Set([...first.contains, ...second.contains])],
      consumers: [...new Set([...first.consumers, ...second.consumers])],
    });
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name, "en"));
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
