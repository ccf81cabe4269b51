import type { Instant } from "../base/clock.ts";
import { type Fields, fieldsOf, instantOf, isFields, textOf } from "../intake/reading.ts";
import type { KnownIssue } from "./sentry-issues.store.ts";

/** What an issue that Sentry lists says against what we know: what its lost webhook would have told. */
export type Lost =
  | { readonly kind: "created"; readonly at: Instant }
  /** It came back after it had ended here. */
  | { readonly kind: "unresolved"; readonly after: Instant }
  /** It came back at some time, and nobody told us anything of it: Sentry's own record says when. */
  | { readonly kind: "ask" };

/** Webhooks are given this long to come by themselves. */
const GRACE_MS = 10_000;

/**
 * `from`: what changed before was looked at. An issue that goes on since before, of which no webhook ever told, is nobody's
 * loss: Sentry did not mean to tell us.
 */
export function lostOf(
  issue: Fields,
  known: KnownIssue | undefined,
  between: { readonly from: Instant; readonly now: Instant },
): Lost | null {
  const firstSeen = instantOf(issue["firstSeen"]);
  const lastSeen = instantOf(issue["lastSeen"]);
  if (firstSeen === undefined || lastSeen === undefined) return null;
  if (known !== undefined) {
    if (known.firing || known.endedAt === null || lastSeen.epochMilliseconds <= known.endedAt.epochMilliseconds)
      return null;
    return { kind: "unresolved", after: known.endedAt };
  }
  if (firstSeen.epochMilliseconds >= between.from.epochMilliseconds) {
    return isSettled(firstSeen, between.now) ? { kind: "created", at: firstSeen } : null;
  }
  const substatus = textOf(issue["substatus"]);
  return substatus === "regressed" || substatus === "escalating" ? { kind: "ask" } : null;
}

export const isSettled = (at: Instant, now: Instant): boolean =>
  at.epochMilliseconds <= now.epochMilliseconds - GRACE_MS;

/** What Sentry calls it in an issue's record when it comes back, and when it ends. */
const CAME_BACK = ["set_regression", "set_escalating", "set_unresolved"];
const ENDED = [
  "set_resolved",
  "set_resolved_by_age",
  "set_resolved_in_release",
  "set_resolved_in_commit",
  "set_resolved_in_pull_request",
  "set_ignored",
];

/** The last time that it came back, by its record. */
export const cameBackAt = (issue: Fields): Instant | undefined => lastOf(issue, CAME_BACK);

/** When it ended; not known where Sentry keeps no record of it. */
export const endedAt = (issue: Fields): Instant | undefined => lastOf(issue, ENDED);

function lastOf(issue: Fields, types: readonly string[]): Instant | undefined {
  const activity = issue["activity"];
  const times = (Array.isArray(activity) ? activity : [])
    .filter(isFields)
    .filter((one) => types.includes(textOf(one["type"]) ?? ""))
    .map((one) => instantOf(one["dateCreated"]))
    .filter((at) => at !== undefined);
  return times.sort((a, b) => b.epochMilliseconds - a.epochMilliseconds)[0];
}

/** An event of the API's lists. */
export interface ListedEvent {
  readonly id: string;
  readonly at: Instant;
  readonly environment: string;
  readonly fields: Fields;
}

export function eventsOf(items: readonly Fields[]): ListedEvent[] {
  return items.flatMap((fields) => {
    const id = textOf(fields["eventID"]) ?? textOf(fields["id"]);
    const at = instantOf(fields["dateCreated"]);
    if (id === undefined || at === undefined) return [];
    return [{ id, at, environment: environmentIn(fields), fields }];
  });
}

const MOST_ENVIRONMENTS = 5;

/** The newest event of each environment, with when the first of these events happened there. */
export function byEnvironment(events: readonly ListedEvent[]): { event: Fields; since: string }[] {
  const places = new Map<string, { newest: ListedEvent; oldest: ListedEvent }>();
  for (const event of events) {
    const place = places.get(event.environment);
    if (place === undefined) places.set(event.environment, { newest: event, oldest: event });
    else {
      if (event.at.epochMilliseconds > place.newest.at.epochMilliseconds) place.newest = event;
      if (event.at.epochMilliseconds < place.oldest.at.epochMilliseconds) place.oldest = event;
    }
  }
  return [...places.values()]
    .slice(0, MOST_ENVIRONMENTS)
    .map(({ newest, oldest }) => ({ event: newest.fields, since: oldest.at.toString() }));
}

function environmentIn(event: Fields): string {
  const tags = event["tags"];
  const tag = (Array.isArray(tags) ? tags : []).filter(isFields).find((one) => one["key"] === "environment");
  return textOf(tag?.["value"]) ?? textOf(fieldsOf(event, "environment")["name"]) ?? "";
}
