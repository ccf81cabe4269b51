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
import { DRAWN } from "./drawing.ts";

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

const HISTORIES = 10_000;

test("in ten thousand histories: no lease leaks, and nothing is started again that was not proved to be over", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...EVENTS), { minLength: 5, maxLength: 60 }), (events) => {
      let state: RunState = "awaiting_approval";
      let lease = false;
      let mayRun = false;
      for (const event of events) {
        if (!can(state, event)) continue;
        state = transition(state, event);
        if (event === "prepare") lease = true;
        // Only the target's proof that nothing of it goes on lets it be called again.
        if (event === "retry") mayRun = false;
        if (event === "call_start") {
          expect(mayRun).toBe(false);
          mayRun = true;
        }
        if (isTerminal(state)) lease = false;
        const waits = (WAITING_STATES as readonly RunState[]).includes(state);
        expect(lease, `${event} -> ${state}`).toBe(!waits && !isTerminal(state));
        if ((EXECUTING_STATES as readonly RunState[]).includes(state)) expect(mayRun, state).toBe(true);
      }
    }),
    { numRuns: HISTORIES },
  );
});
