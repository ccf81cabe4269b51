import type { IncidentId } from "../base/ids.ts";
import type { NewSignal } from "./signal.ts";

/** What people took out of an incident; all that is given must hold. */
export interface Share {
  readonly service: string | null;
  readonly job: string | null;
  readonly cause: string | null;
  readonly condition: string | null;
}

/** A split that people made: what is of the share belongs to `to`, never again to `from`. */
export interface Split extends Share {
  readonly from: IncidentId;
  readonly to: IncidentId;
}

type Shared = Pick<NewSignal, "service" | "job" | "cause" | "condition">;

/** Whether a signal is of the share that was taken out. */
export function isOfShare(share: Share, signal: Shared): boolean {
  return (
    (share.service === null || share.service === signal.service) &&
    (share.job === null || share.job === signal.job) &&
    (share.cause === null || share.cause === signal.cause) &&
    (share.condition === null || share.condition === signal.condition)
  );
}

/**
 * Incidents that a signal must stay out of. What was taken out of an incident never comes back to it; and what was left
 * there does not follow by a key that both now have.
 */
export function keptOutOf(
  splits: readonly Split[],
  signal: Shared,
  shareKey: (a: IncidentId, b: IncidentId) => boolean,
): ReadonlySet<IncidentId> {
  const takenFrom = splits.filter((split) => isOfShare(split, signal));
  const out = new Set(takenFrom.map(({ from }) => from));
  const mine = new Set(takenFrom.map(({ to }) => to));
  for (const { from, to } of splits) {
    if (!mine.has(to) && !out.has(from) && shareKey(from, to)) out.add(to);
  }
  return out;
}
