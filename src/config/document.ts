import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { messageOf } from "../base/errors.ts";

/** Where something stands in the file, counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export type Path = readonly (string | number)[];

export interface DocumentProblem {
  readonly position: Position;
  readonly path: Path;
  readonly message: string;
}

/** A YAML file with its environment variables filled in, which still knows where everything stands. */
export interface ConfigDocument {
  /** Plain maps, lists and scalars; undefined when the file cannot be read as YAML at all. */
  readonly value: unknown;
  /** Syntax, and names that are not set. */
  readonly problems: readonly DocumentProblem[];
  /** Variables that the file names and that are not set, with the first place of each. */
  readonly unset: readonly DocumentProblem[];
  /**
   * Position of a scalar itself, of a map's or list's key (and of any key, when that is what is wrong); of the nearest
   * parent when there is nothing at `path`.
   */
  positionOf(path: Path, what?: "key"): Position;
  /** Whether the value at `path` is not known, because a name in it is not set. */
  isUnset(path: Path): boolean;
  /** `message` without any value that came from the environment. */
  mask(message: string, path: Path): string;
}

const PLACEHOLDER = /\$\{(env|estate|people|channels)\.([^}]*)\}/g;
const MOST_NODES = 200_000;
const DEEPEST = 64;
/** Shorter values are masked only where they stand: everywhere they would eat words of the message. */
const SHORTEST_MASKED = 4;

/** Reads YAML 1.2 and replaces `${env.NAME}` in every string by `env[NAME]`. Throws nothing. */
export function readDocument(text: string, env: Readonly<Record<string, string | undefined>>): ConfigDocument {
  const lines = new LineCounter();
  const problems: DocumentProblem[] = [];
  const unset: DocumentProblem[] = [];
  const keys = new Map<string, Position>();
  const scalars = new Map<string, Position>();
  const unsetPaths = new Set<string>();
  const filledIn = new Map<string, Map<string, string>>();
  let nodes = 0;

  const positionAt = (offset: number | undefined): Position => {
    const { line, col } = lines.linePos(Math.max(0, Math.min(offset ?? 0, text.length)));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problem = (path: Path, node: Node | null, message: string): undefined => {
    problems.push({ position: positionAt(node?.range?.[0]), path, message });
    return undefined;
  };

  const fillIn = (raw: string, path: Path, node: Node): string =>
    raw.replaceAll(PLACEHOLDER, (whole, family: string, name: string) => {
      const value = family === "env" && Object.hasOwn(env, name) ? env[name] : undefined;
      if (value !== undefined && value !== "") {
        const values = filledIn.get(keyOf(path)) ?? new Map<string, string>();
        filledIn.set(keyOf(path), values.set(value, whole));
        return value;
      }
      const message =
        family === "env"
          ? `the environment variable ${name} is not set; set it where Nightdesk runs`
          : `${whole} is known in drills only; write the value, or \${env.NAME}`;
      unset.push({ position: positionAt(node.range?.[0]), path, message });
      unsetPaths.add(keyOf(path));
      return whole;
    });

  const read = (node: unknown, path: Path, above: readonly unknown[]): unknown => {
    nodes += 1;
    if (nodes > MOST_NODES) return undefined;
    if (path.length > DEEPEST) return problem(path, null, `nested deeper than ${DEEPEST} levels`);
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target === undefined) return problem(path, node, `nothing is named &${node.source}`);
      if (above.includes(target)) return problem(path, node, `*${node.source} contains itself`);
      return read(target, path, above);
    }
    if (isMap(node)) {
      const map: Record<string, unknown> = {};
      for (const pair of node.items) {
        const key = isScalar(pair.key) ? String(pair.key.value) : "";
        const at = [...path, key];
        const keyNode = isScalar(pair.key) ? pair.key : null;
        keys.set(keyOf(at), positionAt(keyNode?.range?.[0] ?? node.range?.[0]));
        const value = read(pair.value, at, [...above, node]);
        // A plain assignment to `__proto__` would change the map instead of filling it.
        Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
      }
      return map;
    }
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const at = [...path, index];
        const itemNode = isScalar(item) || isMap(item) || isSeq(item) || isAlias(item) ? item : null;
        keys.set(keyOf(at), positionAt(itemNode?.range?.[0] ?? node.range?.[0]));
        return read(item, at, [...above, node]);
      });
    }
    if (!isScalar(node)) return null;
    scalars.set(keyOf(path), positionAt(node.range?.[0]));
    return typeof node.value === "string" ? fillIn(node.value, path, node) : node.value;
  };

  const document = parseDocument(text.replace(/^\uFEFF/, ""), {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    logLevel: "silent",
  });
  for (const error of document.errors) {
    problems.push({ position: positionAt(error.pos[0]), path: [], message: yamlMessage(error.code, error.message) });
  }
  const value = problems.length > 0 ? undefined : attempt(() => read(document.contents, [], []), problems);
  if (nodes > MOST_NODES) problems.push({ position: positionAt(0), path: [], message: "too large to be a catalogue" });

  return {
    value,
    problems,
    unset,
    positionOf: (path, what) => {
      const scalar = what === "key" ? undefined : scalars.get(keyOf(path));
      if (scalar !== undefined) return scalar;
      for (let length = path.length; length > 0; length -= 1) {
        const found = keys.get(keyOf(path.slice(0, length)));
        if (found !== undefined) return found;
      }
      return positionAt(document.contents?.range?.[0] ?? 0);
    },
    isUnset: (path) => unsetPaths.has(keyOf(path)),
    mask: (message, path) => {
      let masked = message;
      for (const [at, values] of filledIn) {
        for (const [secret, placeholder] of values) {
          if (at === keyOf(path) || secret.length >= SHORTEST_MASKED) masked = masked.replaceAll(secret, placeholder);
        }
      }
      return masked;
    },
  };
}

/** `jobs.person-sync.then[0]`; a key with other characters is quoted. */
export function pathText(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[\w*-]+$/.test(part)) text += text === "" ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}

function attempt(work: () => unknown, problems: DocumentProblem[]): unknown {
  try {
    return work();
  } catch (error) {
    problems.push({ position: { line: 1, column: 1 }, path: [], message: `not readable: ${messageOf(error)}` });
    return undefined;
  }
}

function yamlMessage(code: string, message: string): string {
  switch (code) {
    case "DUPLICATE_KEY":
      return "this key is given twice; keep one";
    case "TAB_AS_INDENT":
      return "a tab is used for indentation; YAML wants spaces";
    case "MULTIPLE_DOCS":
      return "a second document starts here; a catalogue is one document";
    case "NON_STRING_KEY":
      return "a key must be plain text";
    default:
      return `not valid YAML: ${message.replace(/\s+/g, " ")}`;
  }
}
