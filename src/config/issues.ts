import type { z } from "zod";
import type { Path } from "./document.ts";
import { hintFor } from "./nearest.ts";

/** One thing that is wrong with a value: where, what, and (perhaps "") what to do. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly hint: string;
  /** The key itself is wrong, not what stands behind it. */
  readonly at?: "key";
}

type Issue = z.core.$ZodIssue;

/** zod's issues in a person's words. `schema` and `value` are those that were compared; `base` is where they stand. */
export function findingsOf(
  issues: readonly Issue[],
  about: { schema: z.core.$ZodType; value: unknown; base: Path },
): Finding[] {
  return meant(issues).flatMap((issue) => describe(issue, about, about.base));
}

/** Of something that is the wrong kind of thing altogether, zod may also say that it is too short. */
function meant(issues: readonly Issue[]): Issue[] {
  const wrongKind = new Set(issues.filter((one) => one.code === "invalid_type").map((one) => JSON.stringify(one.path)));
  return issues.filter((one) => one.code === "invalid_type" || !wrongKind.has(JSON.stringify(one.path)));
}

function describe(issue: Issue, about: { schema: z.core.$ZodType; value: unknown }, base: Path): Finding[] {
  const inner = issue.path.filter((part): part is string | number => typeof part !== "symbol");
  const path = [...base, ...inner];
  const got = valueAt(about.value, inner);
  const one = (message: string, hint = ""): Finding[] => [{ path, message, hint }];
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = keysAt(about.schema, inner);
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: "unknown key",
        hint: hintForKey(key, known),
        at: "key" as const,
      }));
    }
    case "invalid_type":
      if (got === undefined) return one("is missing", wanted(issue.expected));
      return one(`must be ${nounOf(issue.expected)}, not ${kindOf(got)}`, quoteHint(issue.expected, got));
    case "invalid_value": {
      const values = issue.values.map(String);
      const wanted = values.length === 1 ? `${values[0]}` : `one of ${values.join(", ")}`;
      if (got === undefined) return one("is missing", `it must be ${wanted}`);
      if (typeof got !== "string" || values.length === 1) return one(`must be ${wanted}, not ${kindOf(got)}`);
      return one(`"${got}" is not ${wanted}`, nearHint(got, values));
    }
    case "invalid_union":
      return describeUnion(issue, about, base);
    case "too_small":
      return one(tooSmall(issue.origin, issue.minimum));
    case "too_big":
      return one(`must be at most ${issue.maximum}`);
    case "invalid_format":
      if (issue.format === "email") return one("is not an e-mail address");
      if (issue.format === "url") return one("is not a URL", "write it whole, like https://example.org");
      return one(issue.message);
    case "invalid_key":
    case "invalid_element":
      return one(
        issue.issues[0]?.code === "too_small"
          ? "a name must not be empty"
          : (issue.issues[0]?.message ?? issue.message),
      );
    case "not_multiple_of":
    case "custom":
      return one(issue.message);
  }
}

/** Of a union only the branch that was most likely meant is told: the others' complaints would mislead. */
function describeUnion(
  issue: Extract<Issue, { code: "invalid_union" }>,
  about: { schema: z.core.$ZodType; value: unknown },
  base: Path,
): Finding[] {
  const inner = issue.path.filter((part): part is string | number => typeof part !== "symbol");
  const path = [...base, ...inner];
  const value = valueAt(about.value, inner);
  const branches = issue.errors.filter((branch) => branch.length > 0);
  if (value === undefined) return [{ path, message: "is missing", hint: "" }];
  const types = branches.map((branch) => branch.find((one) => one.path.length === 0 && one.code === "invalid_type"));
  if (branches.length > 0 && types.every((type) => type !== undefined)) {
    const expected = [
      ...new Set(types.flatMap((type) => (type?.code === "invalid_type" ? [nounOf(type.expected)] : []))),
    ];
    return [{ path, message: `must be ${expected.join(" or ")}, not ${kindOf(value)}`, hint: "" }];
  }
  const options = optionsAt(about.schema, inner);
  let best: { findings: Finding[]; score: number } | null = null;
  issue.errors.forEach((branch, index) => {
    if (branch.length === 0) return;
    const schema = options[index];
    const findings = meant(branch).flatMap((one) => describe(one, { schema: schema ?? about.schema, value }, path));
    const score = branch.reduce((sum, one) => sum + weightOf(one, value), 0);
    if (best === null || score < best.score) best = { findings, score };
  });
  return (best as { findings: Finding[] } | null)?.findings ?? [{ path, message: "is not accepted here", hint: "" }];
}

function weightOf(issue: Issue, value: unknown): number {
  if (issue.path.length === 0 && issue.code === "invalid_type") return 100;
  // A wrong literal (`checkpoint: true`) means that another branch was meant; a typo in a key does not.
  if (issue.code === "invalid_value") return 20;
  if (issue.code === "unrecognized_keys") return 3 * issue.keys.length;
  return valueAt(value, issue.path) === undefined ? 2 : 1;
}

/** The keys that a map at `path` of `schema` may have; of every branch where there are several. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const found = schemasAt(schema, path).flatMap((one) => {
    const { def } = (one as z.core.$ZodTypes)._zod;
    return def.type === "object" ? Object.keys(def.shape) : [];
  });
  return [...new Set(found)];
}

function optionsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly z.core.$ZodType[] {
  let at: readonly z.core.$ZodType[] = [schema];
  for (const part of path) at = at.flatMap((one) => unwrapped(one)).flatMap((one) => childOf(one, part));
  for (const one of at) {
    const union = unionIn(one);
    if (union !== null) return union;
  }
  return [];
}

function unionIn(schema: z.core.$ZodType): readonly z.core.$ZodType[] | null {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "union") return def.options;
  const inside = insideOf(schema);
  return inside === null ? null : unionIn(inside);
}

function schemasAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType[] {
  let at = unwrapped(schema);
  for (const part of path) at = at.flatMap((one) => childOf(one, part)).flatMap(unwrapped);
  return at;
}

function childOf(schema: z.core.$ZodType, part: PropertyKey): z.core.$ZodType[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "object") {
    const child = Object.hasOwn(def.shape, part) ? def.shape[String(part)] : undefined;
    return child === undefined ? [] : [child];
  }
  if (def.type === "record") return [def.valueType];
  if (def.type === "array") return [def.element];
  return [];
}

/** Through defaults, optionals and transforms to what is inside; every branch of a union. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "union") return def.options.flatMap(unwrapped);
  const inside = insideOf(schema);
  return inside === null ? [schema] : unwrapped(inside);
}

function insideOf(schema: z.core.$ZodType): z.core.$ZodType | null {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "default":
    case "prefault":
    case "optional":
    case "nullable":
    case "nonoptional":
    case "readonly":
    case "catch":
      return def.innerType;
    case "pipe":
      return def.in;
    case "lazy":
      return def.getter();
    default:
      return null;
  }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[part];
  }
  return at;
}

function nounOf(expected: string): string {
  const nouns: Record<string, string> = {
    string: "text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    array: "a list",
    object: "a map",
    record: "a map",
  };
  return nouns[expected] ?? expected;
}

function wanted(expected: string): string {
  return expected === "nonoptional" || expected === "undefined" ? "" : `it must be ${nounOf(expected)}`;
}

function kindOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "boolean") return String(value);
  return typeof value === "string" ? "text" : typeof value === "number" ? "a number" : typeof value;
}

function quoteHint(expected: string, got: unknown): string {
  return expected === "string" && (typeof got === "number" || typeof got === "boolean")
    ? `put it in quotes: "${got}"`
    : "";
}

function nearHint(got: string, values: readonly string[]): string {
  const hint = hintFor(got, values);
  return hint.startsWith("did you mean") ? hint : "";
}

function hintForKey(key: string, known: readonly string[]): string {
  return key === "<<"
    ? "merge keys are no longer YAML (1.2): write the keys out, or use *anchor as a whole value"
    : hintFor(key, known);
}

function tooSmall(origin: string, minimum: number | bigint): string {
  if (origin === "string") return "must not be empty";
  if (origin === "array") return "needs at least one entry";
  return `must be at least ${minimum}`;
}
