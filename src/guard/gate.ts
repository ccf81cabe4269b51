import { actorId, type PersonActor } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { approversOf } from "./approvals.ts";
import { type Denial, orList } from "./decision.ts";
import { hasRole, type KnownGroups, personKey, whoMay } from "./grants.ts";

/** A pipeline's question, as far as it decides whose word counts. */
export interface Gated {
  readonly service: string;
  readonly environment: string;
  /** Who deploys: as the pipeline wrote it, and the person of the catalogue who was meant by it. */
  readonly author: string | null;
  readonly authorKey: string | null;
  /** The role whose word is needed; null: the grant `gate` is enough. */
  readonly role: string | null;
}

/** The person of the catalogue whom a pipeline names: by key, name, e-mail, Slack id or one of the `logins`; null: nobody. */
export function authorKey(catalogue: Catalogue, author: string): string | null {
  const said = plain(author);
  const found = Object.entries(catalogue.people).find(([key, { name, email, slack, logins }]) =>
    [key, name, email, slack, ...(logins ?? [])].some((word) => word?.toLowerCase() === said),
  );
  return found?.[0] ?? null;
}

/** Who may open it beside its author, by name, at most five. */
export function whoMayOpen(catalogue: Catalogue, groups: KnownGroups, gate: Gated): readonly string[] {
  const key = authorOf(catalogue, gate);
  const said = plain(gate.author ?? "");
  if (gate.role !== null) {
    const person = key === null ? undefined : catalogue.people[key];
    const except = { slack: person?.slack ?? said, email: person?.email ?? said, key: key ?? said };
    return approversOf({ catalogue, groups, role: gate.role, except }).names;
  }
  const isAuthorOf = (member: string): boolean => {
    const meant = Object.hasOwn(catalogue.people, member)
      ? member
      : personKey(catalogue, { slack: member, email: member });
    return key === null ? plain(member) === said : meant === key;
  };
  return whoMay(catalogue, { action: "gate", job: null, environment: gate.environment }, isAuthorOf);
}

/** Whether this person, who has the grant, may say it: only who has the role, and no yes of the author, who may take it back. */
export function decideGateWord(about: {
  readonly word: "approve" | "reject";
  readonly catalogue: Catalogue;
  readonly groups: KnownGroups;
  readonly actor: PersonActor;
  readonly gate: Gated;
}): Denial | null {
  const { catalogue, groups, actor, gate } = about;
  const others = whoMayOpen(catalogue, groups, gate);
  const ask =
    others.length === 0
      ? "Nobody else may: a role in the catalogue has to grant it."
      : `Ask ${orList(others)}, who may.`;
  const reason = `${actor.name} may not gate ${gate.service} in ${gate.environment}`;
  const deny = (code: string, wayOut: string): Denial => ({ kind: "deny", check: "who_else", code, reason, wayOut });
  if (isAuthor(catalogue, actor, gate)) {
    if (about.word === "reject") return null;
    return deny("own_deploy", `Nobody opens the gate for a deploy of their own. ${ask}`);
  }
  if (gate.role === null || hasRole(catalogue, gate.role, { someone: actor, groups })) return null;
  return deny("not_in_role", `It needs the role ${gate.role}. ${ask}`);
}

function authorOf(catalogue: Catalogue, { author, authorKey: known }: Gated): string | null {
  return known ?? (author === null ? null : authorKey(catalogue, author));
}

/** As a forge or a person may write it. */
const plain = (author: string): string => author.trim().replace(/^@/, "").toLowerCase();

/** Whether this person is who deploys. */
export function isAuthor(catalogue: Catalogue, actor: PersonActor, gate: Gated): boolean {
  const meant = authorOf(catalogue, gate);
  if (meant !== null) return meant === (personKey(catalogue, actor) ?? actor.key);
  if (gate.author === null) return false;
  const said = plain(gate.author);
  return [actor.key, actor.name, actor.email, actor.slack, actorId(actor)].some((word) => word?.toLowerCase() === said);
}
