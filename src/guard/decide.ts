import type { Instant } from "../base/clock.ts";
import type { PersonActor } from "../config/actor.ts";
import type { Action, Catalogue } from "../config/catalogue.ts";
import { freezeOver } from "./freezes.ts";
import { grantFor, type KnownGroups, unknownGroups, type Wanted, whoMay } from "./grants.ts";
import type { Placed } from "./names.ts";

/** What the guard says. `because` of a yes names the grant; a no gives reason and way out as people read them. */
export type Decision =
  | { readonly kind: "allow"; readonly because: string }
  | { readonly kind: "ask"; readonly because: string; readonly expected: string }
  | Denial;

export interface Denial {
  readonly kind: "deny";
  readonly check: Check;
  readonly code: string;
  readonly reason: string;
  readonly wayOut: string;
}

/** In this order; the first that says no is the answer. The typed confirmation comes last: nobody types in vain. */
export const CHECKS = ["who", "where", "when", "what_else", "who_else"] as const;
export type Check = (typeof CHECKS)[number];

/** What else is going on with the job, its conflicts and its target, as it was read in the deciding transaction. */
export interface Others {
  /** The run of this job in this environment that has not ended. */
  readonly active: { readonly number: number; readonly state: string } | null;
  /** Runs, in the same environment, of jobs that the catalogue calls conflicts. */
  readonly conflicts: readonly { readonly number: number; readonly job: string; readonly state: string }[];
  /** Such jobs that their target says to be running, whoever started them. */
  readonly beside: readonly { readonly job: string; readonly evidence: string }[];
  /** Executions that Nightdesk did not start and whose end it has not heard. */
  readonly observed: readonly { readonly job: string; readonly environments: readonly string[] }[];
  /** The target's own word on this job. */
  readonly target: TargetWord;
}

export type TargetWord =
  | { readonly kind: "free" }
  | { readonly kind: "running"; readonly evidence: string; readonly lastFailed: boolean }
  | { readonly kind: "not_known"; readonly why: string };

export interface RunInput {
  readonly catalogue: Catalogue;
  readonly groups: KnownGroups;
  readonly actor: PersonActor;
  /** The grant that it needs. */
  readonly action: Action;
  readonly placed: Placed;
  readonly now: Instant;
  /** Where it was asked: the channel's name and id, null when it was asked outside Slack. */
  readonly from: { readonly channelName: string | null; readonly channel: string | null };
  /** Exactly this was asked before and typed by the same person. */
  readonly confirmed: boolean;
  readonly others: Others;
}

/** Whether a run may be started. */
export function decide(input: RunInput): Decision {
  const { job, environment, setting } = input.placed;
  const who = decideWho({ ...input, wanted: { action: input.action, job, environment } });
  if (who.kind === "deny") return who;
  const no = where(input) ?? when(input) ?? whatElse(input) ?? whoElse(input);
  if (no !== null) return no;
  if (setting.protected && !input.confirmed) {
    return { kind: "ask", because: `${environment} is protected`, expected: `${environment} ${job}` };
  }
  return who;
}

/**
 * Whether this person may do this at all. The only check of an abort: no freeze, lease or confirmation delays one.
 * A refusal reads `<name> may not <action> <job> in <environment>`.
 */
export function decideWho(about: {
  readonly catalogue: Catalogue;
  readonly groups: KnownGroups;
  readonly actor: PersonActor;
  readonly wanted: Wanted;
}): Extract<Decision, { kind: "allow" | "deny" }> {
  const { catalogue, groups, actor, wanted } = about;
  const reason = `${actor.name} may not ${words(wanted)}`;
  const deny = (code: string, wayOut: string): Denial => ({ kind: "deny", check: "who", code, reason, wayOut });
  if (actor.outsider !== undefined) {
    const what = actor.outsider === "guest" ? "Guests" : "People of other workspaces";
    return deny("outsider", `${what} cannot be given grants. Ask someone of this workspace.`);
  }
  const grant = grantFor(catalogue, { someone: actor, wanted, groups });
  if (grant !== null) return { kind: "allow", because: grant.text };
  const unknown = unknownGroups(catalogue, wanted, groups);
  if (unknown.length > 0) {
    return deny(
      "group_not_known",
      `Slack did not say who is in ${unknown.join(", ")}. Try again, or ask ${list(whoMay(catalogue, wanted))}.`,
    );
  }
  const others = whoMay(catalogue, wanted);
  return deny(
    "no_grant",
    others.length > 0
      ? `Ask ${list(others)}, who may.`
      : "Nobody may: a role in the catalogue has to grant it (roles: … allow: …).",
  );
}

function where({ placed, from }: RunInput): Denial | null {
  const wanted = placed.place.fromChannel?.replace(/^#/, "");
  if (wanted === undefined || wanted === from.channelName || wanted === from.channel) return null;
  return {
    kind: "deny",
    check: "where",
    code: "wrong_channel",
    reason: `${placed.job} in ${placed.environment} may only be started from #${wanted}`,
    wayOut: `Ask again in #${wanted}, where the others see it.`,
  };
}

function when({ catalogue, placed, now }: RunInput): Denial | null {
  const freeze = freezeOver(catalogue, { job: placed.job, environment: placed.environment, now });
  if (freeze === null) return null;
  return {
    kind: "deny",
    check: "when",
    code: "frozen",
    reason: `${placed.job} in ${placed.environment} is frozen by ${freeze.name}: ${freeze.because}`,
    wayOut:
      "Ask again when the freeze is over. Nightdesk cannot defer or override it yet; the catalogue's `freezes` can be changed.",
  };
}

function whatElse({ placed, others }: RunInput): Denial | null {
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
      wayOutOf(number, state),
    );
  }
  const conflict = others.conflicts[0];
  if (conflict !== undefined) {
    return deny(
      "conflict",
      `${job} must not run beside ${conflict.job}, and run ${conflict.number} of it in ${environment} is ${said(conflict.state)}`,
      wayOutOf(conflict.number, conflict.state),
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

function whoElse({ placed }: RunInput): Denial | null {
  const { approvals } = placed.place;
  if (approvals === undefined) return null;
  return {
    kind: "deny",
    check: "who_else",
    code: "approvals_not_built",
    reason: `${placed.job} in ${placed.environment} needs ${approvals.count} approval${approvals.count === 1 ? "" : "s"} by ${approvals.role}, and Nightdesk cannot collect approvals yet`,
    wayOut: `Nothing was started. Run it as before, or remove \`approvals\` from jobs.${placed.job}.environments.${placed.environment} in the catalogue.`,
  };
}

/** `run person-sync in nimdta`, `change incidents in prod`, `export postmortems` */
function words(wanted: Wanted): string {
  const what = wanted.job === null ? (WITHOUT_JOB[wanted.action] ?? wanted.action) : `${wanted.action} ${wanted.job}`;
  return wanted.environment === null ? what : `${what} in ${wanted.environment}`;
}

const WITHOUT_JOB: Partial<Record<Action, string>> = {
  view: "view incidents",
  incident: "change incidents",
  export: "export postmortems",
};

const said = (state: string): string => state.replaceAll("_", " ");

function wayOutOf(number: number, state: string): string {
  switch (state) {
    case "unknown":
    case "abort_unconfirmed":
      return `Nobody knows how it ended. Say it with \`/sync settle run ${number}\`, then ask again.`;
    case "aborting":
      return "It is being aborted. Ask again when it has ended.";
    default:
      return `Wait until it has ended, or stop it with \`/sync abort run ${number}\`.`;
  }
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
