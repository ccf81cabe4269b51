/** Two ascending streams of ids, compared a page at a time. Pure. */

export const ONLY_IN_TARGET = "only in the target";
export const ONLY_IN_SOURCE = "only in the source";

/** One side: the ids at hand, and whether more pages follow them. */
export interface Side {
  readonly ids: readonly string[];
  readonly more: boolean;
}

export interface Difference {
  readonly id: string;
  readonly where: typeof ONLY_IN_TARGET | typeof ONLY_IN_SOURCE;
}

export interface Merged {
  readonly found: readonly Difference[];
  /** Up to here (inclusive) both sides are compared; null: nothing was. */
  readonly upTo: string | null;
  /** How many ids of each side were used up. */
  readonly used: { readonly source: number; readonly target: number };
}

/**
 * Compares as far as both sides are known: until one of them is used up and has more to come. Ids ascend by UTF-16 code
 * unit, as JavaScript's `<` has it.
 */
export function merge(source: Side, target: Side): Merged {
  const found: Difference[] = [];
  let s = 0;
  let t = 0;
  let upTo: string | null = null;
  for (;;) {
    const left = source.ids[s];
    const right = target.ids[t];
    if (left === undefined && right === undefined) break;
    if (left === undefined && source.more) break;
    if (right === undefined && target.more) break;
    if (left !== undefined && left === right) {
      s += 1;
      t += 1;
      upTo = left;
    } else if (right === undefined || (left !== undefined && left < right)) {
      upTo = left ?? upTo;
      if (left !== undefined) found.push({ id: left, where: ONLY_IN_SOURCE });
      s += 1;
    } else {
      upTo = right;
      found.push({ id: right, where: ONLY_IN_TARGET });
      t += 1;
    }
  }
  return { found, upTo, used: { source: s, target: t } };
}

/** Where two ids in a row do not ascend; null: nowhere. A side that is not in order cannot be compared. */
export function disorder(ids: readonly string[], after: string | null): string | null {
  let last = after;
  for (const id of ids) {
    if (last !== null && id <= last) return `${id} comes after ${last}`;
    last = id;
  }
  return null;
}
