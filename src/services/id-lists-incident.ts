import { RE2JS } from "re2js";
import type { Catalogue } from "../config/catalogue.ts";
import { type Facts, matches } from "../incidents/match.ts";

/** What of a signal (or of an event that Sentry tells of) can name entities. */
export interface Naming {
  readonly tags: Readonly<Record<string, string>>;
  /** Title and error text. */
  readonly message: string;
}

/** One way of the catalogue to find ids. */
export interface EntityRule {
  readonly entity: string;
  readonly matches: (facts: Facts) => boolean;
  readonly idsIn: (naming: Naming) => readonly string[];
}

/** How often each id was named, by entity, and what cannot be read. */
export interface Named {
  readonly ids: ReadonlyMap<string, number>;
  /** Ids that were redacted before they were kept. */
  readonly redacted: number;
}

/** The catalogue's rules for a job: those that name it under `resync`, and those that name none. */
export function entityRules(catalogue: Pick<Catalogue, "entities">, job: string): EntityRule[] {
  return catalogue.entities
    .filter(({ resync }) => resync === undefined || resync === job)
    .map(({ entity, match, from }) => {
      const readers = from.map(readerOf);
      return {
        entity,
        matches: (facts) => matches(match, facts),
        idsIn: (naming) => readers.flatMap((read) => read(naming)),
      };
    });
}

/** `tags.NAME`, or `message:/pattern/` (RE2; its first group, else the whole match; every match). */
function readerOf(from: string): (naming: Naming) => readonly string[] {
  const tag = /^tags\.(.+)$/.exec(from)?.[1];
  if (tag !== undefined) {
    return ({ tags }) => (Object.hasOwn(tags, tag) ? [tags[tag] ?? ""] : []);
  }
  const source = /^message:\/([\s\S]+)\/$/.exec(from)?.[1];
  if (source === undefined) return () => [];
  const pattern = RE2JS.compile(source);
  return ({ message }) => {
    const matcher = pattern.matcher(message);
    const found: string[] = [];
    while (matcher.find()) {
      const id = matcher.groupCount() > 0 ? matcher.group(1) : matcher.group();
      if (typeof id === "string") found.push(id);
    }
    return found;
  };
}

const REDACTED = /\[(?:redacted|secret|e-mail)\]/;

/** Adds up ids as they are named; in the order in which each was named first. */
export function createTally(): { add(ids: readonly string[]): void; named(): Named } {
  const ids = new Map<string, number>();
  let redacted = 0;
  return {
    add: (found) => {
      for (const id of found.map((one) => one.trim())) {
        if (REDACTED.test(id)) redacted += 1;
        else if (id !== "") ids.set(id, (ids.get(id) ?? 0) + 1);
      }
    },
    named: () => ({ ids, redacted }),
  };
}
