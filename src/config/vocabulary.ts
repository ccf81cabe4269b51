/** The words that the catalogue, signals and grants share. */

export const ACTIONS = [
  "view",
  "run",
  "abort",
  "approve",
  "resync",
  "pin",
  "freeze",
  "settle",
  "incident",
  "export",
  "notify",
  "gate",
] as const;
export type Action = (typeof ACTIONS)[number];

export const SEVERITIES = ["sev1", "sev2", "sev3", "sev4"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const SIGNAL_KINDS = [
  "firing",
  "resolved",
  "started",
  "progress",
  "finished",
  "failed",
  "deployed",
  /** Something that people should read: it starts nothing and ends nothing. */
  "noted",
] as const;
export type SignalKind = (typeof SIGNAL_KINDS)[number];

/** By what a signal without a known key may still be of an incident's trouble. */
export const RELATIONS = [
  "same-run",
  "same-job",
  "same-error",
  "same-contract",
  "upstream",
  "common-upstream",
  "same-service",
  "after-job",
] as const;
export type RelationName = (typeof RELATIONS)[number];
