import type { Catalogue } from "../config/catalogue.ts";
import type { Denial } from "./decision.ts";
import type { Placed } from "./names.ts";

/** What else is going on with the job, its conflicts and its target, as it was read in the deciding transaction. */
export interface Others {
  /** The run of this job in this environment that has not ended. */
  readonly active: Underway | null;
  /** Runs, in the same environment, of jobs that the catalogue calls conflicts. */
  readonly conflicts: readonly (Underway & { readonly job: string })[];
  /** Such jobs that their target says to be running, whoever started them. */
  readonly beside: readonly { readonly job: string; readonly evidence: string }[];
  /** Executions that Nightdesk did not start and whose end it has not heard. */
  readonly observed: readonly { readonly job: string; readonly environments: readonly string[] }[];
  /** The target's own word on this job. */
  readonly target: TargetWord;
}

/** A run that has not ended. `stoppable`: its target has a way to end it before its time. */
export interface Underway {
  readonly number: number;
  readonly state: string;
  readonly stoppable: boolean;
}

export type TargetWord =
  | { readonly kind: "free" }
  | { readonly kind: "running"; readonly evidence: string; readonly lastFailed: boolean }
  | { readonly kind: "not_known"; readonly why: string };

/** What keeps it from starting now, of its own runs, its conflicts and its target; null: nothing. */
export function whatElse({ placed, others }: { readonly placed: Placed; readonly others: Others }): Denial | null {
  const { job, environment } = placed;
  const deny = (code: string, reason: string, wayOut: string): Denial => ({
    kind: "deny",
    check: "what_else",
    code,
    reason,
    wayOut,
  });
  if (others.active !== null) {
    const { number, state } = others.active;
    return deny(
      "already_active",
      `run ${number} of ${job} in ${environment} is ${said(state)}`,
      wayOutOf(others.active),
    );
  }
  const conflict = others.conflicts[0];
  if (conflict !== undefined) {
    return deny(
      "conflict",
      `${job} must not run beside ${conflict.job}, and run ${conflict.number} of it in ${environment} is ${said(conflict.state)}`,
      wayOutOf(conflict),
    );
  }
  const beside = others.beside[0];
  if (beside !== undefined) {
    return deny(
      "conflict_at_target",
      `${job} must not run beside ${beside.job}, which runs in ${environment} though Nightdesk did not start it (${beside.evidence})`,
      `Wait until it has ended, then ask again; \`/sync status ${beside.job} ${environment}\` shows it.`,
    );
  }
  if (others.target.kind === "running") {
    const { evidence, lastFailed } = others.target;
    return lastFailed
      ? deny(
          "target_stuck",
          `the target says that ${job} is running in ${environment} although its last execution failed (${evidence})`,
          "It may be stuck and refuse every start until its service is restarted. Nothing was started.",
        )
      : deny(
          "target_running",
          `the target already runs ${job} in ${environment}, and Nightdesk did not start it (${evidence})`,
          `Wait until it has ended, then ask again; \`/sync status ${job} ${environment}\` shows it.`,
        );
  }
  const seen = others.observed[0];
  if (seen !== undefined) {
    const sure = seen.environments.length === 1;
    return deny(
      "seen_running",
      `${seen.job} ${sure ? "was started" : "may have been started"} in ${environment} by something else, and its end was not heard`,
      others.target.kind === "not_known"
        ? `The target could not be asked (${others.target.why}). Ask again when it answers.`
        : `Wait for its end message, then ask again.`,
    );
  }
  return null;
}

const said = (state: string): string => state.replaceAll("_", " ");

function wayOutOf({ number, state, stoppable }: Underway): string {
  switch (state) {
    case "awaiting_approval":
    case "deferred":
    case "queued":
      return `It has not started. Wait for it, or take it back with \`/sync withdraw run ${number}\`.`;
    case "preparing":
    case "retry_wait":
      return `Wait until it has ended, or stop it with \`/sync abort run ${number}\`.`;
    case "unknown":
    case "abort_unconfirmed":
      return `Nobody knows how it ended. Say it with \`/sync settle run ${number}\`, then ask again.`;
    case "aborting":
      return "It is being aborted. Ask again when it has ended.";
    case "restoring":
      return "What was there before is being brought back, and that is not interrupted. Ask again when it is over.";
    case "restore_failed":
      return `Restore it again with \`/sync restore run ${number}\`, or settle it with \`/sync settle run ${number}\`; then ask again.`;
    default:
      return stoppable
        ? `Wait until it has ended, or stop it with \`/sync abort run ${number}\`.`
        : `Wait until it has ended: it cannot be stopped from here. \`/sync abort run ${number}\` says what that means for its readers.`;
  }
}

/** Jobs that must not run beside this one, whichever of the two says so. */
export function conflictsOf(catalogue: Catalogue, job: string): string[] {
  const saying = Object.entries(catalogue.jobs)
    .filter(([, other]) => other.conflicts.includes(job))
    .map(([name]) => name);
  return [...new Set([...(catalogue.jobs[job]?.conflicts ?? []), ...saying])].filter((name) => name !== job);
}
