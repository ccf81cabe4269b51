import { ConfigError } from "../base/errors.ts";
import { type PluginSchemas, parseCatalogue, readText } from "./load.ts";

export interface CheckResult {
  readonly exitCode: 0 | 1;
  /** Lines for people, complete. */
  readonly lines: readonly string[];
}

/**
 * `nightdesk check FILE`: every problem of a catalogue, or what was found in it. With `allowUnset` (for a pipeline
 * that has no secrets) variables that are not set are notes.
 */
export function checkCatalogue(
  file: string,
  options: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly plugins: PluginSchemas;
    readonly allowUnset?: boolean;
  },
): CheckResult {
  try {
    const { catalogue, warnings, unset } = parseCatalogue(readText(file), { ...options, file });
    const notes = unset.map((line) => `${line} (only a note here)`);
    return { exitCode: 0, lines: [...notes, ...warnings, `${file}: good: ${contents(catalogue)}`] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const count = error.problems.length;
    return { exitCode: 1, lines: [...error.problems, `${file}: ${count} ${count === 1 ? "problem" : "problems"}`] };
  }
}

const COUNTED = [
  ["environments", "environment"],
  ["people", "person", "people"],
  ["roles", "role"],
  ["sources", "source"],
  ["messages", "message pattern"],
  ["targets", "target"],
  ["jobs", "job"],
  ["routes", "route"],
] as const;

function contents(catalogue: ReturnType<typeof parseCatalogue>["catalogue"]): string {
  if (catalogue === null) return "as far as it can be known without those variables";
  return COUNTED.map(([section, one, many]) => {
    const count = Object.keys(catalogue[section]).length;
    return `${count} ${count === 1 ? one : (many ?? `${one}s`)}`;
  }).join(", ");
}
