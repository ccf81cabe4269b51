import type { Instant } from "../base/clock.ts";
import { isMentioned, newestDelivery, saveUnknown } from "../intake/inbox.store.ts";
import { type Fields, instantOf, textOf } from "../intake/reading.ts";
import { type SentryClient, SentryError } from "../intake/sentry-api.ts";
import { createdKey, eventKey, unresolvedKey } from "../intake/sentry-keys.ts";
import { CAUGHT_UP, type CaughtUp } from "../intake/sources/sentry/caught-up.ts";
import type { Store, Tx } from "../store/store.ts";
import { type KnownIssue, knownIssues } from "./sentry-issues.store.ts";
import { byEnvironment, endedAt, eventsOf, isSettled, type ListedEvent, type Lost } from "./sentry-lost.ts";

export interface DeliverParts {
  readonly store: Store;
  readonly client: SentryClient;
  readonly source: string;
  readonly now: Instant;
}

/** A webhook that comes after all is known for so long. */
const KNOWN_FOR_MS = 3_600_000;

/**
 * Puts a lost start into the inbox, with the events that tell where it happened, under every name by which a late webhook
 * could bring the same. Says whether it did: not where one of them came in meanwhile.
 */
export async function deliverStart(
  parts: DeliverParts,
  issue: Fields,
  lost: Exclude<Lost, { kind: "ask" }>,
): Promise<boolean> {
  const id = textOf(issue["id"]) ?? "";
  const page = await parts.client.events(id, null).catch(absent);
  if (page === null) return false;
  const listed = eventsOf(page.items);
  if (lost.kind === "created") {
    const oldest = page.next === null ? [] : eventsOf([await parts.client.oldestEvent(id)]);
    const events = [...listed, ...oldest];
    const names = [createdKey(id), ...events.map((event) => eventKey(event.id))];
    return save(parts, names, {
      action: "created",
      data: { issue, events: byEnvironment(events), at: lost.at.toString() },
    });
  }
  const events = listed.filter((event) => event.at.epochMilliseconds > lost.after.epochMilliseconds);
  const at = earliest(events) ?? instantOf(issue["lastSeen"]) ?? parts.now;
  if (!isSettled(at, parts.now)) return false;
  const times = [issue["lastSeen"], ...events.map((event) => event.at.toString())];
  const names = [
    `issue ${id} came back ${at.epochMilliseconds}`,
    ...times.map((time) => unresolvedKey(id, time)).filter((name) => name !== null),
    ...events.map((event) => eventKey(event.id)),
  ];
  return save(parts, names, {
    action: "unresolved",
    data: { issue, events: byEnvironment(events), at: at.toString() },
  });
}

/** Puts the end of an issue that fires here into the inbox, where Sentry says that it is resolved or archived. */
export async function deliverEnd(parts: DeliverParts, issue: Fields, known: KnownIssue): Promise<boolean> {
  const status = textOf(issue["status"]);
  if (status !== "resolved" && status !== "ignored") return false;
  // What Sentry says now is newer than the last that fired, whatever its record says.
  const at = latest(endedAt(issue) ?? parts.now, known.firedAt);
  const names = [`issue ${known.issue} ended ${known.firedAt.epochMilliseconds}`];
  return save(parts, names, { action: status, data: { issue, events: [], at: at.toString() } });
}

async function save(parts: DeliverParts, names: readonly string[], body: CaughtUp): Promise<boolean> {
  const { store, source, now } = parts;
  const word = textOf(body.data.issue["id"]) ?? "";
  const starts = body.action === "created" || body.action === "unresolved";
  const before = await newestDelivery(store.db);
  if (await isMentioned(store.db, { source, word, after: 0 })) return false;
  // Looked at once more where no webhook can come between: one that is kept and not yet read, or was read meanwhile.
  const heard = async (tx: Tx) => {
    const known = (await knownIssues(tx, source, [word])).get(word);
    return known?.firing === starts || (await isMentioned(tx, { source, word, after: before }));
  };
  const arrival = {
    source,
    resource: CAUGHT_UP,
    request: { method: "GET", path: "", query: {} },
    body: JSON.stringify(body),
    receivedAt: now,
  };
  return saveUnknown(store, arrival, { names, forMs: KNOWN_FOR_MS, now, heard });
}

function absent(error: unknown): null {
  if (error instanceof SentryError && error.kind === "gone") return null;
  throw error;
}

function earliest(events: readonly ListedEvent[]): Instant | undefined {
  return events.map(({ at }) => at).sort((a, b) => a.epochMilliseconds - b.epochMilliseconds)[0];
}

const latest = (a: Instant, b: Instant): Instant => (b.epochMilliseconds > a.epochMilliseconds ? b : a);
