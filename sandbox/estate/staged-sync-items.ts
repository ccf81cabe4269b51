/** The entities behind a list, by id. All of it can be changed by a drill. */
export interface ItemsBehaviour {
  /** The ids that the source has; null: "1" to the number of items. */
  ids: readonly string[] | null;
  /** Not in the source (any more): in the copy only. */
  orphans: readonly string[];
  /** In the source only. */
  lost: readonly string[];
  /** Ids that cannot be written, with why. */
  itemErrors: Readonly<Record<string, string>>;
  /** Ids for which something newer is on its way. */
  superseded: readonly string[];
}

export type ItemState = "done" | "failed" | "missing" | "superseded" | "skipped";

export interface ItemResult {
  readonly id: string;
  readonly state: ItemState;
  readonly detail: string | null;
}

/** Both sides of a list, and what is done to single entities of it. Every id is looked up when it is its turn. */
export function openItems(given: ItemsBehaviour, items: () => number) {
  let behaviour = given;
  let source = new Set<string>();
  let copy = new Set<string>();
  const pages = new Map<Set<string>, readonly string[]>();
  const counts = { resynced: 0, missing: 0, deleted: 0, itemCalls: 0, maxItems: 0 };

  function fill(): void {
    const all = behaviour.ids ?? Array.from({ length: items() }, (_, index) => String(index + 1));
    const orphans = new Set(behaviour.orphans);
    const lost = new Set(behaviour.lost);
    source = new Set([...all, ...lost].filter((id) => !orphans.has(id)));
    copy = new Set([...all, ...orphans].filter((id) => !lost.has(id)));
    pages.clear();
  }
  fill();

  function one(op: "resync" | "delete", id: string): ItemResult {
    const error = behaviour.itemErrors[id];
    if (error !== undefined) return { id, state: "failed", detail: error };
    if (op === "delete") {
      if (source.has(id)) return { id, state: "skipped", detail: "the source still has it" };
      if (!copy.delete(id)) return { id, state: "missing", detail: "the copy does not have it" };
      counts.deleted++;
    } else {
      if (!source.has(id)) {
        counts.missing++;
        return { id, state: "missing", detail: "the source no longer has it" };
      }
      if (behaviour.superseded.includes(id)) return { id, state: "superseded", detail: "a newer one is on its way" };
      copy.add(id);
      counts.resynced++;
    }
    pages.clear();
    return { id, state: "done", detail: null };
  }

  return {
    behaviour: () => behaviour,
    change: (changed: Partial<ItemsBehaviour>) => {
      behaviour = { ...behaviour, ...changed };
      if (changed.ids !== undefined || changed.orphans !== undefined || changed.lost !== undefined) fill();
    },
    apply: (op: "resync" | "delete", ids: readonly string[]): ItemResult[] => {
      counts.itemCalls++;
      counts.maxItems = Math.max(counts.maxItems, ids.length);
      return ids.map((id) => one(op, id));
    },
    /** Ascending by UTF-16 code unit. */
    page: (side: "source" | "target", after: string | null, limit: number) => {
      const set = side === "source" ? source : copy;
      const sorted = pages.get(set) ?? [...set].sort();
      pages.set(set, sorted);
      const from = after === null ? 0 : sorted.findIndex((id) => id > after);
      const ids = from < 0 ? [] : sorted.slice(from, from + limit);
      const more = from >= 0 && from + limit < sorted.length;
      return { ids, next: more ? (ids.at(-1) ?? null) : null };
    },
    counts: () => ({ ...counts, copies: copy.size }),
  };
}

export type Items = ReturnType<typeof openItems>;
