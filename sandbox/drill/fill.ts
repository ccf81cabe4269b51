import { readFileSync } from "node:fs";
import { parse } from "yaml";

/** What `${family.name…}` stands for in one drill. A missing name is a mistake of whoever wrote it. */
export interface Names {
  readonly env: Readonly<Record<string, string>>;
  readonly estate: Readonly<Record<string, { readonly url: string; readonly token: string }>>;
  readonly people: Readonly<Record<string, { readonly id: string }>>;
  readonly channels: Readonly<Record<string, { readonly id: string }>>;
}

type Family = keyof Names;
const PLACEHOLDER = /\$\{(env|estate|people|channels)\.([^}]+)\}/g;

/** `value` with every placeholder of these families replaced, in all strings at any depth. Throws on an unknown name. */
export function fill<T>(value: T, names: Partial<Names>): T;
export function fill(value: unknown, names: Partial<Names>): unknown {
  if (typeof value === "string") {
    return value.replace(PLACEHOLDER, (whole, family: Family, rest: string) => {
      const known = names[family];
      return known === undefined ? whole : lookUp(whole, { family, rest, known });
    });
  }
  if (Array.isArray(value)) return value.map((one) => fill<unknown>(one, names));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill<unknown>(one, names)]));
}

function lookUp(whole: string, at: { family: Family; rest: string; known: Readonly<Record<string, unknown>> }): string {
  if (at.family === "env") {
    const found = at.known[at.rest];
    if (typeof found === "string") return found;
    throw new Error(`${whole}: there is no such variable in this drill`);
  }
  const dot = at.rest.lastIndexOf(".");
  const entry = at.known[at.rest.slice(0, dot)];
  const what = at.family === "estate" ? ["url", "token"] : ["id"];
  const property = at.rest.slice(dot + 1);
  const found =
    typeof entry === "object" && entry !== null ? Object.entries(entry).find(([key]) => key === property) : undefined;
  if (dot > 0 && what.includes(property) && typeof found?.[1] === "string") return found[1];
  const known = Object.keys(at.known).map((name) => `\${${at.family}.${name}.${what[0]}}`);
  throw new Error(
    `${whole}: not known in this drill; there ${known.length === 1 ? "is" : "are"} ${known.join(", ") || "none"}`,
  );
}

/** The names of all `${env.X}` in it. */
export function variablesIn(value: unknown): string[] {
  return [...JSON.stringify(value ?? null).matchAll(/\$\{env\.([^}]+)\}/g)].map((match) => match[1] ?? "");
}

/** The catalogue as a mapping, from its file or as it stands in the drill. */
export function readCatalogue(given: string | Record<string, unknown>, resolve: (path: string) => string) {
  if (typeof given !== "string") return given;
  const file = resolve(given);
  let found: unknown;
  try {
    found = parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`the catalogue ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isMapping(found)) throw new Error(`the catalogue ${file} is not a mapping`);
  return found;
}

/**
 * Values for every variable that the catalogue names: the estate's addresses and tokens under the names that a real
 * catalogue would give them (`tis-sync-prod` is `TIS_SYNC_PROD_URL` and `TIS_SYNC_PROD_TOKEN`), made up for the rest.
 * The machine's own environment is never read: a drill must not hold anything that opens a real door.
 */
export function environmentFor(catalogue: unknown, estate: Names["estate"]): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of variablesIn(catalogue)) {
    env[name] = /_URL$/.test(name) ? NOWHERE : `drill-${name.toLowerCase().replaceAll("_", "-")}`;
  }
  for (const [name, target] of Object.entries(estate)) {
    const prefix = name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
    env[`${prefix}_URL`] = target.url;
    env[`${prefix}_TOKEN`] = target.token;
  }
  return env;
}

/** Nobody listens on the discard port: a call is refused at once, and nothing leaves this machine. */
const NOWHERE = "http://127.0.0.1:9";

/** The catalogue for this drill: names filled in, people with their Slack ids, every address on this machine. */
export function prepareCatalogue(catalogue: Record<string, unknown>, names: Names): Record<string, unknown> {
  const { env: _env, ...known } = names;
  const filled = fill(catalogue, known);
  const people = isMapping(filled["people"]) ? filled["people"] : {};
  for (const [key, person] of Object.entries(people)) {
    const id = names.people[key]?.id;
    if (isMapping(person) && person["slack"] === undefined && id !== undefined) person["slack"] = id;
  }
  for (const section of ["sources", "targets", "gates", "monitors"]) {
    if (isMapping(filled[section])) filled[section] = keepHere(filled[section]);
  }
  return filled;
}

function keepHere(value: unknown): unknown {
  if (typeof value === "string") return isElsewhere(value) ? NOWHERE : value;
  if (Array.isArray(value)) return value.map(keepHere);
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, keepHere(one)]));
}

function isElsewhere(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false;
  const { hostname } = new URL(text);
  return !(hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname));
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
