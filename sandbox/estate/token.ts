import { randomBytes } from "node:crypto";
import { z } from "zod";

/** The bearer token that a target accepts; one of its own where the drill gives none. */
export const token = z
  .string()
  .min(8)
  .default(() => randomBytes(12).toString("hex"));
