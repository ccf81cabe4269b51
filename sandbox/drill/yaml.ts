import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";

export type Path = readonly (string | number)[];

/** A YAML file as plain values, which still knows where everything stands. */
export interface YamlFile {
  readonly value: unknown;
  /** `line:column`, counted from 1: of the value at `path`, or (`key`) of the key that names it; else of what holds it. */
  place(path: Path, what?: "key"): string;
}

/** Wrong files are told as lines of `file:line:column: what`, all at once. */
export class DrillFileError extends Error {
  override readonly name = "DrillFileError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** Reads YAML 1.2. Throws `DrillFileError` when it cannot be read. */
export function readYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "silent" });
  const at = (offset: number | undefined) => {
    const { line, col } = lines.linePos(offset ?? 0);
    return `${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  if (document.errors.length > 0) {
    const problems = document.errors.map(
      (error) => `${file}:${at(error.pos[0])}: ${error.message.replace(/\s+/g, " ")}`,
    );
    throw new DrillFileError(problems);
  }
  return {
    value: document.toJS({ maxAliasCount: 1_000 }),
    place: (path, what) => {
      for (let length = path.length; length > 0; length--) {
        const parent = nodeAt(document.contents, path.slice(0, length - 1));
        const pair = isMap(parent)
          ? parent.items.find((one) => keyText(one.key) === String(path[length - 1]))
          : undefined;
        if (what === "key" && length === path.length && pair !== undefined) return at(offsetOf(pair.key));
        const offset = offsetOf(nodeAt(document.contents, path.slice(0, length))) ?? offsetOf(pair?.key);
        if (offset !== undefined) return at(offset);
      }
      return at(offsetOf(document.contents));
    },
  };
}

/** A path's keys are text; in the file they may be numbers. */
function nodeAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, part) => {
    if (isMap(node)) return node.items.find((pair) => keyText(pair.key) === String(part))?.value;
    return isSeq(node) ? node.items[Number(part)] : undefined;
  }, root);
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

function offsetOf(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node) || !Array.isArray(node.range)) return undefined;
  const first: unknown = node.range[0];
  return typeof first === "number" ? first : undefined;
}
