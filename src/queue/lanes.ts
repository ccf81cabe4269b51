import type { WorkKind } from "../store/outbox.ts";

/**
 * One BullMQ queue a lane, so that a slow Slack never holds up what is heard, and a slow target never holds up Slack.
 * Steps are short but wait for others' answers: concurrency is for waiting, not for computing.
 */
export const LANES = {
  hear: { kinds: ["inbox"], concurrency: 2 },
  act: { kinds: ["command", "run", "chain", "pin", "dead-letters"], concurrency: 16 },
  // Of its own: no slow target holds up the word to stop another, nor a fan-out the first ids of the next.
  stop: { kinds: ["abort"], concurrency: 16 },
  fan: { kinds: ["chunk"], concurrency: 16 },
  tell: { kinds: ["incident", "run-card", "answer"], concurrency: 16 },
} as const satisfies Record<string, { kinds: readonly WorkKind[]; concurrency: number }>;

export type Lane = keyof typeof LANES;

const LANE_OF = {
  inbox: "hear",
  command: "act",
  run: "act",
  chain: "act",
  pin: "act",
  "dead-letters": "act",
  abort: "stop",
  chunk: "fan",
  incident: "tell",
  "run-card": "tell",
  answer: "tell",
} as const satisfies Record<WorkKind, Lane>;

export const laneOf = (kind: WorkKind): Lane => LANE_OF[kind];

export const LANE_NAMES = Object.keys(LANES) as Lane[];
