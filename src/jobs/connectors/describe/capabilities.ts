import type { Capabilities } from "../contract.ts";

/**
 * What a target can and cannot do, for people: one short line each, first what matters at night. "It" is the job there.
 */
export function describeCapabilities(can: Capabilities): string[] {
  return [
    STOPPED[can.abort] + (can.abort === "none" ? "" : PROOF[can.abortProof]),
    STARTED[can.startKey],
    ...(can.evidence === "signals" ? ["tells its end by its own messages only"] : []),
    KEPT[`${can.snapshot} ${can.restore}`],
    ...(can.pause ? ["can be paused"] : []),
    ...(can.resumeFailed ? ["goes on from where it failed"] : []),
    ...(can.versions ? ["runs the version that is asked for"] : []),
    ...(can.pins ? ["its own schedule can be held at a version"] : []),
    ...shown(can),
    ...(can.items === null
      ? []
      : [`takes ${can.items.toLocaleString("en-GB")} ${can.items === 1 ? "id" : "ids"} a call`]),
    ...(can.compare ? ["tells both sides' ids"] : []),
    ...(can.deadLetters ? ["shows its dead letters, and sends them again"] : []),
  ];
}

const STOPPED = {
  none: "cannot be stopped",
  soft: "can be stopped: asked",
  hard: "can be stopped: asked, then killed",
} as const satisfies Record<Capabilities["abort"], string>;

const PROOF = {
  strong: "; proves it",
  weak: "; shows it",
  none: "; does not tell whether it has",
} as const satisfies Record<Capabilities["abortProof"], string>;

const STARTED = {
  native: "a start asked twice is one start",
  echoed: "an interrupted start can be found again",
  none: "after an interrupted start nobody can tell whose execution it is",
} as const satisfies Record<Capabilities["startKey"], string>;

const KEPT = {
  "true true": "keeps a snapshot and brings it back",
  "true false": "keeps a snapshot, and cannot bring it back",
  "false true": "brings back what it has kept by itself",
  "false false": "brings nothing back",
} as const;

function shown({ progress, logs }: Capabilities): string[] {
  const what = [...(progress ? ["how far it is"] : []), ...(logs ? ["its log"] : [])];
  return what.length === 0 ? [] : [`shows ${what.join(" and ")}`];
}
