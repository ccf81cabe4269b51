/**
 * How an expected value of a drill is compared with what was found. Pure.
 *
 * - a number, boolean or string is exact; `"~ text"` contains, in any case; `"/regex/"` matches; `"<= 12"`, `">= 1"`,
 *   `"< 5"`, `"> 0"` compare; `null` is absent;
 * - a mapping: each of its keys, whatever else is there;
 * - a list: these in this order, others in between allowed; `{ exactly: [...] }` just these; `{ none: [...] }` none of
 *   these; one string where a list is found: one of them;
 * - an instant: drill time runs on while a step is played, so a whole minute holds for that minute and a whole second
 *   for that second; with a fraction it is exact.
 */

/** One difference: where, what was wanted, what was there. */
export interface Difference {
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Keys whose lists are sets: their order says nothing to a reader. */
const UNORDERED = new Set(["buttons", "services", "approvedBy", "ids"]);

/** Every difference between `expected` and `actual`; empty when it holds. `path` is how the place is called. */
export function differences(expected: unknown, actual: unknown, path: string): Difference[] {
  const wrong = [{ path, expected, actual }];
  if (expected === null) return actual === null || actual === undefined ? [] : wrong;
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return wrong;
    return isSet(path)
      ? expected
          .filter((one) => !actual.some((found) => holds(one, found)))
          .map((one) => ({ path, expected: one, actual }))
      : inOrder(expected, actual, path);
  }
  if (isMapping(expected)) return mapping(expected, actual, path);
  if (Array.isArray(actual)) return actual.some((one) => holds(expected, one)) ? [] : wrong;
  return scalar(expected, actual) ? [] : wrong;
}

/** Whether `expected` holds for `actual`. */
export function holds(expected: unknown, actual: unknown): boolean {
  return differences(expected, actual, "").length === 0;
}

/** Whether nothing at all (no rows, no text, zero) could satisfy it: such a line is judged only when all is settled. */
export function satisfiedByEmptiness(expected: unknown): boolean {
  if (expected === null || expected === false || typeof expected === "number") return true;
  if (typeof expected === "string") {
    const pattern = asRegExp(expected);
    if (pattern !== null) return pattern.test("");
    return /^(<=|<)\s/.test(expected) || expected === "" || expected === "~";
  }
  if (Array.isArray(expected)) return expected.length === 0 || expected.some(satisfiedByEmptiness);
  if (!isMapping(expected)) return false;
  const keys = Object.keys(expected);
  if (keys.length === 0) return true;
  return keys.some((key) => ["none", "exactly", "lacks"].includes(key) || satisfiedByEmptiness(expected[key]));
}

/** `/…/` with optional flags; null when it is none. Throws a `SyntaxError` when it is one that cannot be read. */
export function asRegExp(text: string): RegExp | null {
  const match = /^\/(.+)\/([imsu]*)$/s.exec(text);
  return match?.[1] === undefined ? null : new RegExp(match[1], match[2]);
}

const isSet = (path: string) => UNORDERED.has(path.split(".").at(-1) ?? "");

const inPlace = (wanted: readonly unknown[], actual: readonly unknown[]) =>
  wanted.every((one, index) => holds(one, actual[index]));

/** Whether each of `wanted` has one of its own, in any order. */
function pairs(wanted: readonly unknown[], actual: readonly unknown[]): boolean {
  const left = [...actual];
  return wanted.every((one) => {
    const found = left.findIndex((candidate) => holds(one, candidate));
    if (found >= 0) left.splice(found, 1);
    return found >= 0;
  });
}

function mapping(expected: Record<string, unknown>, actual: unknown, path: string): Difference[] {
  if ("exactly" in expected && Array.isArray(expected["exactly"])) {
    const wanted: unknown[] = expected["exactly"];
    if (!Array.isArray(actual)) return [{ path, expected, actual }];
    const same = wanted.length === actual.length && (isSet(path) ? pairs(wanted, actual) : inPlace(wanted, actual));
    return same ? [] : [{ path, expected, actual }];
  }
  if ("none" in expected && Array.isArray(expected["none"])) {
    if (!Array.isArray(actual)) return actual === undefined || actual === null ? [] : [{ path, expected, actual }];
    const unwanted: unknown[] = expected["none"];
    const found = actual.filter((one) => unwanted.some((not) => holds(not, one)));
    return found.length === 0 ? [] : [{ path, expected, actual: found }];
  }
  if (!isMapping(actual)) return [{ path, expected, actual }];
  return Object.entries(expected).flatMap(([key, value]) =>
    differences(value, actual[key], path === "" ? key : `${path}.${key}`),
  );
}

/** The earliest possible match for each is the best choice: it leaves most to those that follow. */
function inOrder(expected: readonly unknown[], actual: readonly unknown[], path: string): Difference[] {
  let from = 0;
  for (const [index, one] of expected.entries()) {
    const found = actual.findIndex((candidate, at) => at >= from && holds(one, candidate));
    if (found < 0) return [{ path: `${path}[${index}]`, expected: one, actual: actual.slice(from) }];
    from = found + 1;
  }
  return [];
}

function scalar(expected: unknown, actual: unknown): boolean {
  if (typeof expected === "boolean") return actual === expected;
  if (typeof expected === "number") return actual === expected;
  if (typeof expected !== "string" || (typeof actual !== "string" && typeof actual !== "number")) return false;
  const compared = /^(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)$/.exec(expected);
  if (compared !== null) return compare(Number(actual), compared[1] ?? "", Number(compared[2]));
  const text = String(actual);
  if (expected.startsWith("~")) return text.toLowerCase().includes(expected.slice(1).trim().toLowerCase());
  const pattern = asRegExp(expected);
  if (pattern !== null) return pattern.test(text);
  return text === expected || sameInstant(expected, text);
}

function compare(actual: number, sign: string, bound: number): boolean {
  switch (sign) {
    case "<=":
      return actual <= bound;
    case ">=":
      return actual >= bound;
    case "<":
      return actual < bound;
    default:
      return actual > bound;
  }
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function sameInstant(expected: string, actual: string): boolean {
  const parts = INSTANT.exec(expected);
  if (parts === null || !INSTANT.test(actual)) return false;
  const later = Date.parse(actual) - Date.parse(expected);
  const within = parts[2] !== undefined ? 1 : (parts[1] ?? ":00") === ":00" ? 60_000 : 1_000;
  return later >= 0 && later < within;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
