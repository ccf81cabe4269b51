import type { PersonActor } from "../config/actor.ts";
import type { Action, Catalogue } from "../config/catalogue.ts";
import { matchesAny } from "./globs.ts";

/** Who is in a Slack user group: Slack ids. May throw when Slack cannot be asked. */
export type GroupMembers = (slackGroup: string) => Promise<readonly string[]>;

/** Members of the catalogue's Slack groups by group name; null when Slack could not be asked. */
export type KnownGroups = ReadonlyMap<string, readonly string[] | null>;

/** Asks for every Slack group that a role or the rota names. Never throws: a group that is not known grants nothing. */
export async function knowGroups(catalogue: Catalogue, groupMembers: GroupMembers): Promise<KnownGroups> {
  const entries = Object.entries(catalogue.groups).map(async ([name, group]) => {
    if (!("slackGroup" in group)) return null;
    const members = await groupMembers(group.slackGroup).catch(() => null);
    return [name, members] as const;
  });
  return new Map((await Promise.all(entries)).filter((entry) => entry !== null));
}

/** What is wanted. Without a job or an environment (an incident's), the grant's limits there do not count. */
export interface Wanted {
  readonly action: Action;
  readonly job: string | null;
  readonly environment: string | null;
}

/** A role's grant that says yes. */
export interface Grant {
  readonly role: string;
  /** `role operator (as member of on-call): run, abort in preprod` */
  readonly text: string;
}

/** Who someone is to the catalogue. Names that people choose in Slack count for nothing: the Slack id, else the e-mail. */
export type Someone = Pick<PersonActor, "slack" | "email">;

/** The catalogue's key of this person, or null. */
export function personKey(catalogue: Catalogue, someone: Someone): string | null {
  for (const [key, person] of Object.entries(catalogue.people)) {
    if (person.slack !== undefined ? person.slack === someone.slack : sameEmail(person.email, someone.email))
      return key;
  }
  return null;
}

/** The first grant that allows it, in the order of the catalogue; null is no. */
export function grantFor(
  catalogue: Catalogue,
  about: { someone: Someone; wanted: Wanted; groups: KnownGroups },
): Grant | null {
  for (const [role, { members, allow }] of Object.entries(catalogue.roles)) {
    const granted = allow.find((grant) => covers(grant, about.wanted));
    if (granted === undefined) continue;
    const via = members.find((member) => isMember(catalogue, { member, ...about }));
    if (via === undefined) continue;
    const through = Object.hasOwn(catalogue.groups, via) ? ` (as member of ${via})` : "";
    const where = granted.environments.join(", ");
    return {
      role,
      text: `role ${role}${through}: ${granted.actions.join(", ")} in ${where === "*" ? "every environment" : where}`,
    };
  }
  return null;
}

/** Whether `someone` is meant by a group's name, a person's key, an e-mail address or a Slack id. */
export function isMember(
  catalogue: Catalogue,
  about: { member: string; someone: Someone; groups: KnownGroups },
): boolean {
  const { member, someone, groups } = about;
  const group = catalogue.groups[member];
  if (group !== undefined) {
    if ("slackGroup" in group) return groups.get(member)?.includes(someone.slack) ?? false;
    return group.members.some((inner) => inner !== member && isPerson(catalogue, inner, someone));
  }
  return isPerson(catalogue, member, someone);
}

/** The role's `who`, for approvals: whether `someone` has the role. */
export function hasRole(catalogue: Catalogue, role: string, about: { someone: Someone; groups: KnownGroups }): boolean {
  return catalogue.roles[role]?.members.some((member) => isMember(catalogue, { member, ...about })) ?? false;
}

/**
 * Who may do it instead, as people read it: names and groups, at most five, without those of whom `not` is true (by the
 * catalogue's key, e-mail address or Slack id). Empty when nobody may.
 */
export function whoMay(catalogue: Catalogue, wanted: Wanted, not: (member: string) => boolean = () => false): string[] {
  const members = Object.values(catalogue.roles)
    .filter((role) => role.allow.some((grant) => covers(grant, wanted)))
    .flatMap((role) => role.members);
  const named = (people: readonly string[]) =>
    people.filter((one) => !not(one)).map((one) => catalogue.people[one]?.name ?? one);
  const names = members.flatMap((member) => {
    const group = catalogue.groups[member];
    if (group === undefined) return named([member]);
    return "slackGroup" in group ? [`anyone in ${member}`] : named(group.members);
  });
  return [...new Set(names)].slice(0, 5);
}

/** Slack groups of roles that would allow it but whose members are not known now. */
export function unknownGroups(catalogue: Catalogue, wanted: Wanted, groups: KnownGroups): string[] {
  return Object.values(catalogue.roles)
    .filter((role) => role.allow.some((grant) => covers(grant, wanted)))
    .flatMap((role) => role.members)
    .filter((member) => groups.get(member) === null);
}

type Allow = Catalogue["roles"][string]["allow"][number];

function covers(grant: Allow, wanted: Wanted): boolean {
  return (
    grant.actions.some((action) => action === "*" || action === wanted.action) &&
    (wanted.job === null || matchesAny(grant.jobs, wanted.job)) &&
    (wanted.environment === null || matchesAny(grant.environments, wanted.environment))
  );
}

function isPerson(catalogue: Catalogue, member: string, someone: Someone): boolean {
  if (Object.hasOwn(catalogue.people, member)) return personKey(catalogue, someone) === member;
  return member === someone.slack || sameEmail(member, someone.email);
}

function sameEmail(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one.toLowerCase() === other.toLowerCase();
}
