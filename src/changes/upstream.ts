import type { Catalogue } from "../config/catalogue.ts";
import { namesOf } from "../config/names.ts";
import { carriedBy } from "./contracts.ts";

/** How a service comes to feel a change of another one. */
export interface Reach {
  /** 0: it is the service itself; 1: what it depends on or reads from directly; and so on. */
  readonly depth: number;
  /** From the service to the other, both included. */
  readonly path: readonly string[];
}

interface Graph {
  /** What a service depends on or reads from, in the catalogue's order. */
  readonly next: ReadonlyMap<string, readonly string[]>;
  /** Every service that the catalogue speaks of. */
  readonly services: readonly string[];
  /** Contracts that a service reads, directly or nested, by owner. */
  readonly reads: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** Every service whose change `service` may feel, nearest first, the service itself at the head. Cycles are safe. */
export function upstreamOf(catalogue: Catalogue, service: string): ReadonlyMap<string, Reach> {
  const { next } = graphOf(catalogue);
  const found = new Map<string, Reach>([[service, { depth: 0, path: [service] }]]);
  for (const [name, { depth, path }] of found) {
    for (const other of next.get(name) ?? []) {
      if (!found.has(other)) found.set(other, { depth: depth + 1, path: [...path, other] });
    }
  }
  return found;
}

/** Every service that may feel a change of `service`, itself included: whose incidents it may be a suspect of. */
export function downstreamOf(catalogue: Catalogue, service: string): string[] {
  const { services } = graphOf(catalogue);
  return [...new Set([service, ...services.filter((other) => upstreamOf(catalogue, other).has(service))])];
}

/** The contract of `owner` that `reader` reads, directly or nested in another; null: none. */
export function contractBetween(catalogue: Catalogue, reader: string, owner: string): string | null {
  return graphOf(catalogue).reads.get(reader)?.get(owner) ?? null;
}

const cache = new WeakMap<Catalogue, Graph>();

function graphOf(catalogue: Catalogue): Graph {
  const known = cache.get(catalogue);
  if (known !== undefined) return known;
  const names = namesOf(catalogue);
  const reads = readsOf(catalogue);
  const next = new Map<string, string[]>();
  const join = (from: string, to: string) => {
    if (from !== to) next.set(from, [...new Set([...(next.get(from) ?? []), to])]);
  };
  for (const [service, { dependsOn }] of Object.entries(catalogue.services)) {
    for (const other of dependsOn) join(service, names.service(other));
  }
  for (const [reader, owners] of reads) for (const owner of owners.keys()) join(reader, owner);
  const services = [...new Set([...Object.keys(catalogue.services), ...next.keys(), ...[...next.values()].flat()])];
  const graph = { next, services, reads };
  cache.set(catalogue, graph);
  return graph;
}

/** Whoever consumes a contract reads what its owner writes, and what the owners of all that it carries write. */
function readsOf(catalogue: Catalogue): Map<string, Map<string, string>> {
  const names = namesOf(catalogue);
  const reads = new Map<string, Map<string, string>>();
  for (const [name, { consumers }] of Object.entries(catalogue.contracts)) {
    for (const carried of carriedBy(catalogue.contracts, name)) {
      const owner = catalogue.contracts[carried]?.owner;
      if (owner === undefined) continue;
      for (const consumer of consumers.map(names.service)) {
        const owners = reads.get(consumer) ?? new Map<string, string>();
        if (!owners.has(names.service(owner))) owners.set(names.service(owner), carried);
        reads.set(consumer, owners);
      }
    }
  }
  return reads;
}
