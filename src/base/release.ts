import { messageOf } from "./errors.ts";
import type { Logger } from "./log.ts";

/** Collects how to close what was opened; `close` runs them last-in-first-out, each once, and survives a failing one. */
export interface Releaser {
  add(name: string, close: () => Promise<void> | void): void;
  close(): Promise<void>;
}

export function createReleaser(log: Logger): Releaser {
  const closers: { name: string; close: () => Promise<void> | void }[] = [];
  let closing: Promise<void> | undefined;
  const closeAll = async () => {
    for (let next = closers.pop(); next !== undefined; next = closers.pop()) {
      try {
        await next.close();
      } catch (error) {
        log.error({ part: next.name, error: messageOf(error) }, "closing failed");
      }
    }
  };
  return {
    add: (name, close) => {
      closers.push({ name, close });
    },
    close: () => {
      closing ??= closeAll();
      return closing;
    },
  };
}
