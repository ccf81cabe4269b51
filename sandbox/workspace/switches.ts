import type { Switchboard } from "./contract.ts";
import { announce, freshCounters } from "./state.ts";
import type { Twin } from "./twin.ts";

/** What makes the workspace misbehave. */
export function createSwitchboard(twin: Twin): Switchboard {
  const { state, events } = twin;
  const told = (): void => announce(state, { kind: "switch" });

  function outage(on: boolean | number): void {
    if (state.outageTimer !== null) clearTimeout(state.outageTimer);
    state.outageTimer = null;
    state.switches.outage = on !== false && on !== 0;
    if (typeof on === "number" && on > 0) state.outageTimer = setTimeout(() => outage(false), on);
    told();
    events.flush();
  }

  return {
    outage,
    slow: (ms) => {
      state.switches.slowMs = ms;
      told();
    },
    limit: ({ method, retryAfter, times }) => {
      const others = state.switches.limits.filter((one) => one.method !== method);
      state.switches.limits = times === 0 ? others : [...others, { method, retryAfter, times: times ?? null }];
      told();
    },
    dropAfterSend: (n) => {
      state.switches.dropAfterSend = n;
      told();
    },
    eventsDown: (on) => {
      state.switches.eventsDown = on;
      told();
      events.flush();
    },
    mark: () => {
      state.counters = freshCounters();
    },
  };
}
