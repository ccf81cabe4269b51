import type { Catalogue } from "../catalogue.ts";
import type { Path } from "../document.ts";
import { hintFor, nearest } from "../nearest.ts";

/** What the checks of the sections share. */

export type Say = (path: Path, message: string, hint: string) => void;

export interface Checks {
  readonly catalogue: Catalogue;
  readonly error: Say;
  readonly warn: Say;
}

/** A name without wildcards that names nothing gives nobody anything: most likely a typo. */
export function matchesSomething(
  globs: readonly string[],
  known: readonly string[],
  at: { path: Path; what: string; warn: Say },
): void {
  for (const glob of globs) {
    if (/[*?]/.test(glob) || known.includes(glob)) continue;
    at.warn(at.path, `no ${at.what} is called "${glob}"`, hintFor(glob, known));
  }
}

/**
 * A name that only relates (runs after, must not run beside, is spoken of): near a known one it is a slip and an error;
 * far from all it may be something that this catalogue does not have, and is said.
 */
export function checkRelated(
  { error, warn }: Checks,
  name: string,
  at: { path: Path; what: string; known: readonly string[] },
): void {
  if (at.known.includes(name)) return;
  const slip = nearest(name, at.known) !== null;
  (slip ? error : warn)(at.path, `there is no ${at.what} "${name}"`, hintFor(name, at.known));
}

/** Services need not be declared (the section gives them aliases and order): a name near a declared one is only suspicious. */
export function checkService({ catalogue, warn }: Checks, service: string, path: Path): void {
  const known = withAliases(catalogue.services);
  const near = known.includes(service) ? null : nearest(service, known);
  if (near !== null) warn(path, `"${service}" is not among the services`, `did you mean "${near}"?`);
}

export function withAliases(section: Readonly<Record<string, { aliases: readonly string[] }>>): string[] {
  return Object.entries(section).flatMap(([name, { aliases }]) => [name, ...aliases]);
}
