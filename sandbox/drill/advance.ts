/** What moves with drill time. All instants are epoch milliseconds of drill time. */
export interface Moving {
  readonly now: () => number;
  /** Sets the drill's clock; never backwards. */
  readonly moveTo: (instantMs: number) => Promise<void>;
  /** When something next falls due, in Nightdesk or the estate; null when nothing is planned. */
  readonly nextDueAt: () => Promise<number | null>;
  /** Lets what is due by now be done and waits for it. */
  readonly settle: () => Promise<void>;
}

/** Something that says it is due and is not done however often it is let would otherwise hold time for ever. */
const MOST_IDLE_STOPS = 50;

/**
 * Moves drill time to `target`, stopping at every instant at which something falls due, in order, and letting it be
 * done before going on. Returns at how many instants it stopped.
 */
export async function advance(target: number, moving: Moving): Promise<number> {
  let stops = 0;
  let idle = 0;
  await moving.settle();
  for (;;) {
    const now = moving.now();
    const due = await moving.nextDueAt();
    if (now >= target || due === null || due > target) break;
    if (due <= now) {
      idle++;
      if (idle > MOST_IDLE_STOPS) {
        throw new Error(`something has been due since ${new Date(due).toISOString()} and is not being done`);
      }
    } else {
      idle = 0;
      stops++;
      await moving.moveTo(due);
    }
    await moving.settle();
  }
  if (moving.now() < target) await moving.moveTo(target);
  await moving.settle();
  return stops;
}
