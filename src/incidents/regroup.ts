import type { Instant } from "../base/clock.ts";
import { together } from "./conditions.ts";
import { type Incident, reopened } from "./incident.ts";
import { type Rate, sumOf, without } from "./rate.ts";
import { isWorse } from "./routing.ts";

const MOST_NAMES = 50;

/** Both as one: what `from` counted, fired and touched is the other's from now on, and `from` is closed. */
export function merged(
  into: Incident,
  from: Incident,
  now: Instant,
): { readonly into: Incident; readonly from: Incident } {
  const worse = isWorse(from.severity, into.severity) && !into.severityByPerson;
  return {
    into: {
      ...into,
      severity: worse ? from.severity : into.severity,
      severityByPerson: into.severityByPerson || (worse && from.severityByPerson),
      environment: into.environment,
      services: names(into.services, from.services),
      jobs: names(into.jobs, from.jobs),
      owner: into.owner ?? from.owner,
      ownerKey: into.owner === null ? from.ownerKey : into.ownerKey,
      ownerName: into.owner === null ? from.ownerName : into.ownerName,
      signalCount: into.signalCount + from.signalCount,
      firingCount: into.firingCount + from.firingCount,
      rate: sumOf(into.rate, from.rate),
      conditions: together(into.conditions, from.conditions),
      flapping: into.flapping ?? from.flapping,
      firstSeenAt:
        into.firstSeenAt.epochMilliseconds <= from.firstSeenAt.epochMilliseconds ? into.firstSeenAt : from.firstSeenAt,
      lastSeenAt:
        into.lastSeenAt.epochMilliseconds >= from.lastSeenAt.epochMilliseconds ? into.lastSeenAt : from.lastSeenAt,
    },
    from: {
      ...from,
      status: "resolved",
      resolvedAt: from.resolvedAt ?? now,
      signalCount: 0,
      firingCount: 0,
      rate: {},
      conditions: {},
      flapping: null,
      mergedInto: into.id,
    },
  };
}

/** What of an incident was taken out: as its signals say. */
export interface Taken {
  readonly signals: number;
  readonly alerts: number;
  readonly rate: Rate;
  readonly services: readonly string[];
  readonly jobs: readonly string[];
  readonly conditions: readonly string[];
  readonly firstSeenAt: Instant | null;
  readonly lastSeenAt: Instant | null;
}

/** What stays, when `taken` is taken out; `left` is what the signals that stay say. */
export function withoutTaken(incident: Incident, taken: Taken, left: Taken): Incident {
  const gone = (all: readonly string[], out: readonly string[], kept: readonly string[]) =>
    all.filter((name) => !out.includes(name) || kept.includes(name));
  const conditions = Object.entries(incident.conditions).filter(
    ([key]) => !taken.conditions.includes(key) || left.conditions.includes(key),
  );
  return {
    ...incident,
    services: gone(incident.services, taken.services, left.services),
    jobs: gone(incident.jobs, taken.jobs, left.jobs),
    signalCount: Math.max(0, incident.signalCount - taken.signals),
    firingCount: Math.max(0, incident.firingCount - taken.alerts),
    rate: without(incident.rate, taken.rate),
    conditions: Object.fromEntries(conditions),
    flapping: null,
    firstSeenAt: left.firstSeenAt ?? incident.firstSeenAt,
    lastSeenAt: left.lastSeenAt ?? incident.lastSeenAt,
  };
}

/** What was taken out of `incident`, as an incident of its own; it begins where the other stood. */
export function asOwn(own: Incident, taken: Taken, incident: Incident): Incident {
  const conditions = Object.entries(incident.conditions).filter(([key]) => taken.conditions.includes(key));
  return {
    ...own,
    services: taken.services.slice(0, MOST_NAMES),
    jobs: taken.jobs.slice(0, MOST_NAMES),
    signalCount: taken.signals,
    firingCount: taken.alerts,
    rate: taken.rate,
    conditions: Object.fromEntries(conditions),
    firstSeenAt: taken.firstSeenAt ?? own.firstSeenAt,
    lastSeenAt: taken.lastSeenAt ?? own.lastSeenAt,
  };
}

/** A new incident beside `incident`: same place, same people, nothing counted yet. */
export function beside(
  incident: Incident,
  of: {
    readonly title: string;
    readonly by: string;
    readonly now: Instant;
    readonly rule: string | null;
    readonly key: string | null;
  },
): Omit<Incident, "id" | "number"> {
  const resolved = incident.status === "resolved";
  const { acknowledgedAt, mitigatedAt } = resolved ? incident : reopened(incident);
  return {
    status: resolved ? "resolved" : "open",
    severity: incident.severity,
    severityByPerson: incident.severityByPerson,
    title: of.title,
    environment: incident.environment,
    services: [],
    jobs: [],
    owner: null,
    ownerKey: null,
    ownerName: null,
    openedBy: of.by,
    foldingRule: of.rule,
    foldingKey: of.key,
    signalCount: 0,
    firingCount: 0,
    rate: {},
    conditions: {},
    channel: incident.channel,
    mention: incident.mention,
    openedAt: of.now,
    firstSeenAt: incident.firstSeenAt,
    lastSeenAt: incident.lastSeenAt,
    acknowledgedAt,
    mitigatedAt,
    resolvedAt: resolved ? incident.resolvedAt : null,
    reopenedCount: 0,
    flapping: null,
    mergedInto: null,
    revision: 1,
  };
}

function names(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].slice(0, MOST_NAMES);
}
