import { z } from "zod";
import { globList, name } from "../scalars.ts";

/** Conditions that must all hold; each list holds when any of its globs matches. */
export const matchSchema = z.strictObject({
  source: globList.optional(),
  services: globList.optional(),
  service: globList.optional(),
  jobs: globList.optional(),
  job: globList.optional(),
  environment: globList.optional(),
  environments: globList.optional(),
  signal: globList.optional(),
  severity: globList.optional(),
  title: globList.optional(),
  tags: z.record(name, globList).optional(),
});
