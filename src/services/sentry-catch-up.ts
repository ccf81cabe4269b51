import type { Clock, Instant } from "../base/clock.ts";
import type { Http } from "../base/http.ts";
import type { Logger } from "../base/log.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { type Fields, instantOf, textOf } from "../intake/reading.ts";
import { type SentryApi, type SentryClient, SentryError, sentryApis, sentryClient } from "../intake/sentry-api.ts";
import type { WorkOutcome } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import { type DeliverParts, deliverEnd, deliverStart } from "./sentry-deliver.ts";
import { issuesToCheck, keepChecked, knownIssues } from "./sentry-issues.store.ts";
import {
  forgetPassed,
  keepFailed,
  keepLooked,
  keepPassed,
  type Look,
  passedIssues,
  readLook,
} from "./sentry-looks.store.ts";
import { cameBackAt, isSettled, type Lost, lostOf } from "./sentry-lost.ts";

export interface SentryParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly http: Http;
  readonly log: Logger;
}

/** How often Sentry is asked (domain time): what was lost is here within a minute. */
export const EVERY_MS = 30_000;
/** Sentry lists an event a little after it happened. */
const OVERLAP_MS = 2 * 60_000;
/** After an outage of ours, what is older is left to Sentry's own pages. */
const FARTHEST_MS = 24 * 3_600_000;
const MOST_PAGES = 20;
/** What one look may deliver, and ask one by one; the next goes on soon. */
const MOST_DELIVERED = 25;
const MOST_ASKED = 20;
const GO_ON_MS = 2_000;
/** An issue that came back long ago is asked about again after this, one of an incident that is over after this. */
const PASSED_FOR_MS = 10 * 60_000;
const OTHERS_EVERY_MS = 30 * 60_000;
const REMEMBER_PASSED_MS = 7 * 86_400_000;
/** Where the token or the address is wrong, asking often helps nobody. */
const MENDED_BY_HAND_MS = 5 * 60_000;
const MOST_WAIT_MS = 10 * 60_000;

/**
 * Work of kind `sentry-catch-up`: asks one source's API for issues that no webhook told of, and whether those that fire
 * here fire there, and puts what was lost into the inbox. Nothing is kept but by the inbox and the look's own row, so
 * whoever does it again does no harm.
 */
export function createSentryCatchUp(parts: SentryParts): (id: number) => Promise<WorkOutcome> {
  const { store, clock, catalogue, log } = parts;
  return async (id) => {
    const look = await readLook(store.db, id);
    const api = look === null ? undefined : sentryApis(catalogue.sources).get(look.source);
    if (look === null || api === undefined) return { done: true };
    const now = clock.now();
    try {
      const seen = await lookAt(parts, { look, api, now });
      if (look.trouble !== null) log.info({ source: look.source }, "Sentry answers again");
      if (!seen.whole) return { done: false, dueAt: now.add({ milliseconds: GO_ON_MS }) };
      await keepLooked(store.db, id, { since: now, trouble: seen.trouble });
      return { done: false, dueAt: now.add({ milliseconds: EVERY_MS }) };
    } catch (error) {
      if (!(error instanceof SentryError)) throw error;
      return wait(parts, look, error);
    }
  };
}

async function wait({ store, clock, log }: SentryParts, look: Look, error: SentryError): Promise<WorkOutcome> {
  const trouble = error.message;
  if (trouble !== look.trouble)
    log.warn({ source: look.source, trouble }, "Sentry cannot be asked for lost deliveries");
  const failures = look.failures + 1;
  await keepFailed(store.db, look.id, { failures, trouble });
  const byHand = error.kind !== "busy" && error.kind !== "away";
  const backOffMs = byHand ? MENDED_BY_HAND_MS : Math.min(EVERY_MS * 2 ** Math.min(look.failures, 10), MOST_WAIT_MS);
  const waitMs = Math.max(error.retryAfterMs ?? 0, backOffMs);
  const notBefore = clock.machineNow().add({ milliseconds: Math.ceil(waitMs) });
  return { done: false, dueAt: clock.now().add({ milliseconds: EVERY_MS }), notBefore, error: trouble };
}

interface Looking {
  readonly look: Look;
  readonly api: SentryApi;
  readonly now: Instant;
}

/** `whole`: nothing is left to be gone on with. */
async function lookAt(parts: SentryParts, looking: Looking): Promise<{ whole: boolean; trouble: string | null }> {
  const { look, api, now } = looking;
  const client = sentryClient(parts, api);
  const delivering: DeliverParts = { ...parts, client, source: look.source, now };
  const from = later(look.since, now.subtract({ milliseconds: FARTHEST_MS })).subtract({ milliseconds: OVERLAP_MS });
  const listed = api.catchUp === false ? NOTHING : await changedSince(client, { query: queryOf(api), from });
  const lost = await lostAmong(parts, { ...looking, client, from, issues: listed.issues });
  let delivered = 0;
  for (const { issue, lost: what } of lost) {
    if (delivered >= MOST_DELIVERED) return { whole: false, trouble: listed.trouble };
    if (await deliverStart(delivering, issue, what)) delivered += 1;
  }
  await checkFiring(delivering, new Set(listed.issues.map(idOf)));
  await forgetPassed(parts.store.db, now.subtract({ milliseconds: REMEMBER_PASSED_MS }));
  return { whole: true, trouble: listed.trouble };
}

const NOTHING = { issues: [], trouble: null };

const queryOf = ({ catchUp }: SentryApi): string =>
  typeof catchUp === "object" ? `is:unresolved ${catchUp.query}` : "is:unresolved";

/** Unresolved issues seen since then, those seen last first, as Sentry lists them. */
async function changedSince(
  client: SentryClient,
  search: { query: string; from: Instant },
): Promise<{ issues: readonly Fields[]; trouble: string | null }> {
  const issues: Fields[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { items, next } = await client.issues({ query: search.query, cursor });
    const fresh = items.filter(
      (issue) => (instantOf(issue["lastSeen"])?.epochMilliseconds ?? 0) >= search.from.epochMilliseconds,
    );
    issues.push(...fresh);
    if (next === null || fresh.length < items.length) return { issues, trouble: null };
    cursor = next;
  }
  const trouble = `more than ${issues.length} issues were seen since the last look: narrow api.catchUp.query`;
  return { issues, trouble };
}

/** Oldest first: what has waited longest is told first. */
async function lostAmong(
  parts: SentryParts,
  among: Looking & { client: SentryClient; from: Instant; issues: readonly Fields[] },
): Promise<{ issue: Fields; lost: Exclude<Lost, { kind: "ask" }> }[]> {
  const { client, from, now, look } = among;
  const { db } = parts.store;
  const issues = among.issues.filter((issue) => idOf(issue) !== "").toReversed();
  const known = await knownIssues(db, look.source, issues.map(idOf));
  const read = issues.map((issue) => ({ issue, lost: lostOf(issue, known.get(idOf(issue)), { from, now }) }));
  const asked = read.filter(({ lost }) => lost?.kind === "ask").map(({ issue }) => idOf(issue));
  const passed = await passedIssues(db, look.source, asked);
  const found: { issue: Fields; lost: Exclude<Lost, { kind: "ask" }> }[] = [];
  let calls = 0;
  for (const { issue, lost } of read) {
    if (lost === null) continue;
    if (lost.kind !== "ask") {
      found.push({ issue, lost });
      continue;
    }
    const passedAt = passed.get(idOf(issue));
    const fresh = passedAt !== undefined && now.epochMilliseconds - passedAt.epochMilliseconds < PASSED_FOR_MS;
    if (fresh || calls >= MOST_ASKED) continue;
    calls += 1;
    const since = passedAt?.subtract({ milliseconds: OVERLAP_MS }) ?? from;
    const back = cameBackAt(await client.issue(idOf(issue)));
    if (back === undefined || back.epochMilliseconds < since.epochMilliseconds) {
      await keepPassed(db, look.source, idOf(issue), now);
    } else if (isSettled(back, now)) {
      found.push({ issue, lost: { kind: "unresolved", after: back.subtract({ seconds: 1 }) } });
    }
  }
  return found;
}

/** Asks about issues that fire here, and ends those that Sentry says are over. */
async function checkFiring(parts: DeliverParts, unresolved: ReadonlySet<string>): Promise<void> {
  const { store, source, now, client } = parts;
  const asked = {
    open: now.subtract({ milliseconds: EVERY_MS / 2 }),
    other: now.subtract({ milliseconds: OTHERS_EVERY_MS }),
    limit: MOST_ASKED,
  };
  for (const known of await issuesToCheck(store.db, source, asked)) {
    if (!unresolved.has(known.issue)) {
      const issue = await client.issue(known.issue).catch((error: unknown) => {
        if (error instanceof SentryError && error.kind === "gone") return null;
        throw error;
      });
      if (issue !== null) await deliverEnd(parts, issue, known);
    }
    await keepChecked(store.db, source, [known.issue], now);
  }
}

const idOf = (issue: Fields): string => textOf(issue["id"]) ?? "";

const later = (a: Instant, b: Instant): Instant => (b.epochMilliseconds > a.epochMilliseconds ? b : a);
