import type { WorkKind } from "../store/outbox.ts";

/**
 * One BullMQ queue a lane, so that a slow Slack never holds up what is heard, and a slow target never holds up Slack.
 * Steps are short but wait for others' answers: concurrency is for waiting, not for computing.
 */
export const LANES = {
  hear: { concurrency: 2 },
  ask: { concurrency: 16 },
  act: { concurrency: 32 },
  // Each of its own: no slow target holds up what a person asks or the word to stop another, nor a fan-out the next.
  stop: { concurrency: 16 },
  // Room for many fan-outs at slow targets: each has its share of calls (fanout/plan.ts), a new one finds slots free.
  fan: { concurrency: 128 },
  tell: { concurrency: 16 },
} as const satisfies Record<string, { concurrency: number }>;

export type Lane = keyof typeof LANES;

const LANE_OF = {
  inbox: "hear",
  command: "ask",
  run: "act",
  chain: "act",
  pin: "act",
  "dead-letters": "act",
  "sentry-catch-up": "act",
  "sentry-change": "act",
  // What is missing is found in its minute, however many targets are slow.
  monitors: "stop",
  subscription: "act",
  deploy: "act",
  gate: "act",
  quiet: "act",
  abort: "stop",
  chunk: "fan",
  incident: "tell",
  "run-card": "tell",
  "gate-card": "tell",
  answer: "tell",
} as const satisfies Record<WorkKind, Lane>;

export const laneOf = (kind: WorkKind): Lane => LANE_OF[kind];

export const LANE_NAMES = Object.keys(LANES) as Lane[];
