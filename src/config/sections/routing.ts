import { z } from "zod";
import { name, pattern } from "../scalars.ts";
import { matchSchema } from "./match.ts";

/** Where an id is in a signal: `tags.NAME`, or `message:/pattern/` (RE2). */
const entitySource = name.superRefine((text, context) => {
  if (/^tags\..+$/.test(text)) return;
  const source = /^message:\/([\s\S]+)\/$/.exec(text)?.[1];
  const parsed = source === undefined ? null : pattern.safeParse(source);
  if (parsed?.success === true) return;
  const message = parsed?.error.issues[0]?.message ?? 'an id is found by "tags.NAME" or "message:/pattern/"';
  context.addIssue({ code: "custom", message });
});

export const entitySchema = z.strictObject({
  match: matchSchema,
  entity: name,
  from: z.array(entitySource).min(1),
  resync: name.optional(),
});

export const routeSchema = z.strictObject({
  match: matchSchema.default({}),
  channel: name,
  mention: name.optional(),
});
