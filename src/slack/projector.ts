import type { Clock, Instant } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import type { Logger } from "../base/log.ts";
import { suspectsOf } from "../changes/suspects.store.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Incident } from "../incidents/incident.ts";
import { incidentById } from "../incidents/incidents.store.ts";
import { seriesOf } from "../incidents/rate.ts";
import { candidatesOf } from "../incidents/signals.store.ts";
import { runHistory } from "../jobs/runs.store.ts";
import { loadsOf } from "../monitors/loads.store.ts";
import { viewSuspect } from "../services/deploys.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import { entryReply } from "./blocks/entry.ts";
import { headerGist, type IncidentHeader, incidentHeader } from "./blocks/incident.ts";
import type { Place } from "./blocks/look.ts";
import type { ClosedUntil } from "./closed.ts";
import type { KeepRoot } from "./home-channel.ts";
import type { WhoAmI } from "./identity.ts";
import { holdLane, lanesTakenUntil } from "./lanes.store.ts";
import type { Poster, Storm } from "./poster.ts";
import { noteGone, noteThreadGone } from "./posts.store.ts";
import { type EntryToPost, entriesToPost, entryKey, firstError, joinedBy, lastTakenIn } from "./records.store.ts";
import { readThread, type Thread } from "./threads.store.ts";

const RUNS_READ = 12;
/** Replies of one step: the rest comes with the next. */
const REPLIES_A_STEP = 40;
/** So many alerts in this minute and the one before are a storm: more than one in four seconds. */
const STORM_ALERTS = 30;
/** A storm from which nothing came for so long is over. */
const STORM_SETTLES_MS = 2_000;
/** Of what a storm that goes on brings anew, the thread gets a reply so often; the header has it at once. */
const STORM_NEWS_EVERY_MS = 30_000;

export interface ProjectorParts {
  readonly store: Store;
  readonly poster: Poster;
  readonly keepRoot: KeepRoot;
  readonly closedUntil?: ClosedUntil;
  /** For links to other threads. */
  readonly whoAmI?: WhoAmI;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Makes an incident's thread look like its record: the header current, a reply for each entry that people need to see.
 * Every call does what may be done now and says when to come back for the rest; it can be repeated at any time.
 */
export function createIncidentProjector(parts: ProjectorParts): (id: number) => Promise<WorkOutcome> {
  const { store, poster, keepRoot, catalogue, clock } = parts;

  return async (id) => {
    const incident = await incidentById(store.db, id as IncidentId);
    if (incident === null) return { done: true };
    const closed = await parts.closedUntil?.({
      subject: { kind: "incident", id },
      channel: incident.channel,
      key: headerKey(incident),
    });
    if (closed != null) return outcome(clock, [{ notBefore: closed }]);
    const header = await readHeader(incident);
    const storm = await stormOf(incident);
    const root = await keepRoot({
      subject: { kind: "incident", id },
      channel: incident.channel,
      want: (displaced) => ({
        key: headerKey(incident),
        gist: headerGist(header),
        ...(storm === null ? {} : { storm }),
        draw: (first) =>
          incidentHeader({ ...header, displaced, mention: first ? mentionOf(catalogue, incident.mention) : null }),
      }),
    });
    if (root.kind === "there" && root.moved) await askForCards(id);
    const thread = root.kind === "there" ? root.thread : root.thread;
    const replies = thread === null ? null : await postReplies(incident, thread, storm);
    return outcome(clock, [root.kind === "later" ? root : null, replies]);
  };

  async function readHeader(incident: Incident): Promise<IncidentHeader> {
    const runs = await runHistory(store.db, { incidentId: incident.id, limit: RUNS_READ });
    return {
      ...incident,
      place: placeOf(catalogue, incident.environment),
      candidates: incident.environment === null ? await candidatesIn(incident) : [],
      error: await firstError(store.db, incident.id),
      alerts: incident.firingCount,
      runs: runs.reverse(),
      suspects: ((await suspectsOf(store.db, [incident.id])).get(incident.id) ?? []).map(viewSuspect),
      loads: await loadsAhead(incident),
      joinedBy: await joinedBy(store.db, incident.id),
      merged: await mergedOf(incident),
      mention: null,
      displaced: null,
    };
  }

  async function loadsAhead({ jobs, environment }: Incident): Promise<NonNullable<IncidentHeader["loads"]>> {
    const now = clock.now();
    const loads = await loadsOf(store.db, catalogue, { jobs, environment, now });
    return loads.map((load) => ({ ...load, leftMs: load.at.epochMilliseconds - now.epochMilliseconds }));
  }

  async function mergedOf({ mergedInto }: Incident): Promise<NonNullable<IncidentHeader["merged"]> | null> {
    const into = mergedInto === null ? null : await incidentById(store.db, mergedInto);
    if (into === null) return null;
    const thread = await readThread(store.db, "incident", into.id);
    const workspace = thread === null ? undefined : (await parts.whoAmI?.())?.url;
    const url =
      thread === null || workspace === undefined
        ? null
        : `${workspace}archives/${thread.channelId}/p${thread.rootTs.replace(".", "")}`;
    return { number: into.number, url };
  }

  async function stormOf({ id, rate }: Incident): Promise<Storm | null> {
    const now = clock.now();
    const [alerts = 0] = seriesOf(rate, { since: now.subtract({ minutes: 1 }), until: now, points: 1 });
    if (alerts < STORM_ALERTS) return null;
    const quietMs = now.since((await lastTakenIn(store.db, id)) ?? now).total("milliseconds");
    return { settlesAt: clock.machineNow().add({ milliseconds: Math.max(0, Math.ceil(STORM_SETTLES_MS - quietMs)) }) };
  }

  async function candidatesIn({ id }: Incident): Promise<readonly Place[]> {
    const names = (await candidatesOf(store.db, [id])).get(id) ?? [];
    return names.map((name) => placeOf(catalogue, name)).filter((place) => place !== null);
  }

  async function postReplies(incident: Incident, thread: Thread, storm: Storm | null): Promise<Later | null> {
    const running = storm !== null && storm.settlesAt.epochMilliseconds > clock.machineNow().epochMilliseconds;
    let held = false;
    for (const entry of await entriesToPost(store.db, incident.id, REPLIES_A_STEP)) {
      const news = running && isNews(entry) ? newsLane(incident) : null;
      if (news !== null && (await lanesTakenUntil(store.db, [news], clock.machineNow())) !== null) {
        held = true;
        continue;
      }
      const posted = await poster({
        key: entryKey(entry.id),
        channelId: thread.channelId,
        threadTs: thread.rootTs,
        draw: (first) => entryReply({ ...drawable(incident, entry), mention: first ? callFor(incident, entry) : null }),
      });
      if (posted.kind === "later") return posted;
      if (posted.kind === "no_thread" || posted.kind === "unusable") {
        // The first message is not there any more: the next step posts it anew, and all replies under it.
        await noteThreadGone(store.db, thread.channelId, thread.rootTs);
        await noteGone(store.db, headerKey(incident));
        return { notBefore: clock.machineNow() };
      }
      if (posted.kind === "gone") return { notBefore: clock.machineNow() };
      if (news !== null) await holdLane(store.db, news, clock.machineNow().add({ milliseconds: STORM_NEWS_EVERY_MS }));
    }
    if (held && storm !== null) return { notBefore: storm.settlesAt };
    const left = await entriesToPost(store.db, incident.id, 1);
    return left.length > 0 ? { notBefore: clock.machineNow() } : null;
  }

  function callFor(incident: Incident, entry: EntryToPost): string | null {
    return entry.data["mention"] === true ? mentionOf(catalogue, incident.mention) : null;
  }

  async function askForCards(incidentId: number): Promise<void> {
    const runs = await runHistory(store.db, { incidentId, limit: RUNS_READ });
    await store.tx(async (tx) => {
      for (const run of runs) await requestWork(tx, { kind: "run-card", ref: run.id, dueAt: clock.now() });
    });
  }
}

const newsLane = (incident: Incident): string => `news:${incident.number}`;

/** One more service or cause: worth a reply, but nobody is called by it. */
const isNews = ({ data }: EntryToPost): boolean => data["new"] !== undefined && data["mention"] !== true;

const headerKey = (incident: Incident): string => `incident:${incident.number}:header`;

function drawable(incident: Incident, entry: EntryToPost) {
  return {
    incident: incident.number,
    kind: entry.kind,
    signalKind: typeof entry.data["signalKind"] === "string" ? entry.data["signalKind"] : null,
    at: entry.at,
    learnedAt: entry.learnedAt,
    error: typeof entry.data["error"] === "string" ? entry.data["error"] : null,
    actorKind: entry.actor.startsWith("slack:") ? ("person" as const) : ("other" as const),
    actorName: entry.actorName,
    text: entry.text,
    blanked: entry.blanked,
    joined: joinedOf(incident, entry.data),
    sender: senderOf(incident, entry),
    merge: !entry.ended && typeof entry.data["merge"] === "string" ? entry.data["merge"] : null,
  };
}

/** Who sent it, where that is not who sent the first: two senders' lines may read the same. */
function senderOf({ openedBy }: Incident, { kind, actor, actorName }: EntryToPost): string | null {
  return kind === "signal" && actor.startsWith("source:") && actor !== openedBy ? actorName : null;
}

/** Where a relation joined it: why, and how to take it out again. */
function joinedOf({ number }: Incident, data: EntryToPost["data"]): { why: string; wayOut: string } | null {
  const joinedBy = data["joinedBy"];
  if (typeof joinedBy !== "object" || joinedBy === null || !("relation" in joinedBy) || !("why" in joinedBy))
    return null;
  if (typeof joinedBy.why !== "string") return null;
  const { service, job, signal } = data;
  const word = (name: string, value: string) => `${name}=${/\s/.test(value) ? `"${value}"` : value}`;
  const share =
    typeof job === "string"
      ? word("job", job)
      : data["new"] === "service" && typeof service === "string"
        ? word("service", service)
        : `signal=${String(signal)}`;
  return { why: joinedBy.why, wayOut: `/incident split INC-${number} ${share}` };
}

/** An environment as it is drawn. One that the catalogue does not know is drawn without colour claims: green, no lock. */
export function placeOf(catalogue: Catalogue, name: string | null): Place | null {
  if (name === null) return null;
  const environment = catalogue.environments[name];
  return { name, look: environment?.look ?? "green", protected: environment?.protected ?? false };
}

/** The tokens that call a group of the catalogue; null without a group, or when nobody of it is known in Slack. */
export function mentionOf(catalogue: Catalogue, groupName: string | null): string | null {
  if (groupName === null) return null;
  const group = catalogue.groups[groupName];
  if (group === undefined) return null;
  if ("slackGroup" in group) return `<!subteam^${group.slackGroup}>`;
  const tokens = group.members.flatMap((member) => {
    const slack = catalogue.people[member]?.slack;
    return slack === undefined ? [] : [`<@${slack}>`];
  });
  return tokens.length === 0 ? null : tokens.join(" ");
}

export interface Later {
  readonly notBefore: Instant;
  readonly error?: string;
}

/** Done, or again at the earliest of what is left; work that waits stays due, so that nobody takes it for settled. */
export function outcome(clock: Clock, left: readonly (Later | null)[]): WorkOutcome {
  const waiting = left.filter((one) => one !== null);
  const [first, ...rest] = waiting;
  if (first === undefined) return { done: true };
  const next = rest.reduce(
    (earliest, one) => (one.notBefore.epochMilliseconds < earliest.notBefore.epochMilliseconds ? one : earliest),
    first,
  );
  const error = waiting.find((one) => one.error !== undefined)?.error;
  return { done: false, dueAt: clock.now(), notBefore: next.notBefore, ...(error === undefined ? {} : { error }) };
}
