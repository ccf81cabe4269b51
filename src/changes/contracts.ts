import type { Catalogue } from "../config/catalogue.ts";
import { namesOf } from "../config/names.ts";

export type Contracts = Catalogue["contracts"];

/** A service that a change of a shape reaches, and the way: the shape that it reads first, the one that changes last. */
export interface Reader {
  readonly service: string;
  readonly paths: readonly (readonly string[])[];
}

/** Whom a change of one shape reaches. */
export interface Impact {
  readonly contract: string;
  /** Null: the shape is only named inside of others, and nobody says whose it is. */
  readonly owner: string | null;
  /** What the shape itself carries, at any depth. */
  readonly carries: readonly string[];
  /** Services that read it, directly before nested. */
  readonly readers: readonly Reader[];
  /** Owners of the shapes that carry it: they write it too, each with the way. */
  readonly carriers: readonly Reader[];
}

/** Every shape that the catalogue names, as a contract or inside of one. */
export function shapesOf(contracts: Contracts): string[] {
  return [...new Set(Object.entries(contracts).flatMap(([name, { contains }]) => [name, ...contains]))];
}

/** The shape itself and all that it carries, nearest first. Cycles are safe. */
export function carriedBy(contracts: Contracts, name: string): string[] {
  const found = new Set([name]);
  for (const one of found) for (const inner of contracts[one]?.contains ?? []) found.add(inner);
  return [...found];
}

/** Whom a change of the shape `name` reaches. A shape that nobody names reaches nobody. */
export function impactOf(catalogue: Catalogue, name: string): Impact {
  const { contracts } = catalogue;
  const named = namesOf(catalogue);
  const ways = waysTo(contracts, name);
  const owner = contracts[name]?.owner;
  const readers = gathered(ways, (contract) => contracts[contract]?.consumers.map(named.service) ?? []);
  const carriers = gathered(ways, (contract) => {
    const whose = contract === name ? undefined : contracts[contract]?.owner;
    return whose === undefined ? [] : [named.service(whose)];
  });
  return {
    contract: name,
    owner: owner === undefined ? null : named.service(owner),
    carries: carriedBy(contracts, name).slice(1),
    readers,
    carriers,
  };
}

/** From every shape that carries `name`, and from itself, the shortest way to it; the shortest ways first. */
function waysTo(contracts: Contracts, name: string): ReadonlyMap<string, readonly string[]> {
  const outer = new Map<string, string[]>();
  for (const [contract, { contains }] of Object.entries(contracts)) {
    for (const inner of new Set(contains)) outer.set(inner, [...(outer.get(inner) ?? []), contract]);
  }
  const ways = new Map<string, readonly string[]>([[name, [name]]]);
  for (const [shape, way] of ways) {
    for (const contract of outer.get(shape) ?? []) if (!ways.has(contract)) ways.set(contract, [contract, ...way]);
  }
  return ways;
}

function gathered(
  ways: ReadonlyMap<string, readonly string[]>,
  servicesOf: (contract: string) => readonly string[],
): Reader[] {
  const found = new Map<string, (readonly string[])[]>();
  for (const [contract, way] of ways) {
    for (const service of new Set(servicesOf(contract))) found.set(service, [...(found.get(service) ?? []), way]);
  }
  return [...found].map(([service, paths]) => ({ service, paths }));
}

/** Contracts that a service owns, in the catalogue's order. */
export function ownedBy(catalogue: Catalogue, service: string): string[] {
  const names = namesOf(catalogue);
  return Object.entries(catalogue.contracts)
    .filter(([, { owner }]) => names.service(owner) === service)
    .map(([name]) => name);
}
