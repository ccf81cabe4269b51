import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import type { HttpResponse } from "../../../base/http.ts";
import { jsonOf } from "../http/fields.ts";

/** What a target of the job contract answers, as far as it is used. What is only shown may be missing or malformed. */
const text = z.string().nullish().catch(null);
const count = z.number().int().nonnegative().optional().catch(undefined);
const instant = z.string().transform((value, context) => {
  try {
    return Temporal.Instant.from(value);
  } catch {
    context.addIssue({ code: "custom", message: "not an instant" });
    return z.NEVER;
  }
});
const yes = z.boolean().optional().catch(undefined);

export const identityAnswer = z.object({ environment: z.string(), service: text });

export const jobAnswer = z.object({
  state: z.enum(["idle", "running", "paused"]),
  execution: text,
  version: text,
  size: count,
  readers: text,
  can: z
    .object({
      abort: z.enum(["none", "soft", "hard"]).optional().catch(undefined),
      snapshot: yes,
      restore: yes,
      pause: yes,
      resumeFrom: yes,
      versions: z.array(z.string()).optional().catch(undefined),
      items: z.number().optional().catch(undefined),
      compare: yes,
    })
    .optional()
    .catch(undefined),
});
export type JobAnswer = z.output<typeof jobAnswer>;

export const executionAnswer = z.object({
  id: z.string().min(1),
  key: text,
  state: z.enum(["running", "paused", "succeeded", "failed", "aborted"]),
  stopping: yes,
  version: text,
  progress: z
    .object({ stage: count, stages: count, stageName: text, done: count, total: count, unit: text })
    .nullish()
    .catch(null),
  attempt: z
    .object({ number: z.number().int(), of: z.number().int(), nextAt: instant.nullish().catch(null) })
    .nullish()
    .catch(null),
  error: z.object({ code: text, message: text, retryable: yes, stage: count }).nullish().catch(null),
  evidence: text,
  log: z
    .object({ lines: z.array(z.string()).catch([]), cursor: text, url: text })
    .nullish()
    .catch(null),
});
export type ExecutionAnswer = z.output<typeof executionAnswer>;

export const executionsAnswer = z.object({ executions: z.array(executionAnswer) });

export const snapshotAnswer = z.object({
  ref: z.string().min(1),
  takenAt: instant,
  items: count,
  state: z.string(),
});
export type SnapshotAnswer = z.output<typeof snapshotAnswer>;

export const itemsAnswer = z.object({
  results: z.array(
    z.object({
      id: z.string(),
      state: z.enum(["done", "failed", "missing", "superseded", "skipped"]),
      detail: text,
    }),
  ),
});

export const idsAnswer = z.object({ ids: z.array(z.string()), next: z.string().nullable() });

/** The answer in the shape of `schema`; null when it is something else. */
export function readAs<Shape extends z.ZodType>(schema: Shape, response: HttpResponse): z.output<Shape> | null {
  const parsed = schema.safeParse(jsonOf(response.body));
  return parsed.success ? parsed.data : null;
}
