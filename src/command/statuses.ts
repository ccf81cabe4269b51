import { nearest } from "../config/nearest.ts";
import type { IncidentStatus } from "../services/contract.ts";
import { usage } from "./names.ts";

export const STATUSES = ["open", "acknowledged", "mitigated", "resolved"] as const satisfies readonly IncidentStatus[];

/** What people say for it. */
const ALSO: Readonly<Record<string, IncidentStatus>> = {
  ack: "acknowledged",
  acked: "acknowledged",
  closed: "resolved",
};

export function isStatus(word: string): boolean {
  const lower = word.toLowerCase();
  return STATUSES.some((status) => status === lower) || lower in ALSO;
}

/** Throws `UserError` with the nearest status for a word that is none. */
export function statusNamed(word: string): IncidentStatus {
  const lower = word.toLowerCase();
  const status = STATUSES.find((one) => one === lower) ?? ALSO[lower];
  if (status !== undefined) return status;
  const near = nearest(lower, STATUSES);
  throw usage(`"${word}" is no status.`, near === null ? `Write ${STATUSES.join(", ")}.` : `Did you mean ${near}?`);
}
