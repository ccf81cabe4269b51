import { UserError } from "../base/errors.ts";
import type { PersonActor } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { hintFor } from "../config/nearest.ts";
import type { Db } from "../store/store.ts";

/** A person as the guard sees him; `key` is his name in targets too (`${person.target}`). */
export type NamedPerson = PersonActor;

/** `@asha`, `asha`, `<@U012>`, `<@U012|asha>`, `U012`, a name or an e-mail address. Throws `not_found`. */
export async function personNamed(db: Db, catalogue: Catalogue, typed: string): Promise<NamedPerson> {
  const wanted = typed
    .trim()
    .replace(/^<@([^|>]+)(\|[^>]*)?>$/, "$1")
    .replace(/^@/, "");
  const lower = wanted.toLowerCase();
  const own = Object.entries(catalogue.people).find(([key, person]) =>
    [key, person.name, person.email, person.slack].some((one) => one?.toLowerCase() === lower),
  );
  if (own !== undefined) return personOfKey(catalogue, own[0]) ?? notFound(catalogue, typed);
  const row = await db
    .selectFrom("slack_users")
    .selectAll()
    .where((where) => where.or([where("id", "=", wanted), where("handle", "=", lower), where("name", "=", wanted)]))
    .orderBy("id")
    .executeTakeFirst();
  if (row === undefined) return notFound(catalogue, typed);
  return personOfSlack(catalogue, {
    slack: row.id,
    key: row.handle,
    name: row.name,
    ...(row.email === null ? {} : { email: row.email }),
    ...(row.is_foreign ? { outsider: "foreign" as const } : row.is_guest ? { outsider: "guest" as const } : {}),
  });
}

/** The catalogue's person of this key; null when there is none. */
export function personOfKey(catalogue: Catalogue, key: string): NamedPerson | null {
  const person = Object.hasOwn(catalogue.people, key) ? catalogue.people[key] : undefined;
  if (person === undefined) return null;
  return {
    kind: "person",
    key,
    name: person.name,
    slack: person.slack ?? "",
    ...(person.email === undefined ? {} : { email: person.email }),
  };
}

/** A Slack user: by the catalogue's key and name where it knows him. */
export function personOfSlack(catalogue: Catalogue, user: Omit<PersonActor, "kind">): NamedPerson {
  const known = Object.entries(catalogue.people).find(([, person]) => person.slack === user.slack);
  return { kind: "person", ...user, ...(known === undefined ? {} : { key: known[0], name: known[1].name }) };
}

function notFound(catalogue: Catalogue, typed: string): never {
  const hint = hintFor(typed, Object.keys(catalogue.people));
  throw new UserError("not_found", {
    code: "person_not_found",
    message: `Nightdesk does not know ${typed}.`,
    ...(hint === "" ? {} : { wayOut: hint.charAt(0).toUpperCase() + hint.slice(1) }),
  });
}
