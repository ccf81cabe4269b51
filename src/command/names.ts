import { UserError } from "../base/errors.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { namesOf } from "../config/names.ts";
import { nearest } from "../config/nearest.ts";
import { list } from "./format.ts";

/** From what people type to the catalogue's names; every miss says the nearest name. Case never counts. */

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** The catalogue's key of a job, by key, alias, title or the name that its target uses. */
export function jobNamed(catalogue: Catalogue, word: string): string {
  const found = lookUpJob(catalogue, word);
  if (found !== null) return found;
  const known = Object.keys(catalogue.jobs);
  const meant = nearest(word, allWays(catalogue, "job"));
  throw unknown("job", word, { meant: meant === null ? null : lookUpJob(catalogue, meant), known });
}

const lookUpJob = (catalogue: Catalogue, word: string): string | null => namesOf(catalogue).keyOf("job", word);

/** The catalogue's key of an environment, by key or alias. */
export function environmentNamed(catalogue: Catalogue, word: string): string {
  const found = lookUpEnvironment(catalogue, word);
  if (found !== null) return found;
  const known = Object.keys(catalogue.environments);
  const meant = nearest(word, allWays(catalogue, "environment"));
  throw unknown("environment", word, { meant: meant === null ? null : lookUpEnvironment(catalogue, meant), known });
}

const lookUpEnvironment = (catalogue: Catalogue, word: string): string | null =>
  namesOf(catalogue).keyOf("environment", word);

/** Every way to write every entry of a kind: what a miss is compared with. */
const allWays = (catalogue: Catalogue, kind: "job" | "environment"): string[] =>
  Object.keys(kind === "job" ? catalogue.jobs : catalogue.environments).flatMap((key) =>
    namesOf(catalogue).waysToWrite(kind, key),
  );

/** `JOB ENV`; a job's title may be several words, and the other order is understood where it can only mean one thing. */
export function jobAndEnvironment(
  catalogue: Catalogue,
  words: readonly string[],
): { job: string; environment: string } {
  const last = words.at(-1);
  if (last === undefined) throw usage("Which job, and where?");
  if (words.length === 1) {
    const job = jobNamed(catalogue, last);
    throw usage(`Where should it be: ${list(environmentsOf(catalogue, job))}?`);
  }
  const [first = "", second = ""] = words;
  const turned = words.length === 2 && lookUpJob(catalogue, first) === null && lookUpEnvironment(catalogue, first);
  if (typeof turned === "string" && lookUpJob(catalogue, second) !== null) {
    return inEnvironment(catalogue, jobNamed(catalogue, second), turned);
  }
  const job = jobNamed(catalogue, words.slice(0, -1).join(" "));
  return inEnvironment(catalogue, job, environmentNamed(catalogue, last));
}

function inEnvironment(catalogue: Catalogue, job: string, environment: string): { job: string; environment: string } {
  const there = environmentsOf(catalogue, job);
  if (!there.includes(environment)) {
    throw new UserError("not_found", {
      code: "job_not_there",
      message: `${job} is not in ${environment}.`,
      wayOut: there.length === 0 ? "It is in no environment yet." : `It is in ${list(there)}.`,
    });
  }
  return { job, environment };
}

/** Whether a start there asks for a typed confirmation. */
export const isProtected = (catalogue: Catalogue, environment: string): boolean =>
  catalogue.environments[environment]?.protected === true;

const environmentsOf = (catalogue: Catalogue, job: string): string[] =>
  Object.keys(catalogue.jobs[job]?.environments ?? {});

/** Words in any order: at most one job and one environment (`status`, `history`, `permissions`). */
export function jobOrEnvironment(
  catalogue: Catalogue,
  words: readonly string[],
): { job?: string; environment?: string } {
  const whole = words.length > 1 ? lookUpJob(catalogue, words.join(" ")) : null;
  if (whole !== null) return { job: whole };
  const found: { job?: string; environment?: string } = {};
  for (const word of words) {
    const environment = lookUpEnvironment(catalogue, word);
    if (environment !== null && found.environment === undefined) found.environment = environment;
    else if (found.job === undefined) found.job = jobNamed(catalogue, word);
    else throw usage(`"${word}" is one word too many.`);
  }
  return found;
}

/** The catalogue's key of a person (else a Slack id), by key, name, e-mail, `@handle` or mention; `me` is `asker`. */
export function personNamed(catalogue: Catalogue, word: string, asker: string): string {
  if (same(word, "me")) return asker;
  const mention = /^<@([UW][A-Z0-9]+)>$/.exec(word)?.[1];
  const people = Object.entries(catalogue.people);
  if (mention !== undefined) return people.find(([, person]) => person.slack === mention)?.[0] ?? mention;
  const bare = word.replace(/^@/, "");
  const found = people.find(
    ([key, person]) =>
      same(key, bare) || same(person.name, bare) || (person.email !== undefined && same(person.email, bare)),
  );
  if (found !== undefined) return found[0];
  if (/^[UW][A-Z0-9]{2,}$/.test(bare)) return people.find(([, person]) => person.slack === bare)?.[0] ?? bare;
  const meant = nearest(
    bare,
    people.flatMap(([key, person]) => [key, person.name]),
  );
  const key = people.find(([name, person]) => name === meant || person.name === meant)?.[0] ?? null;
  throw unknown("person", bare, { meant: key, known: people.map(([name]) => name) });
}

/** `INC-3`, `inc 3`, `#3` or `3` -> 3; null when it is nothing of the kind. */
export function incidentNumber(word: string): number | null {
  const match = /^(?:inc(?:ident)?[-\s]?|#)?(\d{1,9})$/i.exec(word);
  return match === null ? null : Number(match[1]);
}

/** `run 7`, `run-7`, `#7` or `7` -> 7 and how many words it took; null when it is nothing of the kind. */
export function runNumber(words: readonly string[]): { run: number; took: number } | null {
  const [first = "", second = ""] = words;
  if (/^run$/i.test(first) && /^#?\d{1,9}$/.test(second)) return { run: Number(second.replace("#", "")), took: 2 };
  const one = /^(?:run-?|#)?(\d{1,9})$/i.exec(first);
  return one === null ? null : { run: Number(one[1]), took: 1 };
}

export const usage = (message: string, wayOut?: string): UserError =>
  new UserError("usage", { code: "usage", message, ...(wayOut === undefined ? {} : { wayOut }) });

const MOST_NAMED = 8;

function unknown(
  what: "job" | "environment" | "person",
  word: string,
  parts: { meant: string | null; known: readonly string[] },
): UserError {
  const shown = parts.known.slice(0, MOST_NAMED);
  const others = parts.known.length > shown.length ? `, and ${parts.known.length - shown.length} more` : "";
  return new UserError("not_found", {
    code: `unknown_${what}`,
    message: `No ${what} "${word}".`,
    wayOut:
      parts.meant !== null
        ? `Did you mean ${parts.meant}?`
        : shown.length === 0
          ? `The catalogue names no ${what} yet.`
          : `There is ${shown.join(", ")}${others}.`,
  });
}
