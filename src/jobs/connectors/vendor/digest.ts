import { createHash } from "node:crypto";

/** An intent key in a form that every target takes: 64 characters of hex, the same for the same key. */
export const digestOf = (...parts: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex");
