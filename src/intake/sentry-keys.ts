import { instantOf } from "./reading.ts";

/**
 * Under which names what Sentry tells of lies in the inbox: the same whether a webhook brought it or Nightdesk asked for it,
 * so that whichever comes second is known.
 */

export const createdKey = (issue: string): string => `issue ${issue} created`;

export const eventKey = (event: string): string => `event ${event.replaceAll("-", "").toLowerCase()}`;

/** An issue comes back by an event: to the second, because Sentry's API tells the time of an event no closer. */
export function unresolvedKey(issue: string, lastSeen: unknown): string | null {
  const at = instantOf(lastSeen);
  return at === undefined ? null : `issue ${issue} unresolved ${Math.floor(at.epochMilliseconds / 1_000)}`;
}
