/** How a fan-out is cut into calls. Pure. */

export interface FanoutSettings {
  /** Ids a call. */
  readonly batch: number;
  /** Ids a second; absent: as fast as the target answers. */
  readonly rate?: number | undefined;
  /** Calls at a time. */
  readonly parallel: number;
}

export interface FanoutPlan {
  readonly batch: number;
  readonly parallel: number;
  readonly perSecond: number | null;
}

/**
 * `most`: what the target takes a call. With a rate, a call is never more than a second of it: whoever comes next to the
 * same target waits no longer than that.
 */
export function planOf(settings: FanoutSettings, most: number): FanoutPlan {
  const { rate } = settings;
  const bySecond = rate === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(rate));
  return {
    batch: Math.max(1, Math.min(settings.batch, most, bySecond)),
    parallel: settings.parallel,
    perSecond: rate ?? null,
  };
}

/** Calls at a time over all fan-outs together, before each has to share. */
const SLOTS = 64;

/** How many calls one of `running` fan-outs may have under way: never all there are, never none. */
export const shareOf = (parallel: number, running: number): number =>
  Math.max(1, Math.min(parallel, Math.floor(SLOTS / Math.max(1, running))));

/** How long handing over `count` ids takes at the target's rate; null: it has none. */
export const lastsMs = (count: number, perSecond: number | null): number | null =>
  perSecond === null ? null : Math.ceil((count / perSecond) * 1_000);
