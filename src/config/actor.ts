/** Who did something: a person of the workspace, one of the catalogue's sources, or Nightdesk by itself. */
export type Actor = PersonActor | { readonly kind: "source"; readonly name: string } | { readonly kind: "system" };

export interface PersonActor {
  readonly kind: "person";
  /** Slack user id. */
  readonly slack: string;
  /** What people read: the catalogue's name, else Slack's real name. */
  readonly name: string;
  /** The catalogue's key (`asha`), else Slack's handle: what the API and the audit call this person. */
  readonly key: string;
  readonly email?: string;
  /** Not one of the workspace's own people: the guard refuses whatever is asked. */
  readonly outsider?: "guest" | "foreign";
}

export const SYSTEM: Actor = { kind: "system" };

/** The form kept in every `actor` column: `slack:U012`, `source:jobs`, `system`. */
export function actorId(actor: Actor): string {
  switch (actor.kind) {
    case "person":
      return `slack:${actor.slack}`;
    case "source":
      return `source:${actor.name}`;
    case "system":
      return "system";
  }
}

/** The short name of an actor, kept beside its id at the time of writing (`by` of the API). */
export function actorKey(actor: Actor): string {
  return actor.kind === "person" ? actor.key : actor.kind === "source" ? actor.name : "nightdesk";
}

/** What people read. */
export function actorName(actor: Actor): string {
  return actor.kind === "person" ? actor.name : actor.kind === "source" ? actor.name : "Nightdesk";
}
