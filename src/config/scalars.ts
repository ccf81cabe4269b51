import { Cron } from "croner";
import { RE2JS } from "re2js";
import { z } from "zod";

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const name = z.string().min(1);
export const names = z.array(name);

/** `30s 5m 3h 2d` -> milliseconds. */
export const duration = z.string().transform((text, context) => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  const unit = match?.[2] as keyof typeof UNIT_MS | undefined;
  if (match === null || unit === undefined) {
    context.addIssue({ code: "custom", message: `"${text}" is not a duration: write 30s, 5m, 3h or 2d` });
    return z.NEVER;
  }
  return Math.round(Number(match[1]) * UNIT_MS[unit]);
});

/** `50%` -> 0.5 */
export const percentage = z.string().transform((text, context) => {
  const match = /^(\d{1,3})%$/.exec(text);
  if (match === null || Number(match[1]) > 100) {
    context.addIssue({ code: "custom", message: `"${text}" is not a percentage: write 50%` });
    return z.NEVER;
  }
  return Number(match[1]) / 100;
});

/** An IANA zone (or GMT, UTC). */
export const zone = z.string().refine(isZone, {
  error: (issue) => `"${String(issue.input)}" is not a time zone: write one like Europe/London`,
});

/** Five fields, six with seconds. */
export const cron = z.string().refine(isCron, {
  error: (issue) => `"${String(issue.input)}" is not a cron expression of five fields (six with seconds)`,
});

/** The name of an HTTP header, in lower case. */
export const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]+$/, { error: "a header's name has letters, digits and -" })
  .transform((text) => text.toLowerCase());

/** One glob or several. `*` matches any run of characters, `?` one. */
export const globList = z.union([z.string().transform((glob) => [glob]), z.array(z.string()).min(1)]);

/**
 * A regular expression that people write and strangers' text is matched against: compiled by RE2, whose time grows
 * with the length of the text only, so that no message can stall a worker.
 */
export const pattern = z.string().transform((source, context) => {
  try {
    return { source, regexp: RE2JS.compile(source) };
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).replace("error parsing regexp: ", "");
    context.addIssue({ code: "custom", message: `"${source}" is not a regular expression (RE2): ${why}` });
    return z.NEVER;
  }
});
export type Pattern = z.output<typeof pattern>;

/** Named groups of the first match of `pattern` in `text`; null when there is none. Unmatched groups are absent. */
export function matchPattern(pattern: Pattern, text: string): Record<string, string> | null {
  const matcher = pattern.regexp.matcher(text);
  if (!matcher.find()) return null;
  const groups: Record<string, string> = {};
  for (const name of Object.keys(pattern.regexp.namedGroups())) {
    const value = matcher.group(name);
    if (value !== null && value !== undefined) groups[name] = value;
  }
  return groups;
}

function isZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

function isCron(text: string): boolean {
  const fields = text.trim().split(/\s+/).length;
  if (fields !== 5 && fields !== 6) return false;
  try {
    new Cron(text, { paused: true });
    return true;
  } catch {
    return false;
  }
}
