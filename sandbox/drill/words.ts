import { z } from "zod";
import { duration } from "../estate/duration.ts";
import { asRegExp } from "./match.ts";
import { hint } from "./problems.ts";

/** An instant with its zone: `2023-12-11T14:40:00Z`. As epoch milliseconds. */
export const instant = z.string().transform((text, context) => {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) && /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  context.addIssue({ code: "custom", message: `"${text}" is not an instant: write one like 2023-12-11T14:40:00Z` });
  return z.NEVER;
});

export { duration };

const text = z.string().refine(readable, {
  error: (issue) => `${String(issue.input)} is not a regular expression that can be read`,
});

/** What a single value is compared with. */
export const scalar = z.union([text, z.number(), z.boolean(), z.null()], {
  error: "a text, a number, true, false or null",
});

/** These in this order, `{ exactly: [...] }` or `{ none: [...] }`. */
export function listOf(element: z.ZodType) {
  return z.union([
    z.array(element),
    z.strictObject({ exactly: z.array(element) }),
    z.strictObject({ none: z.array(element) }),
  ]);
}

/** A fixed word, or a pattern for it: a typo in a `none` list would otherwise hold for ever. */
export function word(known: readonly string[]) {
  return z
    .string()
    .refine((given) => known.includes(given) || /^(~|\/)/.test(given), {
      error: (issue) => `"${String(issue.input)}" is not known.${hint(String(issue.input), known)}`,
    })
    .nullable();
}

/** Any value of JSON, compared key by key. */
export const anything: z.ZodType = z.lazy(() => z.union([scalar, z.array(anything), z.record(z.string(), anything)]));

export const STATUSES = ["open", "acknowledged", "mitigated", "resolved"] as const;
export const SEVERITIES = ["sev1", "sev2", "sev3", "sev4"] as const;
export const ENTRY_KINDS = [
  ...["signal", "run", "command", "message", "reaction", "file", "deploy", "status"],
  ...["severity", "note", "monitor", "merge", "notice", "export"],
] as const;
export const RUN_STATES = [
  ...["awaiting_approval", "deferred", "queued", "preparing", "starting", "retry_wait", "running", "paused"],
  ...["unknown", "aborting", "abort_unconfirmed", "restoring", "restore_failed", "refused", "rejected", "expired"],
  ...["withdrawn", "succeeded", "failed", "aborted"],
] as const;
export const MONITOR_STATES = [
  "ok",
  "due",
  "late",
  "missing_end",
  "overrun",
  "too_fast",
  "too_few",
  "missing_start",
  "stale",
  "paused",
  "snoozed",
] as const;
export const ITEM_STATES = ["pending", "done", "failed", "missing", "superseded", "skipped"] as const;
export const OUTCOMES = ["allowed", "asked", "denied"] as const;

function readable(given: string): boolean {
  try {
    asRegExp(given);
    return true;
  } catch {
    return false;
  }
}
