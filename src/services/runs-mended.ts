import type { Mended } from "./contract.ts";

/** Of a fan-out: the ids that can be handed over again. */
export const PARTS = ["failed", "skipped"] as const;
export type Part = (typeof PARTS)[number];

/** A run that has ended by its target's word and was asked for to set right what another run left, or found. */
export interface Mending {
  readonly id: number;
  readonly number: number;
  readonly parentId: number;
  /** `restore`: it brought a snapshot back. `delete`, `resync`: of a comparison. Else the ids of a fan-out that it took. */
  readonly what: "restore" | "delete" | "resync" | Part;
  readonly succeeded: boolean;
  /** What of its own ids is not done. */
  readonly left: readonly Part[];
}

export const NOT_MENDED: Mended = { restored: null, deleted: null, resynced: null, failed: [], skipped: [] };

/**
 * What set right what this run left, the newest of each sort. A fan-out that did not do all of what it took did it
 * together with those that did its own rest.
 */
export function mendedOf(id: number, mendings: readonly Mending[]): Mended {
  const newestFirst = mendings.filter(({ parentId }) => parentId === id).sort((a, b) => b.number - a.number);
  const proved = (what: Mending["what"]): number | null =>
    newestFirst.find((one) => one.succeeded && one.what === what)?.number ?? null;
  return {
    restored: proved("restore"),
    deleted: proved("delete"),
    resynced: proved("resync"),
    failed: restDone("failed", newestFirst, mendings) ?? [],
    skipped: restDone("skipped", newestFirst, mendings) ?? [],
  };
}

/** The numbers of the runs that did it, in their order; null: not all of it is done. */
function restDone(part: Part, newestFirst: readonly Mending[], mendings: readonly Mending[]): number[] | null {
  for (const one of newestFirst) {
    if (one.what !== part) continue;
    if (one.succeeded) return [one.number];
    const own = mendedOf(one.id, mendings);
    if (one.left.length > 0 && one.left.every((left) => own[left].length > 0)) {
      return [...new Set([one.number, ...one.left.flatMap((left) => own[left])])].sort((a, b) => a - b);
    }
  }
  return null;
}
