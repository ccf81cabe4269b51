import { z } from "zod";
import { readRequirement } from "../requirement.ts";
import { duration, name, names } from "../scalars.ts";

export const parameterSchema = z
  .strictObject({
    type: z.enum(["string", "integer", "boolean", "date", "enum"]),
    pattern: z.string().optional(),
    values: names.optional(),
    required: z.boolean().default(false),
    description: z.string().optional(),
    default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  })
  .refine((parameter) => parameter.type !== "enum" || (parameter.values?.length ?? 0) > 0, {
    error: "an enum parameter needs values: [...]",
  });

export const backoffSchema = z
  .strictObject({
    first: duration.default(10_000),
    factor: z.number().min(1).default(2),
    max: duration.default(5 * 60_000),
  })
  .transform(({ first, factor, max }) => ({ firstMs: first, factor, maxMs: max }));

const approvalsSchema = z
  .strictObject({ count: z.int().min(1), role: name, expires: duration.default(30 * 60_000) })
  .transform(({ expires, ...rest }) => ({ ...rest, expiresMs: expires }));

export const jobEnvironmentSchema = z.strictObject({
  target: name,
  name: name.optional(),
  service: name.optional(),
  approvals: approvalsSchema.optional(),
  fromChannel: name.optional(),
});

const requirement = name.transform((text, context) => {
  const read = readRequirement(text);
  if (read !== null && read.rest === "")
    return { service: read.service, operator: read.operator, version: read.version };
  context.addIssue({ code: "custom", message: 'a requirement is written like "tcs >= 6.2" or "tcs = 6.2"' });
  return z.NEVER;
});

/** How ids are handed to a target: `batch` a call, `rate` a second, `parallel` calls at a time. */
export const fanoutSchema = z.strictObject({
  batch: z.int().min(1).max(10_000).default(100),
  rate: z.number().positive().max(1_000_000).optional(),
  parallel: z.int().min(1).max(32).default(4),
});

export const jobSchema = z
  .strictObject({
    title: name.optional(),
    aliases: names.default([]),
    parameters: z.record(name, parameterSchema).default({}),
    destructive: z.boolean().default(false),
    snapshot: z
      .union([z.strictObject({ none: name }), z.strictObject({ maxAge: duration })])
      .transform((snapshot) => ("none" in snapshot ? snapshot : { maxAgeMs: snapshot.maxAge }))
      .optional(),
    /** Of starts, and of each step; never endless. */
    maxAttempts: z.int().min(1).max(20).default(3),
    backoff: backoffSchema.default({ firstMs: 10_000, factor: 2, maxMs: 300_000 }),
    abortDeadline: duration.default(2 * 60_000),
    /** What people see who read what the job writes, until it has ended: told before a start that cannot be stopped. */
    readers: name.optional(),
    /** Deployed in the same environment before it may run: `tcs >= 6.2`. */
    requires: z.array(requirement).default([]),
    then: names.default([]),
    conflicts: names.default([]),
    expect: z
      .strictObject({ duration: duration.optional() })
      .transform((expected) => ({ durationMs: expected.duration ?? null }))
      .default({ durationMs: null }),
    environments: z.record(name, jobEnvironmentSchema),
  })
  .transform(({ abortDeadline, ...job }) => ({ ...job, abortDeadlineMs: abortDeadline }));
