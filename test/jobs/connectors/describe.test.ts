import { expect, test } from "vitest";
import { type Capabilities, NO_MORE } from "../../../src/jobs/connectors/contract.ts";
import { describeCapabilities } from "../../../src/jobs/connectors/describe/capabilities.ts";

const LEAST: Capabilities = {
  ...NO_MORE,
  startKey: "none",
  abort: "none",
  abortProof: "none",
  evidence: "signals",
  progress: false,
};

test("a target that can little says so", () => {
  expect(describeCapabilities(LEAST)).toEqual([
    "cannot be stopped",
    "after an interrupted start nobody can tell whose execution it is",
    "tells its end by its own messages only",
    "brings nothing back",
  ]);
});

test("a target that can all says it in the order in which one asks at night", () => {
  const all: Capabilities = {
    startKey: "native",
    abort: "hard",
    abortProof: "strong",
    evidence: "status",
    progress: true,
    logs: true,
    versions: true,
    pins: true,
    snapshot: true,
    restore: true,
    pause: true,
    resumeFailed: true,
    items: 1_000,
    compare: true,
    deadLetters: true,
  };
  expect(describeCapabilities(all)).toEqual([
    "can be stopped: asked, then killed; proves it",
    "a start asked twice is one start",
    "keeps a snapshot and brings it back",
    "can be paused",
    "goes on from where it failed",
    "runs the version that is asked for",
    "its own schedule can be held at a version",
    "shows how far it is and its log",
    "takes 1,000 ids a call",
    "tells both sides' ids",
    "shows its dead letters, and sends them again",
  ]);
});

test("every single capability changes what is said", () => {
  const said = (more: Partial<Capabilities>) => describeCapabilities({ ...LEAST, ...more }).join("; ");
  const changes: Partial<Capabilities>[] = [
    { startKey: "echoed" },
    { startKey: "native" },
    { abort: "soft" },
    { abort: "soft", abortProof: "weak" },
    { abort: "soft", abortProof: "strong" },
    { abort: "hard", abortProof: "weak" },
    { evidence: "status" },
    { progress: true },
    { logs: true },
    { versions: true },
    { pins: true },
    { snapshot: true },
    { restore: true },
    { snapshot: true, restore: true },
    { pause: true },
    { resumeFailed: true },
    { items: 1 },
    { items: 100 },
    { compare: true },
    { deadLetters: true },
  ];
  const texts = [said({}), ...changes.map(said)];
  expect(new Set(texts).size).toBe(texts.length);
});
