import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { findingsOf } from "../config/issues.ts";
import { readBody } from "./body.ts";
import { problem, type Response } from "./respond.ts";

const MOST_BYTES = 65_536;

/** The JSON that a call of the API sends, or the answer that says what is wrong with it. `example`: a body that is right. */
export async function readAsked<T>(
  request: IncomingMessage,
  schema: z.ZodType<T>,
  example: string,
): Promise<{ readonly asked: T } | { readonly refused: Response }> {
  const read = await readBody(request, MOST_BYTES);
  if (read.kind !== "read") return { refused: problem(413, { code: "too_large", message: "At most 64 KiB." }) };
  const invalid = (message: string) => ({
    refused: problem(400, { code: "invalid", message, wayOut: `Send JSON: ${example}` }),
  });
  let value: unknown;
  try {
    value = JSON.parse(read.bytes.toString("utf8"));
  } catch {
    return invalid("The body is not JSON.");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { asked: parsed.data };
  const findings = findingsOf(parsed.error.issues, { schema, value, base: [] });
  const told = findings.map(
    ({ path, message, hint }) => `${path.join(".") || "the body"}: ${message}${hint && `; ${hint}`}`,
  );
  return invalid(`${told.join(", and ")}.`);
}
