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

/** What was kept for a press. `joined`: another press of the same click was being kept just then, and this is what it has. */
export interface Kept<T> {
  readonly value: T;
  readonly joined: boolean;
}

/**
 * Keeps a press under its key. A second press of the same button by the same person within 3 s has the key of the first;
 * pressed later it is a new request. Whoever presses a hundred times at once waits for one to be kept, not for a hundred.
 */
export function createPressKeys<T>(db: Db): (press: Press, keep: (key: string) => Promise<T>) => Promise<Kept<T>> {
  const underWay = new Map<string, { readonly key: Promise<string>; readonly value: Promise<T> }>();

  return async (press, keep) => {
    const value = createHash("sha256").update(press.value).digest("hex").slice(0, 16);
    const prefix = `press:${press.user}:${press.place}:${value}:`;
    for (let other = underWay.get(prefix); other !== undefined; other = underWay.get(prefix)) {
      if (isOneClick(sinceOf(await other.key, prefix), press.actionTs))
        return { value: await other.value, joined: true };
      await other.value.catch(() => {});
    }
    const key = keyFor(prefix, press.actionTs);
    const mine = { key, value: key.then(keep) };
    underWay.set(prefix, mine);
    try {
      return { value: await mine.value, joined: false };
    } finally {
      underWay.delete(prefix);
    }
  };

  async function keyFor(prefix: string, actionTs: string): Promise<string> {
    const newest = await newestKeyWith(db, prefix);
    return newest !== null && isOneClick(sinceOf(newest, prefix), actionTs) ? newest : prefix + actionTs;
  }
}

const sinceOf = (key: string, prefix: string): string => key.slice(prefix.length);

const isOneClick = (one: string, other: string): boolean => Math.abs(msOf(one) - msOf(other)) < DOUBLE_CLICK_MS;

const msOf = (ts: string): number => Number(ts) * 1_000;
