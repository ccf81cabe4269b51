import { z } from "zod";
import { duration, name, pattern } from "../scalars.ts";
import { RELATIONS, SEVERITIES, SIGNAL_KINDS } from "../vocabulary.ts";
import { matchSchema } from "./match.ts";

export const messageSchema = z.strictObject({
  channel: name,
  pattern,
  signal: z.enum(SIGNAL_KINDS),
  environments: z.array(name).min(1),
  service: name.optional(),
});

const foldingKey = z.string().regex(/^(service|environment|job|cause|title|source|tags\..+)$/, {
  error: "a folding key is one of service, environment, job, cause, title, source, tags.<name>",
});

/** So many changes of one condition within that time are flapping; it is over after `quiet` without one. */
const flappingSchema = z
  .strictObject({
    changes: z.int().min(2).default(4),
    within: duration.default(30 * 60_000),
    quiet: duration.default(15 * 60_000),
  })
  .transform(({ changes, within, quiet }) => ({ changes, withinMs: within, quietMs: quiet }));

export const foldingSchema = z
  .strictObject({
    name,
    match: matchSchema.default({}),
    key: z.array(foldingKey).min(1),
    window: duration.default(4 * 3_600_000),
    reopenWithin: duration.default(30 * 60_000),
    /** False: only its key joins. A list: only these relations join beside the key. */
    relate: z.union([z.boolean(), z.array(z.enum(RELATIONS))]).default(true),
    flapping: z
      .union([z.literal(false), flappingSchema])
      .default({ changes: 4, withinMs: 30 * 60_000, quietMs: 15 * 60_000 }),
  })
  .transform(({ window, reopenWithin, ...rule }) => ({ ...rule, windowMs: window, reopenWithinMs: reopenWithin }));

export const severitySchema = z.strictObject({ match: matchSchema, severity: z.enum(SEVERITIES) });
