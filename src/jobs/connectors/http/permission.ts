import { ConnectorError, type PermissionAnswer } from "../contract.ts";
import type { Exchange } from "./exchange.ts";
import { fieldAt, fill, jsonOf, namesOf } from "./fields.ts";
import type { HttpSettings } from "./settings.ts";

type Permission = HttpSettings["permission"];

/** Whether Nightdesk's own token holds a policy for the action there. A "Deny" wins over every "Allow". */
export async function askOwn(
  exchange: Exchange,
  own: Permission["own"],
  asked: { action: string; target: string; name: string },
): Promise<PermissionAnswer> {
  const needed = own?.actions[asked.action];
  if (own === undefined) return { kind: "not_known", why: `${asked.target} has no way to ask` };
  if (needed === undefined)
    return { kind: "not_known", why: `the catalogue does not say what ${asked.action} needs there` };
  try {
    const answer = await exchange.read(fill(own.get, { "target.name": asked.name }, true));
    const policies = fieldAt(jsonOf(answer.body), own.policies);
    if (!Array.isArray(policies)) return { kind: "not_known", why: `${asked.target} answered without ${own.policies}` };
    const about = policies.filter(
      (policy: unknown) =>
        fieldAt(policy, "resource") === own.resource && namesOf(fieldAt(policy, "actions")).includes(needed),
    );
    const denied = about.some((policy: unknown) => fieldAt(policy, "effect") === "Deny");
    const allowed = about.some((policy: unknown) => (fieldAt(policy, "effect") ?? "Allow") === "Allow");
    return allowed && !denied
      ? { kind: "yes", evidence: `Nightdesk's token holds ${needed} on ${own.resource}` }
      : {
          kind: "no",
          evidence: `Nightdesk's token does not hold ${needed} on ${own.resource}`,
          wayOut: `Grant ${needed} on ${own.resource} to Nightdesk's user at ${asked.target}.`,
        };
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    return error.kind === "auth"
      ? { kind: "no", evidence: error.message, wayOut: `Give Nightdesk a token that ${asked.target} accepts.` }
      : { kind: "not_known", why: error.message };
  }
}

/** What a person holds there, by role. */
export async function askPerson(
  exchange: Exchange,
  person: Permission["person"],
  asked: { action: string; target: string; name: string; who: string },
): Promise<PermissionAnswer> {
  const needed = person?.needs[asked.action];
  if (person === undefined) return { kind: "not_known", why: `${asked.target} has no way to ask` };
  if (needed === undefined)
    return { kind: "not_known", why: `the catalogue does not say what ${asked.action} needs there` };
  const wayOut = `Grant the role ${needed} to ${asked.who} at ${asked.target}.`;
  try {
    const answer = await exchange.read(
      fill(person.get, { "target.name": asked.name, "person.target": asked.who }, true),
    );
    const roles = fieldAt(jsonOf(answer.body), person.roles);
    if (!Array.isArray(roles)) return { kind: "not_known", why: `${asked.target} answered without ${person.roles}` };
    return namesOf(roles).includes(needed)
      ? { kind: "yes", evidence: `${asked.who} holds ${needed} there` }
      : { kind: "no", evidence: `${asked.who} does not hold ${needed} there`, wayOut };
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    return error.kind === "not_found"
      ? { kind: "no", evidence: `${asked.target} does not know ${asked.who}`, wayOut }
      : { kind: "not_known", why: error.message };
  }
}
