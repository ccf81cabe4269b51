import { UserError } from "../base/errors.ts";
import type { PersonActor } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Store } from "../store/store.ts";
import type { Asker, ResolveActor } from "./command-requests.ts";

/**
 * The person behind a key of the catalogue or a Slack id: who can be made the owner. Guests, bots and strangers cannot.
 */
export async function personBehind(
  parts: { readonly store: Store; readonly catalogue: Catalogue; readonly resolveActor: ResolveActor },
  person: string,
): Promise<PersonActor> {
  const asker = await parts.resolveActor(await slackIdOf(parts, person));
  if (asker.kind === "person") return asker.actor;
  throw new UserError("invalid", {
    code: `person_${asker.because}`,
    message: `${person} cannot own an incident: ${WHY[asker.because]}.`,
    wayOut: "Name a full member of this workspace.",
  });
}

const WHY = {
  guest: "a guest",
  foreign: "of another workspace",
  bot: "a bot",
  deactivated: "a deactivated account",
  unknown: "nobody knows this account",
} as const satisfies Record<Extract<Asker, { kind: "refused" }>["because"], string>;

async function slackIdOf(
  { store, catalogue }: { readonly store: Store; readonly catalogue: Catalogue },
  person: string,
): Promise<string> {
  const listed = catalogue.people[person];
  if (listed?.slack !== undefined) return listed.slack;
  if (listed === undefined && /^[UW][A-Z0-9]+$/.test(person)) return person;
  const known = await store.db
    .selectFrom("slack_users")
    .select("id")
    .where((where) =>
      listed?.email === undefined ? where("handle", "=", person) : where("email", "ilike", escapeLike(listed.email)),
    )
    .where("is_deleted", "=", false)
    .executeTakeFirst();
  if (known !== undefined) return known.id;
  throw new UserError("not_found", {
    code: "no_slack_id",
    message: `Nightdesk does not know the Slack account of ${listed?.name ?? person} yet.`,
    wayOut: "Mention the person instead, or put the Slack id into the catalogue.",
  });
}

const escapeLike = (text: string): string => text.replace(/[\\%_]/g, "\\$&");
