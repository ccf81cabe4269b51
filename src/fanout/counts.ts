/** How the ids of a fan-out ended, and what that makes of the whole. Pure. */

export const ITEM_STATES = ["pending", "done", "failed", "missing", "superseded", "skipped"] as const;
export type ItemState = (typeof ITEM_STATES)[number];
export type EndedState = Exclude<ItemState, "pending">;

/** How many ids are in each state. */
export type ItemCounts = Readonly<Record<ItemState, number>>;

/** From what is kept (only ended states, absent is none) and the total. */
export function countsOf(kept: Readonly<Partial<Record<string, number>>>, total: number): ItemCounts {
  const ended = { done: 0, failed: 0, missing: 0, superseded: 0, skipped: 0 };
  for (const state of ENDED_STATES) ended[state] = kept[state] ?? 0;
  return { pending: total - endedOf(ended), ...ended };
}

const ENDED_STATES = ["done", "failed", "missing", "superseded", "skipped"] as const satisfies readonly EndedState[];

export const endedOf = (counts: Readonly<Record<EndedState, number>>): number =>
  ENDED_STATES.reduce((sum, state) => sum + counts[state], 0);

/** The counts after these results. */
export function counted(counts: ItemCounts, states: readonly EndedState[]): ItemCounts {
  const next: Record<ItemState, number> = { ...counts };
  for (const state of states) {
    next[state] += 1;
    next.pending -= 1;
  }
  return next;
}

/** `63,990 done, 10 failed`: what there is, the good first. */
export function countWords(counts: ItemCounts): string {
  const words = WORDS.filter(({ state }) => counts[state] > 0).map(
    ({ state, said }) => `${number(counts[state])} ${said}`,
  );
  return words.length === 0 ? "no ids" : words.join(", ");
}

const WORDS = [
  { state: "done", said: "done" },
  { state: "missing", said: "missing (the source no longer has them)" },
  { state: "superseded", said: "superseded (a newer fan-out has them)" },
  { state: "failed", said: "failed" },
  { state: "skipped", said: "skipped" },
  { state: "pending", said: "not handed over yet" },
] as const satisfies readonly { state: ItemState; said: string }[];

/** Every id has ended: what the run is. What the target found needless (missing, superseded, skipped) did not fail. */
export function verdict(counts: ItemCounts): "succeed" | "fail" {
  return counts.failed > 0 ? "fail" : "succeed";
}

/** How to hand the rest over again; "" when nothing is left. */
export function rest(run: number, counts: ItemCounts): string {
  const only = (["failed", "skipped"] as const).filter((state) => counts[state] > 0);
  if (only.length === 0) return "";
  return `: again with ${only.map((state) => `\`/sync resync --run=${run} --only=${state}\``).join(" and ")}`;
}

/** Progress is worth showing in two hundred steps; the last one always. */
export function showsMore(before: number, after: number, total: number): boolean {
  if (after >= total) return true;
  return Math.floor((before * SHOWN_STEPS) / total) !== Math.floor((after * SHOWN_STEPS) / total);
}

const SHOWN_STEPS = 200;

export const number = (count: number): string => count.toLocaleString("en-GB");
