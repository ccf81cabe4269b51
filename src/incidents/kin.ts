import type { Catalogue } from "../config/catalogue.ts";
import { namesOf } from "../config/names.ts";
import { squashed } from "./fingerprint.ts";

/** What the catalogue knows of how things hang together, indexed once: who depends on whom, who shares a contract, who names whom. */
export interface Kin {
  /** Everything a service depends on, directly or not -> how many steps away. */
  upstreamsOf(service: string): ReadonlyMap<string, number>;
  /** What both depend on directly; what is directly there for nobody but one of them does not count. */
  sharedUpstreams(a: string, b: string): readonly string[];
  /** Services that a text speaks of as others: hosts, `calling tcs`, `tcs returned 503`. */
  servicesNamed(text: string): ReadonlySet<string>;
  /** Contracts that a text names, by themselves or by a shape that they contain -> the word that names them. */
  contractsNamed(text: string): ReadonlyMap<string, string>;
  /** Contracts that a service owns or consumes. */
  contractsOf(service: string): ReadonlySet<string>;
  /** Jobs that a text names. */
  jobsNamed(text: string): ReadonlySet<string>;
  /** How many steps one job comes after the other, as the catalogue's `then` says; null where it does not. */
  stepsAfter(job: string, before: string): number | null;
  targetOf(job: string, environment: string | null): string | null;
  /** How long before a job's deadline its trouble may have begun. */
  reachOf(job: string, environment: string | null): number;
  isProtected(environment: string): boolean;
}

const MOST_STEPS = 3;
/** A job without a monitor that says by when it must be over. */
const USUAL_REACH_MS = 2 * 3_600_000;

const cache = new WeakMap<Catalogue, Kin>();

export function kinOf(catalogue: Catalogue): Kin {
  const known = cache.get(catalogue);
  if (known !== undefined) return known;
  const made = make(catalogue);
  cache.set(catalogue, made);
  return made;
}

function make(catalogue: Catalogue): Kin {
  const names = namesOf(catalogue);
  const direct = new Map(
    Object.entries(catalogue.services).map(([name, { dependsOn }]) => [
      name,
      dependsOn.map((one) => names.service(one)),
    ]),
  );
  const directOf = (service: string) => direct.get(service) ?? [];
  const upstreams = new Map<string, ReadonlyMap<string, number>>();
  const upstreamsOf = (service: string) => {
    const before = upstreams.get(service);
    if (before !== undefined) return before;
    const found = new Map<string, number>();
    let edge = directOf(service);
    for (let step = 1; step <= MOST_STEPS && edge.length > 0; step += 1) {
      const next: string[] = [];
      for (const one of edge) {
        if (one === service || found.has(one)) continue;
        found.set(one, step);
        next.push(...directOf(one));
      }
      edge = next;
    }
    upstreams.set(service, found);
    return found;
  };
  const spoken = patternsOf(
    Object.keys(catalogue.services).map((name) => [name, names.waysToWrite("service", name)]),
    Object.keys(catalogue.environments).flatMap((name) => names.waysToWrite("environment", name)),
  );
  const jobNames = Object.keys(catalogue.jobs).map((name) => [name, names.waysToWrite("job", name)] as const);
  const families = familiesOf(catalogue);
  const protectedOnes = new Set(
    Object.entries(catalogue.environments).flatMap(([name, environment]) => (environment.protected ? [name] : [])),
  );
  return {
    upstreamsOf,
    sharedUpstreams: (a, b) => directOf(a).filter((one) => directOf(b).includes(one) && one !== a && one !== b),
    servicesNamed: (text) => new Set(spoken.flatMap(([name, pattern]) => (pattern.test(text) ? [name] : []))),
    contractsNamed: (text) => contractsIn(families, text),
    contractsOf: (service) =>
      new Set(families.flatMap(({ contract, members }) => (members.has(service) ? [contract] : []))),
    jobsNamed: (text) =>
      new Set(jobNames.flatMap(([name, ways]) => (ways.some((way) => saysName(text, way)) ? [name] : []))),
    stepsAfter: (job, before) => stepsAfter(catalogue, job, before),
    targetOf: (job, environment) =>
      (environment === null ? undefined : catalogue.jobs[job]?.environments[environment]?.target) ?? null,
    reachOf: (job, environment) => reachOf(catalogue, job, environment),
    isProtected: (environment) => protectedOnes.has(environment),
  };
}

/** Names of two words or more, as a whole: "person-sync", "Person search index"; `sync` alone names nothing. */
function saysName(text: string, name: string): boolean {
  if (name.length < 6 || !/[-_ ]|[a-z][A-Z]/.test(name)) return false;
  const at = text.toLowerCase().indexOf(name.toLowerCase());
  if (at === -1) return false;
  const around = `${text.charAt(at - 1)} ${text.charAt(at + name.length)}`;
  return !/[A-Za-z0-9]/.test(around.replace(" ", ""));
}

/**
 * A service is named by a host (`tcs.prod.internal`, `http://tcs:8080`), by a word that says what it does here, or by a
 * name that is no ordinary word. Many services have the names of ordinary things: "null reference" is no service.
 */
function patternsOf(
  services: readonly (readonly [string, readonly string[]])[],
  environments: readonly string[],
): (readonly [string, RegExp])[] {
  // Alarms and queues are often called by where they are first: `prod-tcs-dlq`.
  const place = environments.length === 0 ? "" : `(?:(?:${environments.map(literally).join("|")})[-_])?`;
  return services.map(([name, ways]) => {
    // A queue or an alarm of a service carries its name with something behind it.
    const end = "(?![\\w]|-(?!dlq|dead|queue|retry|errors?|prod|service|svc|api|5xx|4xx|[0-9]))";
    const parts = ways.filter((way) => way.length >= 2).map(literally);
    const plain = parts.map((part) => {
      const whole = `(?<![\\w-])${place}${part}${end}`;
      if (/[-_0-9]/.test(part)) return whole;
      const before =
        "(?:calling|call|calls|to|from|of|by|with|at|service|upstream|host|via|contact|reach|dependency|api|client|project)";
      const after =
        "(?:service|api|server|is|was|returned|responded|answered|unavailable|down|timed|refused|rejected|failed|does|gave|sent)";
      return `(?:https?://|@)${part}(?![\\w-])|(?<![\\w.-])${part}(?:\\.[a-z][\\w-]*)+(?![\\w(])|(?<![\\w.-])${part}:\\d{2,5}|\\b${before}\\s+["'\`]?${part}(?![\\w-])|(?<![\\w-])${part}["'\`]?[\\s:-]+${after}\\b`;
    });
    return [name, new RegExp(plain.length === 0 ? "(?!)" : plain.join("|"), "i")] as const;
  });
}

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

interface Family {
  readonly contract: string;
  /** Squashed word -> as it is written. */
  readonly shapes: ReadonlyMap<string, string>;
  readonly members: ReadonlySet<string>;
}

function familiesOf(catalogue: Catalogue): readonly Family[] {
  const names = namesOf(catalogue);
  const shapesOf = (contract: string) => {
    const shapes = new Map<string, string>();
    const add = (shape: string) => {
      if (shapes.has(squashed(shape))) return;
      shapes.set(squashed(shape), shape);
      for (const inner of catalogue.contracts[shape]?.contains ?? []) add(inner);
    };
    add(contract);
    return shapes;
  };
  const all = Object.entries(catalogue.contracts).map(([contract, { owner, consumers }]) => ({
    contract,
    shapes: shapesOf(contract),
    own: [owner, ...consumers].map((service) => names.service(service)),
  }));
  return all.map(({ contract, shapes }) => ({
    contract,
    shapes,
    // Who reads what carries it reads it too.
    members: new Set(all.flatMap((one) => (one.shapes.has(squashed(contract)) ? one.own : []))),
  }));
}

function contractsIn(families: readonly Family[], text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const words: readonly string[] = text.match(/[A-Za-z][\w-]*/g) ?? [];
  const inText = new Set(words.map(squashed));
  for (const { contract, shapes } of families) {
    for (const [squash, shape] of shapes) {
      // A shape with the name of an ordinary thing is meant only where it is written as a shape is.
      const ordinary = !/[a-z][A-Z]|[_-]/.test(shape);
      if (ordinary ? words.includes(shape) : inText.has(squash)) found.set(contract, shape);
    }
  }
  return found;
}

function stepsAfter(catalogue: Catalogue, job: string, before: string): number | null {
  let edge = [before];
  const seen = new Set(edge);
  for (let step = 1; step <= MOST_STEPS && edge.length > 0; step += 1) {
    edge = edge.flatMap((one) => catalogue.jobs[one]?.then ?? []).filter((one) => !seen.has(one));
    if (edge.includes(job)) return step;
    for (const one of edge) seen.add(one);
  }
  return null;
}

function reachOf(catalogue: Catalogue, job: string, environment: string | null): number {
  const monitors = Object.values(catalogue.monitors).flatMap((monitor) =>
    !("checkpoint" in monitor) && monitor.job === job && (environment === null || monitor.environment === environment)
      ? [monitor.finishBy ?? 0]
      : [],
  );
  const usual = (catalogue.jobs[job]?.expect.durationMs ?? 0) * 2;
  return Math.max(USUAL_REACH_MS, usual, ...monitors) + 15 * 60_000;
}
