import type { Match } from "../config/catalogue.ts";

/**
 * What a `match` of the catalogue is held against. `services`, `environments` and `jobs` hold every way to write the one
 * that is meant, or every candidate: a rule for prod holds for what may have been prod.
 */
export interface Facts {
  readonly source: string;
  /** A signal's kind; `opened` when a person opened the incident. */
  readonly signal: string;
  readonly title: string;
  readonly severity: string | null;
  readonly services: readonly string[];
  readonly environments: readonly string[];
  readonly jobs: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** Whether all that the match gives holds. A match that gives nothing always holds. */
export function matches(match: Match, facts: Facts): boolean {
  return (
    holds(match.source, [facts.source]) &&
    holds(match.services, facts.services) &&
    holds(match.service, facts.services) &&
    holds(match.jobs, facts.jobs) &&
    holds(match.job, facts.jobs) &&
    holds(match.environment, facts.environments) &&
    holds(match.environments, facts.environments) &&
    holds(match.signal, [facts.signal]) &&
    holds(match.severity, facts.severity === null ? [] : [facts.severity]) &&
    holds(match.title, [facts.title]) &&
    Object.entries(match.tags ?? {}).every(([name, globs]) => {
      const value = Object.hasOwn(facts.tags, name) ? facts.tags[name] : undefined;
      return value !== undefined && holds(globs, [value]);
    })
  );
}

function holds(globs: readonly string[] | undefined, values: readonly string[]): boolean {
  return globs === undefined || values.some((value) => globs.some((glob) => globMatches(glob, value)));
}

/**
 * `*` is any run of characters, `?` exactly one; case does not count. Time is at most the product of both lengths,
 * whatever the glob: titles come from strangers.
 */
export function globMatches(glob: string, text: string): boolean {
  const pattern = glob.toLowerCase();
  const value = text.toLowerCase();
  let p = 0;
  let v = 0;
  let star = -1;
  let resume = 0;
  while (v < value.length) {
    if (p < pattern.length && pattern[p] === "*") {
      star = p++;
      resume = v;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === value[v])) {
      p++;
      v++;
    } else if (star >= 0) {
      p = star + 1;
      v = ++resume;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
