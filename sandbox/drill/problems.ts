import { distance } from "fastest-levenshtein";
import { z } from "zod";
import type { Path, YamlFile } from "./yaml.ts";

export interface Problem {
  readonly path: Path;
  readonly message: string;
  /** The key itself is wrong, not its value. */
  readonly key?: true;
}

/** ` Did you mean "x"?` for the nearest of `known`, else the list of them when it is short, else nothing. */
export function hint(given: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, far: distance(given.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)[0];
  if (near !== undefined && near.far <= Math.max(2, Math.floor(near.name.length / 3)))
    return ` Did you mean "${near.name}"?`;
  return known.length > 0 && known.length <= 20 ? ` Known: ${known.join(", ")}.` : "";
}

/** What is wrong with `value` by `schema`, in our words; empty when nothing is. */
export function problemsOf(schema: z.ZodType, value: unknown, base: Path): Problem[] {
  const result = schema.safeParse(value, { reportInput: true });
  return result.success ? [] : result.error.issues.flatMap((issue) => fromIssue(issue, schema, base));
}

/** `file:line:column: where: what` */
export function tell(problem: Problem, file: { name: string; yaml: YamlFile }): string {
  const where = problem.path.map((part) => (typeof part === "number" ? `[${part + 1}]` : part)).join(".");
  const place = file.yaml.place(problem.path, problem.key === true ? "key" : undefined);
  return `${file.name}:${place}: ${where === "" ? "" : `${where.replaceAll(".[", "[")}: `}${problem.message}`;
}

function fromIssue(issue: z.core.$ZodIssue, schema: z.ZodType, base: Path): Problem[] {
  const path = [...base, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))];
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, issue.path);
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `unknown key "${key}".${hint(key, known)}`,
      key: true,
    }));
  }
  if (issue.code === "invalid_union") {
    // The branch that came furthest is the one that was meant.
    const best = [...issue.errors].sort((a, b) => score(b) - score(a))[0];
    if (best?.some((inner) => inner.path.length > 0 || inner.code === "unrecognized_keys")) {
      const inner = schemaAt(schema, issue.path);
      return best.flatMap((one) => fromIssue(one, inner ?? schema, path));
    }
    return [
      {
        path,
        message: issue.errors
          .flat()
          .map((one) => plain(one))
          .filter(unique)
          .join("; or "),
      },
    ];
  }
  if (issue.code === "invalid_value" && "values" in issue && issue.values.length > 1) {
    const known = issue.values.map(String);
    const given = typeof issue.input === "string" ? issue.input : "";
    return [
      { path, message: `${given === "" ? "not one that is known" : `"${given}" is not known`}.${hint(given, known)}` },
    ];
  }
  return [{ path, message: plain(issue) }];
}

function plain(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type" && /received undefined/.test(issue.message)) return "is missing";
  return issue.message.replace(/^Invalid input: /, "");
}

function unique(text: string, index: number, all: string[]): boolean {
  return all.indexOf(text) === index;
}

function score(issues: readonly z.core.$ZodIssue[]): number {
  return (
    Math.max(...issues.map((issue) => issue.path.length * 10 + (issue.code === "unrecognized_keys" ? 5 : 0))) -
    issues.length
  );
}

function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const found = schemaAt(schema, path);
  return found === null ? [] : keysOf(found);
}

function keysOf(schema: unknown): string[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return Object.keys(inner.shape);
  if (inner instanceof z.ZodUnion) return inner.options.flatMap((option) => keysOf(option));
  return [];
}

function schemaAt(schema: unknown, path: readonly PropertyKey[]): z.ZodType | null {
  const inner = unwrap(schema);
  const [first, ...rest] = path;
  if (first === undefined) return inner instanceof z.ZodType ? inner : null;
  if (inner instanceof z.ZodObject) return schemaAt(inner.shape[String(first)], rest);
  if (inner instanceof z.ZodRecord) return schemaAt(inner.valueType, rest);
  if (inner instanceof z.ZodArray) return schemaAt(inner.element, rest);
  if (inner instanceof z.ZodUnion) {
    for (const option of inner.options) {
      const found = schemaAt(option, path);
      if (found !== null) return found;
    }
  }
  return null;
}

function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return unwrap(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.in) : schema;
}
