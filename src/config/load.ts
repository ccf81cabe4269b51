import { readFileSync } from "node:fs";
import type { z } from "zod";
import { ConfigError, messageOf } from "../base/errors.ts";
import { type Catalogue, catalogueSchema } from "./catalogue.ts";
import { type ConfigDocument, pathText, readDocument } from "./document.ts";
import { type Finding, findingsOf } from "./issues.ts";
import { hintFor } from "./nearest.ts";
import { checkReferences } from "./references.ts";
import { type UnsignedParts, unsignedSources } from "./unsigned.ts";

/** What each plug-in accepts as its entry under `sources:` and `targets:`, by kind and by connector name. */
export interface PluginSchemas {
  readonly sources: Readonly<Record<string, z.core.$ZodType>>;
  readonly connectors: Readonly<Record<string, z.core.$ZodType>>;
  readonly unsigned?: UnsignedParts;
}

export interface LoadOptions {
  /** How the file is called in messages. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly plugins: PluginSchemas;
  /** `nightdesk check --no-env`: a variable that is not set is no error here, only a note. */
  readonly allowUnset?: boolean;
}

/**
 * `warnings` keep nothing from starting: what looks wrong (in the form of errors), then what comes in without a signature,
 * then the sources that sign nothing.
 */
export interface LoadedCatalogue {
  /** Null only with `allowUnset`, when a value that is not known keeps it from being built. */
  readonly catalogue: Catalogue | null;
  readonly warnings: readonly string[];
  /** Names that are not set, in the same form; empty without `allowUnset`. */
  readonly unset: readonly string[];
}

/** Enough to mend a file by; a list of hundreds says less. */
const MOST_PROBLEMS = 50;

/** Reads the catalogue's file. Throws `ConfigError` with every problem found: `file:line:column: path: what; hint`. */
export function loadCatalogue(options: LoadOptions): { catalogue: Catalogue; warnings: readonly string[] } {
  const { catalogue, warnings } = parseCatalogue(readText(options.file), { ...options, allowUnset: false });
  if (catalogue === null) throw new Error("a catalogue without problems could not be built");
  return { catalogue, warnings };
}

/** The file's text; a `ConfigError` that says what to do when there is none. */
export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw new ConfigError([
      missing
        ? `${file}: there is no such file; NIGHTDESK_CATALOGUE names the catalogue (default ./nightdesk.yml)`
        : `${file}: cannot be read: ${messageOf(error)}`,
    ]);
  }
}

/** The same from text. */
export function parseCatalogue(text: string, options: LoadOptions): LoadedCatalogue {
  const document = readDocument(text, options.env);
  const line = (finding: Finding) => render(finding, document, options.file);
  const unset = document.unset.map((one) => line({ path: one.path, message: one.message, hint: "" }));
  const errors = document.problems.map(
    (one) => `${options.file}:${one.position.line}:${one.position.column}: ${join(pathText(one.path), one.message)}`,
  );
  if (errors.length > 0) throw new ConfigError(errors.slice(0, MOST_PROBLEMS));

  const parsed = catalogueSchema.safeParse(document.value ?? {});
  const shape = parsed.success
    ? []
    : findingsOf(parsed.error.issues, { schema: catalogueSchema, value: document.value ?? {}, base: [] });
  const found = [...shape, ...checkPlugins(document.value, options.plugins)].filter(
    (finding) => !document.isUnset(finding.path),
  );
  const references = parsed.success ? checkReferences(parsed.data) : { errors: [], warnings: [] };
  const all = [...found, ...references.errors.filter((finding) => !document.isUnset(finding.path))];
  const problems = [...(options.allowUnset ? [] : unset), ...inOrder(all, document).map(line)];
  if (problems.length > 0) throw new ConfigError(shorten([...new Set(problems)]));
  const kept = parsed.success ? unsignedSources(parsed.data, options.plugins.unsigned ?? {}) : [];
  return {
    catalogue: parsed.success ? deepFreeze(parsed.data) : null,
    warnings: [...inOrder(references.warnings, document).map(line), ...kept],
    unset: options.allowUnset ? unset : [],
  };
}

/** Each source's and target's entry against the schema of the plug-in that it names. */
function checkPlugins(value: unknown, plugins: PluginSchemas): Finding[] {
  return [
    ...checkSection(value, { section: "sources", key: "kind", schemas: plugins.sources }),
    ...checkSection(value, { section: "targets", key: "connector", schemas: plugins.connectors }),
  ];
}

function checkSection(
  value: unknown,
  about: {
    section: "sources" | "targets";
    key: "kind" | "connector";
    schemas: Readonly<Record<string, z.core.$ZodType>>;
  },
): Finding[] {
  const entries = isMap(value) ? value[about.section] : undefined;
  if (!isMap(entries)) return [];
  return Object.entries(entries).flatMap(([name, entry]) => {
    const plugin = isMap(entry) ? entry[about.key] : undefined;
    if (typeof plugin !== "string" || plugin === "") return [];
    const base = [about.section, name];
    const schema = Object.hasOwn(about.schemas, plugin) ? about.schemas[plugin] : undefined;
    if (schema !== undefined) return checkEntry(schema, ownPart(entry), { base, key: about.key });
    const hint = hintFor(plugin, Object.keys(about.schemas));
    return [{ path: [...base, about.key], message: `there is no ${about.key} "${plugin}"`, hint }];
  });
}

/** Without the keys that every target may have, whatever its connector. */
function ownPart(entry: unknown): unknown {
  if (!isMap(entry)) return entry;
  const { fanout: _, ...own } = entry;
  return own;
}

function checkEntry(schema: z.core.$ZodType, entry: unknown, at: { base: string[]; key: string }): Finding[] {
  const result = (schema as z.ZodType).safeParse(entry);
  if (result.success) return [];
  const findings = findingsOf(result.error.issues, { schema, value: entry, base: at.base });
  return findings.filter((finding) => !(finding.message === "unknown key" && finding.path.at(-1) === at.key));
}

function render(finding: Finding, document: ConfigDocument, file: string): string {
  const { line, column } = document.positionOf(finding.path, finding.at);
  const message = document.mask(finding.message, finding.path);
  const text = finding.hint === "" ? message : `${message}; ${finding.hint}`;
  return `${file}:${line}:${column}: ${join(pathText(finding.path), text)}`;
}

function join(path: string, message: string): string {
  return path === "" ? message : `${path}: ${message}`;
}

function inOrder(findings: readonly Finding[], document: ConfigDocument): Finding[] {
  const place = (finding: Finding) => {
    const { line, column } = document.positionOf(finding.path, finding.at);
    return line * 100_000 + column;
  };
  return [...findings].sort((a, b) => place(a) - place(b));
}

function shorten(problems: string[]): string[] {
  const more = problems.length - MOST_PROBLEMS;
  return more > 0 ? [...problems.slice(0, MOST_PROBLEMS), `… and ${more} more`] : problems;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Frozen through and through, and without inherited keys: names that people type are looked up in these maps, and
 * `constructor` must not be found. Compiled patterns are left alone (they keep caches of their own).
 */
function deepFreeze<T>(value: T): T {
  if (Array.isArray(value)) {
    for (const item of value) deepFreeze(item);
    return Object.freeze(value);
  }
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(Object.setPrototypeOf(value, null));
}
