import { isObject, type JsonObject, locate, nodeAt, textOf } from "./json-schema.ts";
import { namesOf, readSchema, type SchemaFile } from "./schema-files.ts";
import { carriedFrom, createFollow, idOf } from "./schema-refs.ts";

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
