import { z } from "zod";

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `250ms 30s 5m 3h 2d` -> milliseconds; null when it is none. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  const unit = match?.[2];
  if (match === null || (unit !== "ms" && unit !== "s" && unit !== "m" && unit !== "h" && unit !== "d")) return null;
  return Math.round(Number(match[1]) * UNIT_MS[unit]);
}

/** A duration as drills and catalogues write it, as milliseconds. */
export const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  context.addIssue({ code: "custom", message: `"${text}" is not a duration: write 30s, 5m, 3h or 2d` });
  return z.NEVER;
});
