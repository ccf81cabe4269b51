import { messageOf } from "../base/errors.ts";
import { isObject, type Json, type JsonObject, locate, pointerTo, syntaxPlace, textOf } from "./json-schema.ts";

/** Files of a folder that are JSON Schemas, and what their shapes are called. */

export interface SchemaFile {
  readonly path: string;
  readonly text: string;
  readonly root: JsonObject;
}

/** A place in a file: where a shape begins. */
export interface Place {
  readonly file: SchemaFile;
  readonly pointer: string;
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

export function readSchema(
  path: string,
  text: string,
  say: { problems: string[]; notes: string[] },
): SchemaFile | null {
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
export function namesOf(
  files: readonly SchemaFile[],
  problems: string[],
): ReadonlyMap<string, ReadonlyMap<string, string>> {
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
