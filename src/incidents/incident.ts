import type { Instant } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import type { IncidentId } from "../base/ids.ts";
import { type Actor, actorId, actorKey, actorName, type PersonActor } from "../config/actor.ts";
import type { Severity } from "../config/catalogue.ts";
import { type Conditions, clearAll } from "./conditions.ts";
import type { Flapping } from "./flapping.ts";
import type { Rate } from "./rate.ts";
import { isWorse } from "./routing.ts";
import type { EntryDraft } from "./timeline.ts";

export const INCIDENT_STATUSES = ["open", "acknowledged", "mitigated", "resolved"] as const;
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number];

/** One thing that went wrong, as its row says. */
export interface Incident {
  readonly id: IncidentId;
  /** What people type: INC-`number`. */
  readonly number: number;
  readonly status: IncidentStatus;
  readonly severity: Severity;
  /** A person had the last word on the severity: signals don't change it any more. */
  readonly severityByPerson: boolean;
  readonly title: string;
  readonly environment: string | null;
  readonly services: readonly string[];
  readonly jobs: readonly string[];
  /** Actor id, short name and name of who has taken it. */
  readonly owner: string | null;
  readonly ownerKey: string | null;
  readonly ownerName: string | null;
  readonly openedBy: string;
  readonly foldingRule: string | null;
  readonly foldingKey: string | null;
  readonly signalCount: number;
  readonly firingCount: number;
  readonly rate: Rate;
  readonly conditions: Conditions;
  readonly channel: string;
  readonly mention: string | null;
  readonly openedAt: Instant;
  readonly firstSeenAt: Instant;
  readonly lastSeenAt: Instant;
  readonly acknowledgedAt: Instant | null;
  readonly mitigatedAt: Instant | null;
  readonly resolvedAt: Instant | null;
  readonly reopenedCount: number;
  /** While something in it changes to and fro. */
  readonly flapping: Flapping | null;
  /** It is closed, and goes on there. */
  readonly mergedInto: IncidentId | null;
  readonly revision: number;
}

/** An incident after a change, with what the change adds to its timeline. */
export interface Changed {
  readonly incident: Incident;
  readonly entries: readonly EntryDraft[];
}

/** Who changes something, when (domain time), and whether people in the thread have not seen it happen there. */
export interface ChangeBy {
  readonly by: Actor;
  readonly at: Instant;
  readonly reason?: string | undefined;
  readonly visible: boolean;
}

/**
 * Moves the status; null when it is that already. A resolved incident only goes back to open. Throws `UserError`
 * (conflict) for any other way out of resolved.
 */
export function withStatus(incident: Incident, status: IncidentStatus, change: ChangeBy): Changed | null {
  if (incident.status === status) return null;
  if (incident.status === "resolved" && status !== "open") {
    throw new UserError("conflict", {
      code: "incident_resolved",
      message: `INC-${incident.number} is resolved.`,
      wayOut: `Reopen it first: /incident status INC-${incident.number} open`,
    });
  }
  const reopens = incident.status === "resolved";
  const text = `${actorName(change.by)} ${STATUS_WORDS[reopens ? "reopened" : status]}${because(change.reason)}`;
  const data = { from: incident.status, to: status, reopened: reopens, mention: reopens };
  return {
    incident: reopens ? reopened(incident) : moved(settled(incident, status, change.at), status, change.at),
    entries: [entry("status", { ...change, text, data })],
  };
}

const STATUS_WORDS = {
  open: "set the status to open",
  acknowledged: "acknowledged the incident",
  mitigated: "set the status to mitigated",
  resolved: "resolved the incident",
  reopened: "reopened the incident",
} as const;

/** Sets the severity by a person's word; null when it is that already and a person's word already. */
export function withSeverity(incident: Incident, severity: Severity, change: ChangeBy): Changed | null {
  const same = incident.severity === severity;
  const byPerson = change.by.kind === "person";
  if (same && (incident.severityByPerson || !byPerson)) return null;
  const next = { ...incident, severity, severityByPerson: incident.severityByPerson || byPerson };
  const text = same
    ? `${actorName(change.by)} confirmed severity ${severity}${because(change.reason)}`
    : `${actorName(change.by)} changed the severity from ${incident.severity} to ${severity}${because(change.reason)}`;
  const data = { from: incident.severity, to: severity, mention: isWorse(severity, incident.severity) };
  return { incident: next, entries: [entry("severity", { ...change, text, data })] };
}

/** Gives the incident to a person; null when it is theirs already. Taking an open incident does not acknowledge it. */
export function withOwner(incident: Incident, owner: PersonActor, change: ChangeBy): Changed | null {
  const id = actorId(owner);
  if (incident.owner === id) return null;
  const self = actorId(change.by) === id;
  const text = self
    ? `${owner.name} took the incident${because(change.reason)}`
    : `${actorName(change.by)} assigned the incident to ${owner.name}${because(change.reason)}`;
  return {
    incident: { ...incident, owner: id, ownerKey: owner.key, ownerName: owner.name },
    entries: [entry("command", { ...change, text, data: { owner: owner.key, from: incident.ownerKey } })],
  };
}

/** Who resolves an incident by hand answers for all that fired in it. */
function settled(incident: Incident, status: IncidentStatus, at: Instant): Incident {
  if (status !== "resolved") return incident;
  return { ...incident, flapping: null, conditions: clearAll(incident.conditions, at.epochMilliseconds) };
}

/** Back to open, for the next episode: who acknowledged the last one has not seen this one. */
export function reopened(incident: Incident): Incident {
  return {
    ...incident,
    status: "open",
    acknowledgedAt: null,
    mitigatedAt: null,
    resolvedAt: null,
    reopenedCount: incident.reopenedCount + 1,
  };
}

/** A forward move of the status, with its instant. */
export function moved(incident: Incident, status: IncidentStatus, at: Instant): Incident {
  return {
    ...incident,
    status,
    acknowledgedAt: status === "acknowledged" ? at : incident.acknowledgedAt,
    mitigatedAt: status === "mitigated" ? at : incident.mitigatedAt,
    resolvedAt: status === "resolved" ? at : null,
  };
}

function entry(
  kind: EntryDraft["kind"],
  of: ChangeBy & { readonly text: string; readonly data: Readonly<Record<string, unknown>> },
): EntryDraft {
  const data = of.reason === undefined ? of.data : { ...of.data, reason: of.reason };
  return {
    kind,
    at: of.at,
    actor: actorId(of.by),
    actorKey: actorKey(of.by),
    actorName: actorName(of.by),
    text: of.text,
    data,
    visible: of.visible,
  };
}

const because = (reason: string | undefined): string =>
  reason === undefined || reason.trim() === "" ? "" : `: ${reason.trim()}`;
