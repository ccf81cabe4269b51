import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";

/** Does `once` now and again `everyMs` after each end, until closed. What it throws is logged; it goes on. */
export function startSweep(parts: { name: string; everyMs: number; log: Logger; once: () => Promise<void> }): {
  close(): Promise<void>;
} {
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const turn = () => {
    running = parts
      .once()
      .catch((error: unknown) => parts.log.warn({ sweep: parts.name, error: messageOf(error) }, "a sweep failed"))
      .then(() => {
        if (!closed) timer = setTimeout(turn, parts.everyMs);
      });
  };
  turn();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
