import { createHash } from "node:crypto";
import { actorId, type PersonActor } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { type Approvals, type Denial, orList } from "./decision.ts";
import { hasRole, type KnownGroups, personKey } from "./grants.ts";

/** What somebody says yes to. Any difference makes it another run. */
export interface Approvable {
  readonly number: number;
  readonly kind: string;
  readonly job: string;
  readonly environment: string;
  readonly target: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly version: string | null;
  readonly parentId: number | null;
  readonly requestedBy: string;
  readonly requestedByKey: string;
}

/**
 * What an approval is bound to: the run as it was asked for, and where and under which rule the catalogue places it.
 * Null when the catalogue no longer has it there.
 */
export function digestOf(run: Approvable, catalogue: Catalogue): string | null {
  const job = catalogue.jobs[run.job];
  const place = job?.environments[run.environment];
  const target = place === undefined ? undefined : catalogue.targets[place.target];
  if (job === undefined || place === undefined || target === undefined) return null;
  const { number, kind, environment, parameters, version, parentId } = run;
  const asked = [number, kind, run.job, environment, run.target, version, parentId];
  const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  const { count = 0, role = "" } = place.approvals ?? {};
  const placed = [
    place.target,
    place.name ?? null,
    target.connector,
    target["url"] ?? null,
    job.destructive,
    count,
    role,
  ];
  return createHash("sha256")
    .update(JSON.stringify([asked, sorted, placed]))
    .digest("hex");
}

/** `2 approvals by operator` */
export const approvalCount = ({ count, role }: Pick<Approvals, "count" | "role">): string =>
  `${count} approval${count === 1 ? "" : "s"} by ${role}`;

/** `It needs 2 approvals by operator: Ben Okafor or Carla Weiss may give them` */
export function approvalWords(approvals: Pick<Approvals, "count" | "role" | "may">): string {
  return `It needs ${approvalCount(approvals)}: ${orList(approvals.may)} may give ${approvals.count === 1 ? "it" : "them"}`;
}

/** Who of the role could say yes beside this person. `atMost` is null when not all of them are known. */
export function approversOf(about: {
  readonly catalogue: Catalogue;
  readonly groups: KnownGroups;
  readonly role: string;
  readonly except: Pick<PersonActor, "slack" | "email" | "key">;
}): { readonly names: readonly string[]; readonly atMost: number | null } {
  const { catalogue, groups, role, except } = about;
  const self = personKey(catalogue, except) ?? except.key;
  const people = new Set<string>();
  const named = new Set<string>();
  let allKnown = true;
  const add = (member: string) => {
    const meant = Object.hasOwn(catalogue.people, member)
      ? member
      : (personKey(catalogue, { slack: member, email: member }) ?? member);
    if (meant === self || meant === except.slack || meant === except.email) return;
    people.add(meant);
    named.add(catalogue.people[meant]?.name ?? meant);
  };
  for (const member of catalogue.roles[role]?.members ?? []) {
    const group = catalogue.groups[member];
    if (group === undefined) add(member);
    else if ("members" in group) group.members.forEach(add);
    else {
      named.add(`anyone in ${member}`);
      const known = groups.get(member) ?? null;
      if (known === null) allKnown = false;
      else
        for (const id of known) if (id !== except.slack && personKey(catalogue, { slack: id }) !== self) people.add(id);
    }
  }
  return { names: [...named].slice(0, 5), atMost: allKnown ? people.size : null };
}

/**
 * Whether this person may say yes or no to that run. Never who asked for it, and only who has the role: a grant of
 * another role does not count. A refusal reads `<name> may not approve <job> in <environment>`.
 */
export function decideApproval(about: {
  readonly catalogue: Catalogue;
  readonly groups: KnownGroups;
  readonly actor: PersonActor;
  readonly run: Approvable;
  readonly role: string;
}): Denial | null {
  const { catalogue, groups, actor, run, role } = about;
  const reason = `${actor.name} may not approve ${run.job} in ${run.environment}`;
  const deny = (code: string, wayOut: string): Denial => ({ kind: "deny", check: "who_else", code, reason, wayOut });
  if (actor.outsider !== undefined) return deny("outsider", "Guests and people of other workspaces approve nothing.");
  const except = { slack: requesterSlack(run), key: run.requestedByKey };
  const ask = approversOf({ catalogue, groups, role, except }).names;
  const others = ask.length === 0 ? `Nobody else has the role ${role}.` : `Ask ${orList(ask)}, who may.`;
  const own = personKey(catalogue, actor);
  if (actorId(actor) === run.requestedBy || (own !== null && own === run.requestedByKey)) {
    return deny("own_request", `Nobody approves a run of their own. ${others}`);
  }
  return hasRole(catalogue, role, { someone: actor, groups }) ? null : deny("not_in_role", others);
}

const requesterSlack = (run: Approvable): string => run.requestedBy.replace(/^slack:/, "");
