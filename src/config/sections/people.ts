import { z } from "zod";
import { globList, name, names } from "../scalars.ts";
import { ACTIONS } from "../vocabulary.ts";

export const personSchema = z.strictObject({
  name,
  slack: name.optional(),
  email: z.email().optional(),
  /** What other systems call this person: the author that a pipeline names. */
  logins: names.optional(),
});

export const groupSchema = z.union([z.strictObject({ members: names }), z.strictObject({ slackGroup: name })]);

export const grantSchema = z.strictObject({
  actions: z.array(z.union([z.enum(ACTIONS), z.literal("*")])).min(1),
  jobs: globList.default(["*"]),
  environments: globList.default(["*"]),
});

export const roleSchema = z.strictObject({ members: names, allow: z.array(grantSchema).default([]) });
