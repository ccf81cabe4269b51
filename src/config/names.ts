import type { Catalogue } from "./catalogue.ts";

/** Names as senders and people write them -> the catalogue's own. A name that the catalogue does not know stays as it is. */
export interface Names {
  environment(name: string): string;
  service(name: string): string;
  job(name: string): string;
  /** The same, or null where the catalogue knows no such name. */
  keyOf(kind: Kind, name: string): string | null;
  /** Every way to write it, the catalogue's own first: what globs of a `match` are compared with. */
  waysToWrite(kind: Kind, name: string): readonly string[];
}

type Kind = "environment" | "service" | "job";

/** The names of one catalogue, indexed once. Case and surrounding blanks do not count. */
export function namesOf(catalogue: Catalogue): Names {
  const known = cache.get(catalogue);
  if (known !== undefined) return known;
  const index = {
    environment: indexOf(Object.entries(catalogue.environments).map(([key, entry]) => [key, entry.aliases])),
    service: indexOf(Object.entries(catalogue.services).map(([key, entry]) => [key, entry.aliases])),
    job: indexOf(
      Object.entries(catalogue.jobs).map(([key, job]) => [
        key,
        [job.title, ...job.aliases, ...Object.values(job.environments).map((environment) => environment.name)],
      ]),
    ),
  };
  const resolve = (kind: Kind, name: string) => index[kind].own.get(fold(name)) ?? name.trim();
  const names: Names = {
    environment: (name) => resolve("environment", name),
    service: (name) => resolve("service", name),
    job: (name) => resolve("job", name),
    keyOf: (kind, name) => index[kind].own.get(fold(name)) ?? null,
    waysToWrite: (kind, name) => index[kind].ways.get(name) ?? [name],
  };
  cache.set(catalogue, names);
  return names;
}

const cache = new WeakMap<Catalogue, Names>();

const fold = (name: string) => name.trim().toLowerCase();

function indexOf(entries: readonly (readonly [string, readonly (string | undefined)[]])[]): {
  own: Map<string, string>;
  ways: Map<string, readonly string[]>;
} {
  const own = new Map<string, string>();
  const ways = new Map<string, readonly string[]>();
  // Own names first: an alias never takes another entry's name.
  for (const [key] of entries) own.set(fold(key), key);
  for (const [key, aliases] of entries) {
    const written = aliases.filter((alias) => alias !== undefined);
    ways.set(key, [...new Set([key, ...written])]);
    for (const alias of written) if (!own.has(fold(alias))) own.set(fold(alias), key);
  }
  return { own, ways };
}
