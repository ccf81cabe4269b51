import { z } from "zod";
import { names } from "../scalars.ts";

export const environmentSchema = z.strictObject({
  aliases: names.default([]),
  protected: z.boolean().default(false),
  look: z.enum(["green", "amber", "red"]).default("green"),
});

export const serviceSchema = z.strictObject({ aliases: names.default([]), dependsOn: names.default([]) });
