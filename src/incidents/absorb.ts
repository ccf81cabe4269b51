import type { Instant } from "../base/clock.ts";
import type { Catalogue, RelationName } from "../config/catalogue.ts";
import { allCleared, firingCount, isFiring, note } from "./conditions.ts";
import { type Flapping, flappingBegan, turnedBy } from "./flapping.ts";
import { effectiveAt, type Folding, isKeyOf, isOneOfSeveral } from "./folding.ts";
import { type Changed, type Incident, moved, reopened } from "./incident.ts";
import { countIn } from "./rate.ts";
import { isWorse, routeFor, severityFor } from "./routing.ts";
import { factsOf, opens, type SavedSignal } from "./signal.ts";
import type { EntryDraft } from "./timeline.ts";

/** How a signal came to its incident: kept with it and shown. */
export interface JoinedBy {
  readonly rule: string;
  readonly key: string;
  readonly why: string;
  /** The relation that led it there, where no key did. */
  readonly relation?: RelationName;
}

/** A fleet of causes must not become a fleet of replies: after so many, further ones are listed but not posted. */
const MOST_NEW_SHOWN = 8;
/** A job that fails again and again is shown again after this time; in between its failures are counted. */
const SHOW_AGAIN_MS = 10 * 60_000;
const MOST_NAMES = 50;

/** An incident as `signal` opens it: without row id, number, and the signal itself (`absorb` adds it). */
export function openedBy(
  signal: SavedSignal,
  by: { folding: Folding; catalogue: Catalogue; now: Instant },
): Omit<Incident, "id" | "number"> {
  const facts = factsOf(signal, by.catalogue);
  return {
    status: "open",
    severity: severityFor(by.catalogue, facts),
    severityByPerson: false,
    title: signal.title,
    environment: signal.environment,
    services: [],
    jobs: [],
    owner: null,
    ownerKey: null,
    ownerName: null,
    openedBy: `source:${signal.source}`,
    foldingRule: by.folding.rule.name,
    foldingKey: by.folding.key,
    signalCount: 0,
    firingCount: 0,
    rate: {},
    conditions: {},
    ...routeFor(by.catalogue, facts),
    openedAt: by.now,
    firstSeenAt: signal.at,
    lastSeenAt: effectiveAt(signal),
    acknowledgedAt: null,
    mitigatedAt: null,
    resolvedAt: null,
    reopenedCount: 0,
    flapping: null,
    mergedInto: null,
    revision: 1,
  };
}

/** Adds a signal: counts it, and says on the timeline what people need to see. Repetitions are only counted. */
export function absorb(
  incident: Incident,
  signal: SavedSignal,
  by: {
    folding: Folding;
    catalogue: Catalogue;
    now: Instant;
    joinedBy: JoinedBy;
    reopens: boolean;
    /** The run that it speaks of tells it in the same thread. */
    told?: boolean;
  },
): Changed {
  const at = effectiveAt(signal);
  const before = by.reopens ? reopened(incident) : incident;
  // Only what says that something is wrong tells whose trouble this is, how often it came and when it was seen.
  const alert = opens(signal);
  // One of several candidates stays one of several; what nobody named is known from the first alert that names it.
  const adopts =
    alert && before.environment === null && signal.environment !== null && !isOneOfSeveral(before.foldingKey);
  const noted = conditionsAfter(before, signal, signal.asOf ?? at);
  const change = { condition: signal.condition, ms: at.epochMilliseconds, rule: by.folding.rule.flapping };
  const turned = turnedBy(before, noted, change);
  const flapping = turned === null ? before.flapping : turned.flapping;
  const counted: Incident = {
    ...before,
    flapping,
    environment: adopts ? signal.environment : before.environment,
    foldingKey: adopts && isKeyOf(before, by.folding) ? by.folding.key : before.foldingKey,
    services: alert ? withName(before.services, signal.service) : before.services,
    jobs: alert ? withName(before.jobs, signal.job) : before.jobs,
    signalCount: before.signalCount + 1,
    firingCount: before.firingCount + (alert ? 1 : 0),
    rate: alert ? countIn(before.rate, at) : before.rate,
    firstSeenAt: alert ? earlier(before.firstSeenAt, signal.at) : before.firstSeenAt,
    lastSeenAt: alert ? later(before.lastSeenAt, at) : before.lastSeenAt,
    conditions: turned?.conditions ?? noted,
  };
  const said = sayings(before, counted, signal, by);
  const raised = raise(counted, signal, by);
  const cleared = signal.kind === "resolved" && before.status !== "resolved" && allCleared(counted.conditions);
  // Whatever changes to and fro is over when it is quiet, not when it is well for a moment.
  const ended = cleared && flapping === null;
  const toAndFro = turned !== null && flapping !== null;
  // Quiet or not: people know of it now, from the header or from a reply.
  const conditions =
    said === null || !opens(signal)
      ? counted.conditions
      : note(counted.conditions, signal.condition, { shown: by.now.epochMilliseconds });
  const entries: EntryDraft[] = [
    ...(by.reopens ? [statusEntry(signal, by, { text: `Reopened: ${sentenceOf(signal)}`, to: "open" })] : []),
    ...(said === null
      ? []
      : [{ ...said, visible: said.visible && !by.reopens && !ended && !toAndFro && by.told !== true }]),
    ...(turned?.began === true && flapping !== null ? [flappingEntry(signal, by, flapping)] : []),
    ...raised.entries,
    ...(ended ? [statusEntry(signal, by, { text: `Resolved: ${sentenceOf(signal)}`, to: "resolved" })] : []),
  ];
  const next = { ...raised.incident, conditions };
  return { incident: ended ? moved(next, "resolved", later(at, next.lastSeenAt)) : next, entries };
}

function conditionsAfter(incident: Incident, signal: SavedSignal, at: Instant): Incident["conditions"] {
  const ms = at.epochMilliseconds;
  if (opens(signal)) return note(incident.conditions, signal.condition, { fired: ms });
  if (signal.kind !== "resolved" && signal.kind !== "finished") return incident.conditions;
  // The end of something that was never reported here says nothing about what was.
  return incident.conditions[signal.condition] === undefined
    ? incident.conditions
    : note(incident.conditions, signal.condition, { cleared: ms });
}

/** The entry of the signal itself, or null when it only repeats. */
function sayings(
  before: Incident,
  after: Incident,
  signal: SavedSignal,
  by: { now: Instant; joinedBy: JoinedBy },
): EntryDraft | null {
  const first = before.signalCount === 0;
  const known = before.conditions[signal.condition];
  const newService = after.services.length > before.services.length;
  // What a monitor finds is never one of a crowd: it is shown, and calls people where it is to.
  const own = signal.source === "monitor";
  const shown = (visible: boolean) => (own ? signal.tags["monitor.silent"] !== "true" : visible);
  const calls = own && signal.tags["monitor.page"] === "true" ? { mention: true } : {};
  const say = (visible: boolean, data: Record<string, unknown> = {}) =>
    entryOf(signal, by.joinedBy, { visible: shown(visible), data: { ...data, ...calls } });
  switch (signal.kind) {
    case "firing":
    case "failed": {
      if (first) return entryOf(signal, by.joinedBy, { visible: false, data: { first: true } });
      const conditions = Object.keys(before.conditions).length;
      if (newService) return say(before.services.length < MOST_NEW_SHOWN, { new: "service" });
      if (known === undefined) return say(conditions < MOST_NEW_SHOWN, { new: "cause" });
      if (!isFiring(known)) return say(true, { new: "again" });
      const shownMs = known.shown ?? known.fired ?? 0;
      const again = signal.kind === "failed" && by.now.epochMilliseconds - shownMs >= SHOW_AGAIN_MS;
      return again ? say(true, { new: "again" }) : null;
    }
    case "resolved": {
      if (!isFiring(known)) return null;
      const left = firingCount(after.conditions);
      return say(left < MOST_NEW_SHOWN, { left });
    }
    case "finished":
      // Another job's end is on the record; who looks after this incident did not wait for it.
      return say(signal.job === null || before.jobs.includes(signal.job));
    case "deployed":
    case "noted":
      return say(true);
    case "started":
      return say(false);
    case "progress":
      return null;
  }
}

function raise(incident: Incident, signal: SavedSignal, by: { catalogue: Catalogue; joinedBy: JoinedBy }): Changed {
  if (!opens(signal) || incident.severityByPerson) return { incident, entries: [] };
  const severity = severityFor(by.catalogue, factsOf(signal, by.catalogue));
  if (!isWorse(severity, incident.severity)) return { incident, entries: [] };
  const text = `Severity raised from ${incident.severity} to ${severity}: ${sentenceOf(signal)}`;
  const data = { from: incident.severity, to: severity, mention: true };
  return {
    incident: { ...incident, severity },
    entries: [{ ...entryOf(signal, by.joinedBy, { visible: true, data }), kind: "severity", text }],
  };
}

function statusEntry(
  signal: SavedSignal,
  by: { joinedBy: JoinedBy },
  of: { text: string; to: "open" | "resolved" },
): EntryDraft {
  const reopens = of.to === "open";
  const data = reopens ? { from: "resolved", to: of.to, reopened: true, mention: true } : { to: of.to };
  return { ...entryOf(signal, by.joinedBy, { visible: true, data }), kind: "status", text: of.text };
}

function flappingEntry(signal: SavedSignal, by: { joinedBy: JoinedBy }, flapping: Flapping): EntryDraft {
  const data = { flapping: true, changes: flapping.changes };
  return { ...entryOf(signal, by.joinedBy, { visible: true, data }), kind: "status", text: flappingBegan(flapping) };
}

function entryOf(
  signal: SavedSignal,
  joinedBy: JoinedBy,
  more: { visible: boolean; data: Readonly<Record<string, unknown>> },
): EntryDraft {
  return {
    kind: signal.kind === "deployed" ? "deploy" : signal.source === "monitor" ? "monitor" : "signal",
    at: signal.at,
    actor: `source:${signal.source}`,
    actorKey: signal.source,
    actorName: signal.source,
    text: sentenceOf(signal),
    visible: more.visible,
    data: {
      ...present({
        signal: signal.id,
        signalKind: signal.kind,
        service: signal.service,
        environment: signal.environment,
        environments: signal.environments.length === 0 ? null : signal.environments,
        job: signal.job,
        cause: signal.cause,
        error: signal.error,
        url: signal.url,
        counts: signal.counts,
        rid: signal.rid,
        joinedBy,
      }),
      ...more.data,
    },
  };
}

/** `Person search index failed in prod: Unknown column` */
export function sentenceOf(signal: SavedSignal): string {
  const where = signal.environment ?? (signal.environments.length > 0 ? signal.environments.join(" or ") : null);
  const place = where === null || mentions(signal.title, where) ? "" : ` in ${where}`;
  const line = signal.error?.split("\n")[0]?.trim() ?? "";
  const error = line === "" || signal.title.includes(line) ? "" : `: ${line.slice(0, 300)}`;
  const whose =
    signal.service === null || mentions(signal.title, signal.service) || signal.job !== null
      ? ""
      : ` (${signal.service})`;
  return `${signal.title}${whose}${place}${error}`;
}

const mentions = (text: string, word: string): boolean => text.toLowerCase().includes(word.toLowerCase());

function withName(names: readonly string[], name: string | null): readonly string[] {
  return name === null || names.includes(name) || names.length >= MOST_NAMES ? names : [...names, name];
}

function present(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

const earlier = (a: Instant, b: Instant): Instant => (b.epochMilliseconds < a.epochMilliseconds ? b : a);
const later = (a: Instant, b: Instant): Instant => (b.epochMilliseconds > a.epochMilliseconds ? b : a);
