import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { type Forgotten, wakeForgotten } from "../jobs/forgotten.store.ts";
import type { Store } from "../store/store.ts";
import { startSweep } from "./sweep.ts";

const EVERY_MS = 60_000;

/** Now and every minute: no run that has to go on is without work. What should not have happened is logged. */
export function startReconciling(parts: { store: Store; clock: Clock; log: Logger; everyMs?: number }): {
  close(): Promise<void>;
} {
  const { store, clock, log, everyMs = EVERY_MS } = parts;
  return startSweep({
    name: "forgotten runs",
    everyMs,
    log,
    once: async () => {
      const lost = (await wakeForgotten(store, clock.now())).filter(isLost);
      if (lost.length === 0) return;
      log.warn(
        { runs: lost.map(({ number, state }) => `${number} ${state}`) },
        "nobody looked after these runs; now somebody does",
      );
    },
  });
}

/** Others wake a fan-out, and an unknown run may wait for a message or a person: that is as it should be. */
const isLost = ({ kind, state }: Forgotten): boolean => (kind === "run" || kind === "restore") && state !== "unknown";
