import type { EstateWorld } from "./contract.ts";

/** Things to do at instants of drill time, in order. */
export interface Agenda {
  /** `work` may put more on the agenda, also for the same instant. Returns how to take it off again. */
  at(instantMs: number, work: () => Promise<void> | void): () => void;
  nextDueAt(): number | null;
  /** Does everything that is due, one after the other. Calls overlap safely: a second one waits for the first. */
  tick(): Promise<void>;
  close(): void;
}

const EVERY_MS = 25;

/** An agenda that looks at the clock by itself, so that it works in a sandbox where nobody calls `tick`. */
export function openAgenda({ now, moving = () => false }: Pick<EstateWorld, "now" | "moving">): Agenda {
  const entries: { at: number; order: number; work: () => Promise<void> | void }[] = [];
  let order = 0;
  let queue: Promise<void> = Promise.resolve();

  const first = () =>
    entries.reduce<(typeof entries)[number] | null>((a, b) => (a !== null && earlier(a, b) ? a : b), null);

  const due = () => {
    const entry = first();
    return entry !== null && entry.at <= now() && !moving() ? entry : null;
  };

  async function doDue(): Promise<void> {
    for (let entry = due(); entry !== null; entry = due()) {
      entries.splice(entries.indexOf(entry), 1);
      await entry.work();
    }
  }

  const tick = () => {
    queue = queue.then(doDue);
    return queue;
  };
  const timer = setInterval(() => {
    if (due() !== null) void tick();
  }, EVERY_MS);
  timer.unref();

  return {
    at: (instantMs, work) => {
      const entry = { at: instantMs, order: order++, work };
      entries.push(entry);
      return () => {
        const index = entries.indexOf(entry);
        if (index >= 0) entries.splice(index, 1);
      };
    },
    nextDueAt: () => first()?.at ?? null,
    tick,
    close: () => {
      clearInterval(timer);
      entries.length = 0;
    },
  };
}

function earlier(a: { at: number; order: number }, b: { at: number; order: number }): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
