import type { PersonActor } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Asker, ResolveActor } from "../services/command-requests.ts";

/** A member as the workspace's directory knows him (`slack_users`, kept fresh by the Slack room). */
export interface DirectoryUser {
  readonly id: string;
  readonly handle: string;
  readonly name: string;
  readonly email: string | null;
  readonly isBot: boolean;
  readonly isGuest: boolean;
  /** Of another workspace (Slack Connect). */
  readonly isForeign: boolean;
  readonly isDeleted: boolean;
}

/** Null: the workspace knows nobody of that id. Throws when the workspace cannot be asked and nothing was kept. */
export type LookUpUser = (slackId: string) => Promise<DirectoryUser | null>;

/**
 * Who a Slack id is: the catalogue's person by Slack id, else by e-mail, else the directory's handle (the id, where that
 * handle is somebody's key in the catalogue). Guests, strangers, bots and people who have left are refused, whatever the
 * catalogue says. While Slack cannot be asked, a person whom the catalogue names by Slack id is believed: the on-call
 * person must be able to abort during an outage of Slack.
 */
export function createActorResolver(parts: {
  readonly catalogue: Catalogue;
  readonly lookUp: LookUpUser;
}): ResolveActor {
  const { catalogue, lookUp } = parts;
  return async (slackId) => {
    const listed = Object.entries(catalogue.people).find(([, person]) => person.slack === slackId);
    const user = await lookUp(slackId).catch((error: unknown) => {
      if (listed === undefined) throw error;
      return null;
    });
    if (user === null) {
      return listed === undefined ? { kind: "refused", because: "unknown" } : person(catalogueActor(listed, slackId));
    }
    const refused = refusal(user);
    if (refused !== null) return refused;
    const byEmail = Object.entries(catalogue.people).find(
      ([, { email }]) => email !== undefined && email.toLowerCase() === user.email?.toLowerCase(),
    );
    const known = listed ?? byEmail;
    if (known !== undefined) return person(catalogueActor(known, slackId));
    return person({
      kind: "person",
      slack: slackId,
      name: user.name,
      // A handle that is the key of another person would pass for that one in the record.
      key: Object.hasOwn(catalogue.people, user.handle) ? slackId : user.handle,
      ...(user.email === null ? {} : { email: user.email }),
    });
  };
}

const person = (actor: PersonActor): Asker => ({ kind: "person", actor });

function refusal(user: DirectoryUser): Asker | null {
  if (user.isDeleted) return { kind: "refused", because: "deactivated" };
  if (user.isForeign) return { kind: "refused", because: "foreign" };
  if (user.isGuest) return { kind: "refused", because: "guest" };
  if (user.isBot) return { kind: "refused", because: "bot" };
  return null;
}

function catalogueActor([key, listed]: [string, Catalogue["people"][string]], slackId: string): PersonActor {
  return {
    kind: "person",
    slack: slackId,
    name: listed.name,
    key,
    ...(listed.email === undefined ? {} : { email: listed.email }),
  };
}
