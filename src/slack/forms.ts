import { z } from "zod";
import type { Question } from "../services/contract.ts";
import type { FormReference } from "./blocks/form.ts";

const field = z.object({
  key: z.string(),
  label: z.string(),
  hint: z.string().exactOptional(),
  expected: z.string().exactOptional(),
  options: z.array(z.object({ value: z.string(), label: z.string() })).exactOptional(),
  multiline: z.boolean().exactOptional(),
  optional: z.boolean().exactOptional(),
  initial: z.string().exactOptional(),
});
const question = z.object({
  id: z.string(),
  title: z.string(),
  lines: z.array(z.string()),
  look: z.enum(["green", "amber", "red"]),
  submit: z.string(),
  fields: z.array(field),
});
const withQuestion = z.object({ ask: question });

/** The question of a kept answer; null when it asks none. */
export function questionOf(answer: unknown): Question | null {
  const parsed = withQuestion.safeParse(answer);
  return parsed.success ? parsed.data.ask : null;
}

const reference = z.object({ request: z.number().int(), question: z.string() });

/** What a modal of ours carries; null for any other. */
export function referenceOf(privateMetadata: string): FormReference | null {
  try {
    const parsed = reference.safeParse(JSON.parse(privateMetadata));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
