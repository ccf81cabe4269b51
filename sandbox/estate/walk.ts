import type { Agenda } from "./agenda.ts";

/** An amount that grows with drill time. Instants are epoch ms. */
export interface Walk {
  done(): number;
  /** Grows from what is done at `from` (default: now) up to `to`, at so much a second; `arrived` is told the instant. */
  go(leg: { to: number; rate: number; from?: number; arrived: (atMs: number) => Promise<void> | void }): void;
  /** Stays where it is. */
  halt(): void;
}

/**
 * The amount is worked out when it is looked at, so that hours of drill time cost one entry on the agenda. A leg that is
 * begun in `arrived` at the instant given there loses nothing, however late the agenda was looked at.
 */
export function openWalk(agenda: Agenda, now: () => number, start = 0): Walk {
  let base = start;
  let leg: { since: number; rate: number; to: number; cancel: () => void } | null = null;
  const done = () =>
    leg === null ? base : Math.min(leg.to, base + (Math.max(0, now() - leg.since) / 1_000) * leg.rate);
  const halt = () => {
    base = done();
    leg?.cancel();
    leg = null;
  };
  return {
    done,
    halt,
    go: ({ to, rate, from, arrived }) => {
      halt();
      const since = from ?? now();
      const at = since + Math.ceil((Math.max(0, to - base) / rate) * 1_000);
      const cancel = agenda.at(at, () => {
        base = to;
        leg = null;
        return arrived(at);
      });
      leg = { since, rate, to, cancel };
    },
  };
}
