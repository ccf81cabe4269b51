import { createHash } from "node:crypto";
import type { Db } from "../../store/store.ts";
import { newestKeyWith } from "../requests.store.ts";

/** Two presses within so long, by the workspace's clock, are a double click. */
const DOUBLE_CLICK_MS = 3_000;

export interface Press {
  readonly user: string;
  /** Of the message or the view that has the button. */
  readonly place: string;
  readonly value: string;
  /** `1702307100.000100`: when it was pressed. */
  readonly actionTs: string;
}

/**
 * The key of a press. A second press of the same button by the same person within 3 s has the key of the first; pressed
 * later it is a new request. Presses that come at the same moment are taken one after the other.
 */
export function createPressKeys(db: Db): <T>(press: Press, keep: (key: string) => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();

  return async (press, keep) => {
    const value = createHash("sha256").update(press.value).digest("hex").slice(0, 16);
    const prefix = `press:${press.user}:${press.place}:${value}:`;
    const before = last.get(prefix) ?? Promise.resolve();
    const mine = before.then(async () => keep(await keyFor(prefix, press.actionTs)));
    const settled = mine.then(
      () => {},
      () => {},
    );
    last.set(prefix, settled);
    try {
      return await mine;
    } finally {
      if (last.get(prefix) === settled) last.delete(prefix);
    }
  };

  async function keyFor(prefix: string, actionTs: string): Promise<string> {
    const newest = await newestKeyWith(db, prefix);
    const sinceMs = newest === null ? Number.POSITIVE_INFINITY : msOf(actionTs) - msOf(newest.slice(prefix.length));
    return newest !== null && Math.abs(sinceMs) < DOUBLE_CLICK_MS ? newest : prefix + actionTs;
  }
}

const msOf = (ts: string): number => Number(ts) * 1_000;
