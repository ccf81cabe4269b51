import type { IncidentId } from "../base/ids.ts";
import type { Split } from "./apart.ts";
import type { Incident } from "./incident.ts";
import type { Relation } from "./relate.ts";

/** What of an incident says whether it may be one trouble with another. */
export type Side = Pick<Incident, "id" | "number" | "title" | "status" | "environment" | "mergedInto">;

/** An alert that came to one incident and looks like another one's trouble too. Nobody but people makes the two one. */
export interface Bridge<Of extends Side = Side> {
  readonly incident: Of;
  readonly other: Of;
  readonly relation: Pick<Relation, "rule" | "why">;
  readonly alert: string;
}

/** What a suggestion stands on. */
export interface Standing {
  readonly splits: readonly Pick<Split, "from" | "to">[];
  /** The incident in which the alert is now. */
  readonly alertIn: IncidentId | null;
  /** Where an incident that was merged goes on; itself when it was not. */
  goesOnIn(id: IncidentId): Side | undefined;
}

/** An incident that people are asked about again and again is one that nobody looks at any more. */
export const MOST_TOLD = 3;

/**
 * Both go on, not in two environments, and nobody has taken one out of the other. Of one nobody may know where it is: that
 * its alerts can be of the other's place was judged with them.
 */
export function mayBeOne(a: Side, b: Side, splits: Standing["splits"]): boolean {
  if (a.id === b.id || isOver(a) || isOver(b) || wereTakenApart(a, b, splits)) return false;
  return a.environment === null || b.environment === null || a.environment === b.environment;
}

/** The likeliest of the other incidents that an alert looks like, which may be said to be one with its own. */
export function bridgeOf<Of extends Side>(
  alert: string,
  incident: Of,
  by: {
    readonly relations: readonly Relation[];
    readonly splits: Standing["splits"];
    row(id: IncidentId): Of | undefined;
  },
): Bridge<Of> | null {
  for (const { incident: id, rule, why } of by.relations) {
    const other = by.row(id);
    if (other !== undefined && mayBeOne(incident, other, by.splits))
      return { incident, other, relation: { rule, why }, alert };
  }
  return null;
}

/** The same for both: told once, whichever way round it is found. */
export const pairKey = (a: Pick<Side, "id">, b: Pick<Side, "id">): string =>
  `like:${Math.min(a.id, b.id)}-${Math.max(a.id, b.id)}`;

/** The newer goes on in the older. */
export function mergeCommand(a: Side, b: Side): string {
  return `incident merge INC-${Math.max(a.number, b.number)} INC-${Math.min(a.number, b.number)}`;
}

/** As it is told in the thread of `bridge.incident`, or in that of the other. */
export function bridgeText({ incident, other, relation, alert }: Bridge, side: "incident" | "other"): string {
  const [named, where] =
    side === "incident" ? [other, "came here and fits there"] : [incident, "came there and fits here"];
  return `INC-${named.number} looks like the same trouble: ${named.title}. "${alert}" ${where} too: ${relation.why}. One trouble? \`/${mergeCommand(incident, other)}\``;
}

/** As it is read once it is over. */
export function overText(told: Readonly<Record<string, unknown>>, because: string): string {
  const { like, title, why } = told;
  return `INC-${String(like)} looked like the same trouble: ${String(title)} (${String(why)}). ${because}`;
}

/** Why the two are not to be merged any more; null while they may be. */
export function overBecause(a: Side, b: Side, standing: Standing): string | null {
  const [ends, others] = [standing.goesOnIn(a.id) ?? a, standing.goesOnIn(b.id) ?? b];
  if (ends.id === others.id) return `They are one by now: INC-${ends.number}.`;
  for (const [side, end] of [
    [a, ends],
    [b, others],
  ] as const) {
    if (side.mergedInto !== null) return `INC-${side.number} was merged into INC-${end.number}.`;
  }
  if (wereTakenApart(a, b, standing.splits)) return "They were taken apart.";
  const gone = standing.alertIn !== a.id && standing.alertIn !== b.id;
  if (gone) return "The alert that looked like both was taken out.";
  const resolved = [a, b].filter(({ status }) => status === "resolved").map(({ number }) => `INC-${number}`);
  if (resolved.length === 0) return null;
  return `${resolved.join(" and ")} ${resolved.length === 1 ? "is" : "are"} resolved.`;
}

const isOver = ({ status, mergedInto }: Side): boolean => status === "resolved" || mergedInto !== null;

function wereTakenApart(a: Side, b: Side, splits: Standing["splits"]): boolean {
  return splits.some(({ from, to }) => (from === a.id && to === b.id) || (from === b.id && to === a.id));
}
