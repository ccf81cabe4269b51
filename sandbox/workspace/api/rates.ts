import { findChannel, type State } from "../state.ts";
import type { Args, Method } from "./call.ts";

/** One channel, whether it is named by its id or its name. */
function channelKey(state: State, args: Args): string {
  const which = args.text("channel") ?? "";
  return findChannel(state, which)?.id ?? which;
}

/** Slack's rate tiers: so many calls of a method in any minute of machine time. */
export interface Rates {
  /** Seconds to wait, or null when the call may go on (and is counted). */
  refuse(method: string, spec: Method, args: Args): number | null;
}

const WINDOW_MS = 60_000;
/** All chat.postMessage calls of a workspace together: "several hundred a minute". */
const POSTS_PER_WORKSPACE = 300;

export function createRates(state: State): Rates {
  const windows = new Map<string, number[]>();

  function wait(key: string, perMinute: number, now: number): number {
    const times = (windows.get(key) ?? []).filter((at) => at > now - WINDOW_MS);
    windows.set(key, times);
    const oldest = times[times.length - perMinute];
    return oldest === undefined ? 0 : oldest + WINDOW_MS - now;
  }

  return {
    refuse: (method, spec, args) => {
      const limit = state.switches.limits.find((one) => one.method === method || one.method === "*");
      if (limit !== undefined) {
        if (limit.times !== null) limit.times -= 1;
        state.switches.limits = state.switches.limits.filter(({ times }) => times === null || times > 0);
        return limit.retryAfter;
      }
      if (state.options.rates === "off") return null;
      const now = performance.now();
      const keys: [string, number][] =
        method === "chat.postMessage"
          ? [
              [`${method} ${channelKey(state, args)}`, spec.perMinute],
              [method, POSTS_PER_WORKSPACE],
            ]
          : [[method, spec.perMinute]];
      const waitMs = Math.max(...keys.map(([key, perMinute]) => wait(key, perMinute, now)));
      if (waitMs > 0) return Math.max(1, Math.ceil(waitMs / 1000));
      for (const [key] of keys) windows.get(key)?.push(now);
      return null;
    },
  };
}
