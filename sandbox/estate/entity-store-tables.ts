/** What one side knows of an entity. */
export interface Entity {
  readonly version: number;
  /** Epoch ms. */
  readonly updatedAt: number;
  /** What it belongs to, as `post/233420`. */
  readonly parent: string | null;
}

/** `table/id`; the table in lower case. */
export interface Ref {
  readonly table: string;
  readonly id: string;
}

export interface Page {
  readonly ids: readonly string[];
  /** What to ask after; null: that was all. */
  readonly next: string | null;
}

/** One table: its entities by id, and its ids in ascending order of UTF-16 code units, kept while it changes. */
function openTable() {
  const entities = new Map<string, Entity>();
  let sorted: string[] | null = null;

  /** Where `id` is or belongs. */
  function placeOf(ids: readonly string[], id: string): number {
    let low = 0;
    let high = ids.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ids[middle] ?? "") < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  return {
    entities,
    set: (id: string, entity: Entity) => {
      if (sorted !== null && !entities.has(id)) sorted.splice(placeOf(sorted, id), 0, id);
      entities.set(id, entity);
    },
    delete: (id: string): boolean => {
      if (!entities.delete(id)) return false;
      sorted?.splice(placeOf(sorted, id), 1);
      return true;
    },
    /** `parent`: only what belongs to it. */
    page: (after: string | null, limit: number, parent: string | null): Page => {
      sorted ??= [...entities.keys()].sort();
      const ids: string[] = [];
      let at = after === null ? 0 : placeOf(sorted, after);
      if (after !== null && sorted[at] === after) at++;
      for (; at < sorted.length && ids.length <= limit; at++) {
        const id = sorted[at] ?? "";
        if (parent === null || entities.get(id)?.parent === parent) ids.push(id);
      }
      if (ids.length <= limit) return { ids, next: null };
      ids.pop();
      return { ids, next: ids.at(-1) ?? null };
    },
  };
}

/** One side of the store: tables by name, those that it was given. */
export function openSide(tables: Iterable<string>) {
  const byName = new Map([...tables].map((name) => [name, openTable()]));
  const table = (name: string) => byName.get(name) ?? null;
  return {
    has: (name: string) => byName.has(name),
    get: ({ table: name, id }: Ref): Entity | null => table(name)?.entities.get(id) ?? null,
    set: ({ table: name, id }: Ref, entity: Entity) => table(name)?.set(id, entity),
    delete: ({ table: name, id }: Ref): boolean => table(name)?.delete(id) ?? false,
    page: (name: string, after: string | null, more: { limit: number; parent: string | null }): Page =>
      table(name)?.page(after, more.limit, more.parent) ?? { ids: [], next: null },
    size: () => [...byName.values()].reduce((sum, one) => sum + one.entities.size, 0),
  };
}

export type Side = ReturnType<typeof openSide>;

/** `placement/2568353` -> its parts; null when it is none. */
export function refOf(text: string): Ref | null {
  const match = /^([a-z][\w-]*)\/(.+)$/i.exec(text);
  return match === null ? null : { table: (match[1] ?? "").toLowerCase(), id: match[2] ?? "" };
}

export const nameOf = ({ table, id }: Ref): string => `${table}/${id}`;
