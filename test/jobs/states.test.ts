import fc from "fast-check";
import { expect, test } from "vitest";
import {
  can,
  EXECUTING_STATES,
  IllegalTransition,
  isTerminal,
  RUN_STATES,
  type RunEvent,
  type RunState,
  TERMINAL_STATES,
  transition,
  WAITING_STATES,
} from "../../src/jobs/states.ts";

/** The drawing in the architecture, written down once more: the table must have these edges and no other. */
const DRAWN: Record<string, string> = {
  awaiting_approval: "queued deferred rejected expired withdrawn",
  deferred: "queued awaiting_approval withdrawn",
  queued: "preparing withdrawn",
  preparing: "starting refused aborted",
  starting: "running retry_wait failed unknown aborting",
  retry_wait: "preparing failed aborted",
  running: "succeeded failed retry_wait paused unknown aborting",
  paused: "running aborting",
  unknown: "running succeeded failed aborting",
  aborting: "succeeded failed restoring aborted abort_unconfirmed",
  abort_unconfirmed: "restoring aborted succeeded failed running",
  restoring: "aborted restore_failed",
  restore_failed: "restoring failed",
};

const EVENTS: readonly RunEvent[] = [
  "approve",
  "defer",
  "await_approval",
  "reject",
  "expire",
  "withdraw",
  "prepare",
  "refuse",
  "call_start",
  "started",
  "retry",
  "lose_track",
  "pause",
  "resume",
  "succeed",
  "fail",
  "abort",
  "doubt_abort",
  "restore",
  "restore_failed",
  "aborted",
];

test("the table has the edges of the drawing, and no other", () => {
  for (const state of RUN_STATES) {
    const reached = EVENTS.filter((event) => can(state, event)).map((event) => transition(state, event));
    const drawn = DRAWN[state]?.split(" ") ?? [];
    expect([...new Set(reached)].sort(), state).toEqual([...drawn].sort());
  }
});

test("no sequence of events takes an edge that is not drawn, or moves what has ended", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...RUN_STATES),
      fc.array(fc.constantFrom(...EVENTS), { maxLength: 40 }),
      (first, events) => {
        let state: RunState = first;
        for (const event of events) {
          if (!can(state, event)) {
            expect(() => transition(state, event)).toThrow(IllegalTransition);
            continue;
          }
          const next = transition(state, event);
          expect(isTerminal(state)).toBe(false);
          expect(DRAWN[state]?.split(" ")).toContain(next);
          state = next;
        }
      },
    ),
  );
});

test("every state that has not ended can come to an end", () => {
  const ends = (state: RunState, seen: ReadonlySet<RunState>): boolean =>
    isTerminal(state) ||
    EVENTS.some((event) => {
      if (!can(state, event)) return false;
      const next = transition(state, event);
      return !seen.has(next) && ends(next, new Set([...seen, next]));
    });
  for (const state of RUN_STATES) expect(ends(state, new Set([state])), state).toBe(true);
});

test("ended, waiting and executing states are three separate kinds", () => {
  const kinds = [...TERMINAL_STATES, ...WAITING_STATES, ...EXECUTING_STATES];
  expect(new Set(kinds).size).toBe(kinds.length);
});
