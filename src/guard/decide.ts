import type { Instant } from "../base/clock.ts";
import type { PersonActor } from "../config/actor.ts";
import type { Action, Catalogue } from "../config/catalogue.ts";
import { approvalCount, approvalWords, approversOf } from "./approvals.ts";
import { CHECKS, type Check, type Decision, type Denial, type Hold, orList } from "./decision.ts";
import { type Freeze, type Frozen, freezeWords, frozenBy, untilWords } from "./freezes.ts";
import { grantFor, type KnownGroups, unknownGroups, type Wanted, whoMay } from "./grants.ts";
import type { Placed } from "./names.ts";
import { type Others, whatElse } from "./what-else.ts";

export { CHECKS, type Decision, type Denial } from "./decision.ts";
export type { Others, TargetWord } from "./what-else.ts";

export interface RunInput {
  readonly catalogue: Catalogue;
  readonly groups: KnownGroups;
  readonly actor: PersonActor;
  /** The grant that it needs. */
  readonly action: Action;
  readonly placed: Placed;
  /** It changes nothing (a comparison): no freeze, no approval and no typed confirmation. */
  readonly reads: boolean;
  readonly now: Instant;
  /** Where it was asked: the channel's name and id, null when it was asked outside Slack. */
  readonly from: { readonly channelName: string | null; readonly channel: string | null };
  /** The catalogue's, and those that people made. */
  readonly freezes: readonly Freeze[];
  /** The person gave a reason to start in spite of a freeze. */
  readonly override: boolean;
  /** Exactly this was asked before and typed by the same person. */
  readonly confirmed: boolean;
  readonly others: Others;
}

/** Whether a run may be made, and what it waits for then. */
export function decide(input: RunInput): Decision {
  const { job, environment, setting } = input.placed;
  let because = "";
  let hold: Hold = {};
  for (const check of CHECKS) {
    const word = checkOne(check, input);
    if (word.kind === "deny") return word;
    because ||= word.because;
    hold = { ...hold, ...word.hold };
  }
  const held = Object.keys(hold).length === 0 ? {} : { hold };
  if (setting.protected && !input.confirmed && !input.reads) {
    return { kind: "ask", because: `${environment} is protected`, expected: `${environment} ${job}`, ...held };
  }
  return { kind: "allow", because, ...held };
}

/** One check's own word, whatever the others say: what a dry run shows. */
export function checkOne(check: Check, input: RunInput): Extract<Decision, { kind: "allow" | "deny" }> {
  const { job, environment } = input.placed;
  switch (check) {
    case "who":
      return decideWho({ ...input, wanted: { action: input.action, job, environment } });
    case "where":
      return where(input);
    case "when":
      return when(input);
    case "what_else":
      return whatElse(input) ?? { kind: "allow", because: "nothing stands in the way" };
    case "who_else":
      return whoElse(input);
  }
}

/**
 * Where and when of an act that cannot wait (a pin): refused outside of the job's channel, and by every freeze there is
 * unless it is overridden. Null: neither stands in the way.
 */
export function placeAndTime(
  about: Pick<RunInput, "catalogue" | "placed" | "from" | "freezes" | "now" | "override"> & { readonly act: string },
): Denial | null {
  const { catalogue, placed, now } = about;
  const { job, environment } = placed;
  const place = where(about);
  if (place.kind === "deny") return { ...place, reason: place.reason.replace("started", about.act) };
  const frozen = about.override ? null : frozenBy(about.freezes, { job, environment, now });
  return frozen === null ? null : isFrozen(catalogue, placed, frozen);
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
  /** Who may instead, where that is not just who has a grant of it. */
  readonly askWhom?: readonly string[] | undefined;
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
  const others = about.askWhom ?? whoMay(catalogue, wanted);
  if (unknown.length > 0) {
    const ask = others.length === 0 ? "" : `, or ask ${orList(others)}`;
    return deny("group_not_known", `Slack did not say who is in ${unknown.join(", ")}. Try again${ask}.`);
  }
  return deny(
    "no_grant",
    others.length > 0
      ? `Ask ${orList(others)}, who may.`
      : "Nobody may: a role in the catalogue has to grant it (roles: … allow: …).",
  );
}

type Word = Extract<Decision, { kind: "allow" | "deny" }>;

function where({ placed, from }: Pick<RunInput, "placed" | "from">): Word {
  const wanted = placed.place.fromChannel?.replace(/^#/, "");
  if (wanted === undefined) return { kind: "allow", because: "it may be asked for anywhere" };
  if (wanted === from.channelName || wanted === from.channel) {
    return { kind: "allow", because: `asked in #${wanted}` };
  }
  return {
    kind: "deny",
    check: "where",
    code: "wrong_channel",
    reason: `${placed.job} in ${placed.environment} may only be started from #${wanted}`,
    wayOut: `Ask again in #${wanted}, where the others see it.`,
  };
}

function when(input: RunInput): Word {
  const { catalogue, placed, now } = input;
  const { job, environment } = placed;
  const frozen = input.reads ? null : frozenBy(input.freezes, { job, environment, now });
  if (frozen === null) return { kind: "allow", because: "no freeze holds it" };
  const { freeze, until } = frozen;
  if (input.override) {
    const who = decideWho({ ...input, wanted: { action: "freeze", job, environment } });
    if (who.kind === "deny") {
      return {
        ...who,
        check: "when",
        reason: `${input.actor.name} may not override ${freeze.name}, which holds ${job} in ${environment}`,
      };
    }
    return {
      kind: "allow",
      because: `${freeze.name} is overridden`,
      hold: { overridden: { freeze: freeze.name, grant: who.because } },
    };
  }
  const held = { name: freeze.name, until, because: freeze.because };
  if (freeze.held === "defer") {
    return { kind: "allow", because: freezeWords(held, catalogue.zone), hold: { freeze: held } };
  }
  return isFrozen(catalogue, placed, frozen);
}

function isFrozen(catalogue: Catalogue, { job, environment }: Placed, { freeze, until }: Frozen): Denial {
  const lifting = whoMay(catalogue, { action: "freeze", job, environment });
  const say = lifting.length === 0 ? "" : ` ${orList(lifting)} may override it: \`--override="why"\`.`;
  return {
    kind: "deny",
    check: "when",
    code: "frozen",
    reason: `${job} in ${environment} is frozen by ${freeze.name} ${untilWords(until, catalogue.zone)}: ${freeze.because}`,
    wayOut: `Ask again when the freeze is over.${say}`,
  };
}

function whoElse({ catalogue, groups, actor, placed, reads }: RunInput): Word {
  const { approvals } = placed.place;
  if (approvals === undefined || reads) return { kind: "allow", because: "nobody else is asked" };
  const { count, role } = approvals;
  const others = approversOf({ catalogue, groups, role, except: actor });
  if (others.atMost !== null && others.atMost < count) {
    const are =
      others.atMost === 0 ? "nobody else has" : `only ${orList(others.names)} ${others.atMost === 1 ? "has" : "have"}`;
    return {
      kind: "deny",
      check: "who_else",
      code: "approvals_impossible",
      reason: `${placed.job} in ${placed.environment} needs ${approvalCount(approvals)}, and ${are} that role beside you`,
      wayOut: `Nothing was started. Give more people the role ${role} in the catalogue.`,
    };
  }
  const asked = { ...approvals, may: others.names };
  return { kind: "allow", because: approvalWords(asked), hold: { approvals: asked } };
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
