import type { Catalogue } from "./catalogue.ts";
import type { Path } from "./document.ts";
import { nearest } from "./nearest.ts";

type Contracts = Catalogue["contracts"];
type Say = (path: Path, message: string, hint: string) => void;

/**
 * Names inside of `contracts:`. A shape that is only carried needs no entry of its own, so a name that is near another one
 * is suspicious and no more; a circle is possible in data and said.
 */
export function checkContracts(
  contracts: Contracts,
  say: { readonly warn: Say; readonly service: (name: string, path: Path) => void },
): void {
  const names = Object.keys(contracts);
  for (const [name, { owner, contains, consumers }] of Object.entries(contracts)) {
    const path: Path = ["contracts", name];
    say.service(owner, [...path, "owner"]);
    consumers.forEach((consumer, index) => {
      say.service(consumer, [...path, "consumers", index]);
    });
    contains.forEach((inner, index) => {
      const near = names.includes(inner) ? null : nearest(inner, names);
      if (near !== null && near !== name) {
        say.warn([...path, "contains", index], `"${inner}" is not among the contracts`, `did you mean "${near}"?`);
      }
    });
  }
  for (const circle of circlesOf(contracts)) {
    const [first = ""] = circle;
    say.warn(["contracts", first, "contains"], `carries itself: ${[...circle, first].join(" → ")}`, "");
  }
}

/** Shapes that carry themselves, each circle once, beginning with its first name. */
export function circlesOf(contracts: Contracts): string[][] {
  const seen = new Set<string>();
  return Object.keys(contracts).flatMap((name) => {
    const circle = seen.has(name) ? null : circleFrom(contracts, name);
    for (const one of circle ?? []) seen.add(one);
    return circle === null ? [] : [circle];
  });
}

/** The shortest way from a shape through what it carries back to itself; null: there is none. */
function circleFrom(contracts: Contracts, name: string): string[] | null {
  const ways = new Map<string, string[]>((contracts[name]?.contains ?? []).map((inner) => [inner, [name]]));
  for (const [shape, way] of ways) {
    if (shape === name) return way;
    for (const inner of contracts[shape]?.contains ?? []) if (!ways.has(inner)) ways.set(inner, [...way, shape]);
  }
  return null;
}
