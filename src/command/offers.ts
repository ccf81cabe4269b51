import type { RunView } from "../services/contract.ts";
import type { ButtonLabel } from "./answer.ts";

/** What is offered to be done with a run: pressing it is typing the command. */
export interface Offer {
  readonly label: ButtonLabel;
  readonly command: string;
  /** It starts, stops or replaces something in the run's environment. */
  readonly acts: boolean;
}

/** As much of a run as decides what makes sense now. */
export type Offered = Pick<
  RunView,
  "number" | "kind" | "state" | "environment" | "can" | "lost" | "noRerun" | "then" | "items" | "found" | "mended"
> & {
  readonly gap?: RunView["gap"];
  /** An abort was tried, and its target has no way to carry one out. */
  readonly cannotStop?: boolean;
};

/** The same on the card, in answers and in lists. Nothing is offered that makes no sense. */
export function offersOf(run: Offered): Offer[] {
  const on = (label: ButtonLabel, verb: string, acts = true): Offer => ({
    label,
    command: `sync ${verb} run ${run.number}`,
    acts,
  });
  // What cannot be reached can only be settled.
  const abort = run.cannotStop === true || run.lost !== null ? [] : [on("Abort", "abort")];
  switch (run.state) {
    case "awaiting_approval":
      return [on("Approve", "approve"), on("Reject", "reject", false), on("Withdraw", "withdraw", false)];
    case "deferred":
      return [on("Withdraw", "withdraw", false)];
    case "queued":
    case "preparing":
    case "starting":
    case "retry_wait":
      return abort;
    case "running":
      // A restore is not interrupted.
      if (run.kind === "restore") return [];
      return [...abort, ...(run.can.pause ? [on("Pause", "pause")] : [])];
    case "paused":
      return [on("Resume", "resume"), ...abort];
    case "unknown":
      return [on("Settle", "settle", false), ...abort];
    case "abort_unconfirmed":
      return [on("Settle", "settle", false)];
    case "aborting":
    case "restoring":
      return [];
    case "restore_failed":
      return [on("Restore", "restore"), on("Settle", "settle", false)];
    case "refused":
    case "rejected":
    case "expired":
    case "withdrawn":
    case "failed":
    case "aborted":
      return [...again(run), ...(run.can.restore ? [on("Restore", "restore")] : [])];
    case "succeeded":
      return [...copy(run), ...next(run), ...mend(run), ...again(run)];
  }
}

/** What a comparison found, each side for itself, until it is mended. */
function mend({ number, found, mended }: Offered): Offer[] {
  if (found === null) return [];
  const command = `sync repair run ${number}`;
  const { orphans, lost } = found;
  const said = (count: number): string => count.toLocaleString("en-GB");
  return [
    ...(orphans === 0 || mended.deleted !== null
      ? []
      : [{ label: `Delete ${said(orphans)} from the target`, command: `${command} --delete`, acts: true } as const]),
    ...(lost === 0 || mended.resynced !== null
      ? []
      : [{ label: `Resync ${said(lost)} to the target`, command: `${command} --resync`, acts: true } as const]),
  ];
}

function again(run: Offered): Offer[] {
  const name = `run ${run.number}`;
  if (run.kind === "fanout") {
    // What one that succeeded has skipped was needless.
    const redo = (label: ButtonLabel, only: "failed" | "skipped"): Offer[] =>
      run.state === "succeeded" || (run.items?.[only] ?? 0) === 0 || run.mended[only].length > 0
        ? []
        : [{ label, command: `sync resync --run=${run.number} --only=${only}`, acts: true }];
    return [...redo("Resync failed", "failed"), ...redo("Resync rest", "skipped")];
  }
  if (run.kind !== "run") return [];
  const whole: Offer = { label: "Rerun", command: `sync rerun ${name}`, acts: true };
  const rest: Offer = { label: "Rerun from failed", command: `sync rerun ${name} --from=failed`, acts: true };
  return [...(run.noRerun === null ? [whole] : []), ...(run.noRerun === null && run.can.resumeFailed ? [rest] : [])];
}

/** What a reset skipped. */
function copy({ gap }: Offered): Offer[] {
  if (gap === null || gap === undefined) return [];
  const given = Object.entries(gap.parameters).map(([name, value]) => `${name}=${value}`);
  const command = `sync run ${gap.job} ${gap.environment} ${given.join(" ")}`;
  return [{ label: "Resync gap", command, acts: true }];
}

function next({ then, environment }: Offered): Offer[] {
  if (then.length === 0) return [];
  const verb = then.length === 1 ? "run" : "chain";
  return [{ label: "Run next", command: `sync ${verb} ${then.join(" ")} ${environment}`, acts: true }];
}
