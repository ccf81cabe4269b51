import type { Instant } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import { type Actor, actorId, actorKey, actorName, type PersonActor } from "../config/actor.ts";
import type { Catalogue, Severity } from "../config/catalogue.ts";
import { namesOf } from "../config/names.ts";
import { nextNumber } from "../store/counters.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import {
  type ChangeBy,
  type Changed,
  type Incident,
  type IncidentStatus,
  withOwner,
  withSeverity,
  withStatus,
} from "./incident.ts";
import { incidentByRequest, insertIncident, lockIncident, updateIncident } from "./incidents.store.ts";
import type { Facts } from "./match.ts";
import { redactorOf } from "./redact.ts";
import { routeFor, severityFor } from "./routing.ts";
import { appendEntries, correctEntry, hasWritten } from "./timeline.store.ts";
import type { EntryDraft, TimelineEntry, TimelineKind } from "./timeline.ts";

/**
 * What a person (or a use case for one) changes on an incident. All of it in the caller's transaction, and once: a
 * `requestKey` that has written its timeline entry before changes nothing again.
 */
export interface Change {
  readonly by: Actor;
  /** Domain time of the change. */
  readonly now: Instant;
  /** Of the command request; absent for changes that nobody can repeat. */
  readonly requestKey?: string | undefined;
  /** Post it as a reply: false where the people of the thread have seen it there already. */
  readonly visible: boolean;
}

/** Opens an incident by hand. Channel and mention by the routes unless `channel` says where. */
export async function openIncident(
  tx: Tx,
  catalogue: Catalogue,
  what: Change & {
    readonly title: string;
    readonly severity?: Severity | undefined;
    readonly environment?: string | undefined;
    readonly service?: string | undefined;
    readonly channel?: string | undefined;
    /** When it began, if that was earlier than now. */
    readonly at?: Instant | undefined;
  },
): Promise<Incident> {
  const before = what.requestKey === undefined ? null : await incidentByRequest(tx, what.requestKey);
  if (before !== null) return before;
  const names = namesOf(catalogue);
  const redact = redactorOf(catalogue);
  const title = redact(what.title.trim());
  const environment = what.environment === undefined ? null : names.environment(what.environment);
  const service = what.service === undefined ? null : names.service(what.service);
  const facts: Facts = {
    source: "person",
    signal: "opened",
    title,
    severity: what.severity ?? null,
    services: service === null ? [] : names.waysToWrite("service", service),
    environments: environment === null ? [] : names.waysToWrite("environment", environment),
    jobs: [],
    tags: {},
  };
  const routed = routeFor(catalogue, facts);
  const at = what.at ?? what.now;
  const incident = await insertIncident(tx, {
    number: await nextNumber(tx, "incident"),
    status: "open",
    severity: what.severity ?? severityFor(catalogue, facts),
    severityByPerson: what.severity !== undefined,
    title,
    environment,
    services: service === null ? [] : [service],
    jobs: [],
    owner: null,
    ownerKey: null,
    ownerName: null,
    openedBy: actorId(what.by),
    foldingRule: null,
    foldingKey: null,
    signalCount: 0,
    firingCount: 0,
    rate: {},
    conditions: {},
    channel: what.channel ?? routed.channel,
    mention: routed.mention,
    openedAt: what.now,
    firstSeenAt: at,
    lastSeenAt: at,
    acknowledgedAt: null,
    mitigatedAt: null,
    resolvedAt: null,
    reopenedCount: 0,
    flapping: null,
    mergedInto: null,
    revision: 1,
    ...(what.requestKey === undefined ? {} : { requestKey: what.requestKey }),
  });
  const text = `${actorName(what.by)} opened the incident: ${title}`;
  // In the header already, like the first signal.
  await append(tx, incident.id, { ...what, visible: false }, { kind: "command", text, at, data: { opened: true } });
  return incident;
}

/** See `withStatus`. Returns the incident as it is now, also when nothing was left to change. */
export async function setStatus(
  tx: Tx,
  catalogue: Catalogue,
  what: Change & {
    readonly incident: IncidentId;
    readonly status: IncidentStatus;
    readonly reason?: string | undefined;
  },
): Promise<Incident> {
  return change(tx, { ...what, kind: "status" }, (incident) =>
    withStatus(incident, what.status, changeBy(catalogue, what)),
  );
}

/** See `withSeverity`. */
export async function setSeverity(
  tx: Tx,
  catalogue: Catalogue,
  what: Change & { readonly incident: IncidentId; readonly severity: Severity; readonly reason?: string | undefined },
): Promise<Incident> {
  return change(tx, { ...what, kind: "severity" }, (incident) =>
    withSeverity(incident, what.severity, changeBy(catalogue, what)),
  );
}

/** See `withOwner`. */
export async function assign(
  tx: Tx,
  catalogue: Catalogue,
  what: Change & { readonly incident: IncidentId; readonly owner: PersonActor; readonly reason?: string | undefined },
): Promise<Incident> {
  return change(tx, { ...what, kind: "command" }, (incident) =>
    withOwner(incident, what.owner, changeBy(catalogue, what)),
  );
}

/** Writes a note on the timeline. `at`: when what it tells happened, if that was earlier. */
export async function addNote(
  tx: Tx,
  catalogue: Catalogue,
  what: Change & { readonly incident: IncidentId; readonly text: string; readonly at?: Instant | undefined },
): Promise<Incident> {
  const incident = await lockIncident(tx, what.incident);
  const text = redactorOf(catalogue)(what.text.trim());
  await append(tx, incident.id, what, { kind: "note", text, at: what.at ?? what.now, data: {} });
  return incident;
}

/** Marks a line of the timeline as key, as a pushpin does. */
export async function markKey(
  tx: Tx,
  what: Change & { readonly incident: IncidentId; readonly entry: TimelineEntry },
): Promise<Incident> {
  const incident = await lockIncident(tx, what.incident);
  const who = { actor: actorId(what.by), actorKey: actorKey(what.by), actorName: actorName(what.by) };
  const to = { incident: incident.id, learnedAt: what.now, requestKey: what.requestKey, corrects: what.entry };
  await correctEntry(tx, to, { ...who, at: what.now, change: "key" });
  return incident;
}

/**
 * Appends an entry of another room (a run, a captured message, an export) to an incident that may be folded into at the
 * same time. The text is redacted here; the id is null when the request had written it before.
 */
export async function addEntry(
  tx: Tx,
  catalogue: Catalogue,
  what: {
    readonly incident: IncidentId;
    readonly now: Instant;
    readonly requestKey?: string | undefined;
    readonly entry: EntryDraft;
  },
): Promise<number | null> {
  const entry = { ...what.entry, text: redactorOf(catalogue)(what.entry.text) };
  const [id] = await appendEntries(tx, { incident: what.incident, learnedAt: what.now, requestKey: what.requestKey }, [
    entry,
  ]);
  if (id === undefined) return null;
  await requestWork(tx, { kind: "incident", ref: what.incident, dueAt: what.now });
  return id;
}

async function change(
  tx: Tx,
  what: Change & { readonly incident: IncidentId; readonly kind: TimelineKind },
  apply: (incident: Incident) => Changed | null,
): Promise<Incident> {
  const incident = await lockIncident(tx, what.incident);
  if (what.requestKey !== undefined && (await hasWritten(tx, what.requestKey, what.kind))) return incident;
  const changed = apply(incident);
  if (changed === null) return incident;
  const next = await updateIncident(tx, changed.incident);
  await appendEntries(tx, { incident: incident.id, learnedAt: what.now, requestKey: what.requestKey }, changed.entries);
  await requestWork(tx, { kind: "incident", ref: incident.id, dueAt: what.now });
  return next;
}

async function append(
  tx: Tx,
  incident: IncidentId,
  what: Change,
  of: Pick<EntryDraft, "kind" | "text" | "at" | "data">,
): Promise<void> {
  const who = { actor: actorId(what.by), actorKey: actorKey(what.by), actorName: actorName(what.by) };
  await appendEntries(tx, { incident, learnedAt: what.now, requestKey: what.requestKey }, [
    { ...of, ...who, visible: what.visible },
  ]);
  await requestWork(tx, { kind: "incident", ref: incident, dueAt: what.now });
}

function changeBy(catalogue: Catalogue, what: Change & { readonly reason?: string | undefined }): ChangeBy {
  const reason = what.reason === undefined ? undefined : redactorOf(catalogue)(what.reason);
  return { by: what.by, at: what.now, visible: what.visible, reason };
}
