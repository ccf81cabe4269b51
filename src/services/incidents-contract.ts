import type { Instant } from "../base/clock.ts";
import type { Action, Severity } from "../config/catalogue.ts";
import type { IncidentStatus } from "../incidents/incident.ts";
import type { TimelineView } from "../incidents/timeline.ts";
import type { SuspectView } from "./changes-contract.ts";
import type { Asking } from "./contract.ts";

/** An incident as people and the API see it. */
export interface IncidentView {
  readonly number: number;
  readonly status: IncidentStatus;
  readonly severity: Severity;
  readonly title: string;
  readonly environment: string | null;
  /** Where it may be when the sender does not say which. */
  readonly candidates?: readonly string[];
  readonly services: readonly string[];
  readonly jobs: readonly string[];
  readonly owner: string | null;
  readonly ownerName: string | null;
  readonly signals: number;
  /** Those of them that say that something is wrong. */
  readonly alerts: number;
  /** It is closed: everything goes on in the incident with this number. */
  readonly mergedInto?: number;
  /** `6 changes in 20 min`, while it changes to and fro. */
  readonly flapping?: string;
  readonly openedAt: Instant;
  readonly firstSeenAt: Instant;
  readonly lastSeenAt: Instant;
  readonly resolvedAt: Instant | null;
  /** Deploys that may be why it began, the likeliest first; absent: not looked up. */
  readonly suspects?: readonly SuspectView[];
}

/** What to take out of an incident; all that is given must hold. `incident`: what came with one that was merged into it. */
export interface WantedSplit {
  readonly service?: string;
  readonly job?: string;
  readonly cause?: string;
  /** The number of a signal: it and its repetitions. */
  readonly signal?: number;
  readonly incident?: number;
  readonly title?: string;
}

/** A message of an incident's own thread: a person's, or one of ours that shows an entry of the timeline (its row id). */
export interface MessageInThread {
  readonly ts: string;
  readonly entry?: number;
}

/** Use cases of incidents, as people act on them. */
export interface IncidentServices {
  /** Which actions on incidents the asker has a grant for somewhere: for help. */
  may(asking: Asking): Promise<readonly Action[]>;
  open(
    asking: Asking,
    what: { title: string; severity?: Severity; environment?: string; service?: string; at?: Instant },
  ): Promise<IncidentView>;
  list(asking: Asking, filter: { status?: IncidentStatus; all?: boolean }): Promise<readonly IncidentView[]>;
  get(asking: Asking, incident: number): Promise<IncidentView>;
  acknowledge(asking: Asking, incident: number): Promise<IncidentView>;
  assign(asking: Asking, incident: number, person: string): Promise<IncidentView>;
  /** `marked`: the message of its thread that this is about was a line already; it is marked as key instead. */
  note(
    asking: Asking,
    incident: number,
    note: { text: string; at?: Instant; message?: MessageInThread },
  ): Promise<IncidentView & { readonly marked?: true }>;
  setStatus(asking: Asking, incident: number, status: IncidentStatus, reason?: string): Promise<IncidentView>;
  setSeverity(asking: Asking, incident: number, severity: Severity, reason?: string): Promise<IncidentView>;
  /** `incident` is closed and goes on in `into`. `across`: why they are one although they are of two environments. */
  merge(
    asking: Asking,
    incident: number,
    into: number,
    across?: string,
  ): Promise<{ into: IncidentView; from: IncidentView }>;
  /** Takes a part out into an incident of its own, never to join again. */
  split(asking: Asking, incident: number, what: WantedSplit): Promise<{ from: IncidentView; own: IncidentView }>;
  timeline(asking: Asking, incident: number): Promise<readonly TimelineView[]>;
  export(
    asking: Asking,
    incident: number,
    format: string,
  ): Promise<{ url: string | null; path: string | null; version: number; unchanged: boolean }>;
}
