import { z } from "zod";
import { cron, duration, globList, name, zone } from "../scalars.ts";

const freezeScope = z.strictObject({ jobs: globList.default(["*"]), environments: globList.default(["*"]) });
export const freezeSchema = z.strictObject({
  name,
  deny: freezeScope.optional(),
  allow: freezeScope.optional(),
  cron: cron.optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  for: duration.optional(),
  zone: zone.optional(),
  then: z.enum(["refuse", "defer"]).default("refuse"),
  because: name,
});
