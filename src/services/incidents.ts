import type { Clock } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import type { IncidentId } from "../base/ids.ts";
import type { PersonActor } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { writeAudit } from "../guard/audit.ts";
import type { Act, Authorise } from "../guard/authorise.ts";
import { addNote, assign, markKey, openIncident, setSeverity, setStatus } from "../incidents/changes.ts";
import { INCIDENT_STATUSES, type Incident } from "../incidents/incident.ts";
import { incidentByRequest, listIncidents, lockIncident } from "../incidents/incidents.store.ts";
import { goesOnElsewhere } from "../incidents/regrouping.ts";
import { entryById, entryBySlackTs, hasWritten, timelineOf } from "../incidents/timeline.store.ts";
import type { TimelineEntry, TimelineKind } from "../incidents/timeline.ts";
import type { Db, Store, Tx } from "../store/store.ts";
import type { ResolveActor } from "./command-requests.ts";
import type { Asking, IncidentView, MessageInThread, Services } from "./contract.ts";
import type { ExportIncident } from "./export.ts";
import { personBehind } from "./incidents-people.ts";
import { createRegrouping } from "./incidents-regroup.ts";
import { needIncident, viewIncident, viewIncidents } from "./incidents-view.ts";

const MOST_LISTED = 100;
const INCIDENT_ACTIONS = ["incident", "export"] as const;

export interface IncidentsParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly authorise: Authorise;
  readonly resolveActor: ResolveActor;
  readonly exportIncident: ExportIncident;
}

/**
 * What people do with incidents. Reading needs no grant: the thread is there for all to read. Every change passes the
 * guard, is audited in the transaction that makes it, and happens once however often its request is carried out.
 */
export function createIncidents(parts: IncidentsParts): Services["incidents"] {
  const { store, clock, catalogue, authorise } = parts;

  const change = async (
    asking: Asking,
    of: { incident: Incident; audit: string; kind: TimelineKind; details?: Act["details"] },
    work: (tx: Tx, by: By) => Promise<Incident>,
  ): Promise<IncidentView> => {
    const { incident, audit, kind, details } = of;
    const act: Act = {
      action: "incident",
      audit,
      environment: incident.environment,
      incidentId: incident.id,
      ...(details === undefined ? {} : { details }),
    };
    const allowed = await authorise.need(asking, act);
    const changed = await store
      .tx(async (tx) => {
        const held = await lockIncident(tx, incident.id);
        if (held.mergedInto !== null) throw await goesOnElsewhere(tx, held);
        const before = await hasWritten(tx, asking.requestKey, kind);
        const next = await work(tx, byOf(asking, { incident, kind, now: clock.now() }));
        if (!before) await allowed.record(tx);
        return next;
      })
      .catch(async (error: unknown) => {
        if (error instanceof UserError) await refused(asking, act, error.message);
        throw error;
      });
    return view(changed);
  };

  /** What stood in the way after the guard's yes: an attempt too. */
  const refused = (asking: Asking, act: Act, reason: string) =>
    store.tx((tx) =>
      writeAudit(tx, {
        ...act,
        action: act.audit,
        at: clock.now(),
        actor: asking.actor,
        surface: asking.surface,
        outcome: "denied",
        reason,
      }),
    );

  const view = async (incident: Incident): Promise<IncidentView> => {
    const [seen] = await viewIncidents(store.db, [incident]);
    return seen ?? viewIncident(incident);
  };

  const need = (number: number) => needIncident(store.db, number);

  return {
    may: async ({ actor }) => {
      const decided = INCIDENT_ACTIONS.map(async (action) => ({ action, ...(await authorise.may(actor, { action })) }));
      return (await Promise.all(decided)).filter(({ kind }) => kind === "allow").map(({ action }) => action);
    },

    open: async (asking, what) => {
      const act: Act = { action: "incident", audit: "incident.open", environment: what.environment ?? null };
      const allowed = await authorise.need(asking, act);
      const opened = await store.tx(async (tx) => {
        const before = await incidentByRequest(tx, asking.requestKey);
        const by = byOf(asking, { incident: null, kind: "command", now: clock.now() });
        const incident = await openIncident(tx, catalogue, { ...by, ...what });
        if (before === null) await allowed.record(tx, { incidentId: incident.id });
        return incident;
      });
      return view(opened);
    },

    list: async (_asking, { status, all }) => {
      const statuses = status !== undefined ? [status] : all === true ? INCIDENT_STATUSES : undefined;
      const filter = { limit: MOST_LISTED, ...(statuses === undefined ? {} : { statuses }) };
      return viewIncidents(store.db, await listIncidents(store.db, filter));
    },

    get: async (_asking, number) => view(await need(number)),

    acknowledge: async (asking, number) => {
      const incident = await need(number);
      const of = { incident, audit: "incident.status", kind: "status", details: { to: "acknowledged" } } as const;
      return change(asking, of, async (tx, by) => {
        // Acknowledging what is further on already takes nothing back.
        const moves = incident.status !== "mitigated";
        const status = { ...by, incident: incident.id, status: "acknowledged" } as const;
        const next = moves ? await setStatus(tx, catalogue, status) : incident;
        const owned = next.owner !== null;
        if (owned) return next;
        // Both are on the record; the thread reads one line for one press.
        const visible = by.visible && next.status === incident.status;
        return assign(tx, catalogue, { ...by, visible, incident: incident.id, owner: asking.actor });
      });
    },

    assign: async (asking, number, person) => {
      const incident = await need(number);
      const owner: PersonActor = await personBehind(parts, person);
      const of = { incident, audit: "incident.assign", kind: "command", details: { to: owner.key } } as const;
      return change(asking, of, (tx, by) => assign(tx, catalogue, { ...by, incident: incident.id, owner }));
    },

    note: async (asking, number, { text, at, message }) => {
      const incident = await need(number);
      const line = message === undefined ? null : await lineOf(store.db, incident.id, message);
      if (line !== null) {
        const marking = { incident, audit: "incident.note", kind: line.kind, details: { marked: line.id } } as const;
        const seen = await change(asking, marking, (tx, by) =>
          markKey(tx, { ...by, incident: incident.id, entry: line }),
        );
        return { ...seen, marked: true };
      }
      if (text.trim() === "") throw emptyNote();
      const of = { incident, audit: "incident.note", kind: "note" } as const;
      return change(asking, of, (tx, by) =>
        addNote(tx, catalogue, { ...by, incident: incident.id, text, ...(at === undefined ? {} : { at }) }),
      );
    },

    setStatus: async (asking, number, status, reason) => {
      const incident = await need(number);
      const of = { incident, audit: "incident.status", kind: "status", details: { to: status } } as const;
      return change(asking, of, (tx, by) => setStatus(tx, catalogue, { ...by, incident: incident.id, status, reason }));
    },

    setSeverity: async (asking, number, severity, reason) => {
      const incident = await need(number);
      const of = { incident, audit: "incident.severity", kind: "severity", details: { to: severity } } as const;
      return change(asking, of, (tx, by) =>
        setSeverity(tx, catalogue, { ...by, incident: incident.id, severity, reason }),
      );
    },

    ...createRegrouping(parts),

    timeline: async (_asking, number) => timelineOf(store.db, (await need(number)).id),

    export: (asking, number, format) => parts.exportIncident(asking, number, format),
  };
}

/** Who, when, by which request, and whether the thread has yet to be told. */
interface By {
  readonly by: PersonActor;
  readonly now: ReturnType<Clock["now"]>;
  readonly requestKey: string;
  readonly visible: boolean;
}

function byOf(asking: Asking, about: { incident: Incident | null; kind: TimelineKind; now: By["now"] }): By {
  // A note by mention in the incident's own thread is there for all to see; what else was done is told to the asker only.
  const inThread = asking.incident !== null && asking.incident === about.incident?.number;
  const there = inThread && asking.surface === "mention" && about.kind === "note";
  return { by: asking.actor, now: about.now, requestKey: asking.requestKey, visible: !there };
}

/** The line of the timeline that a message of the thread became, or that it shows. */
async function lineOf(db: Db, incident: IncidentId, message: MessageInThread): Promise<TimelineEntry | null> {
  const shown = message.entry === undefined ? null : await entryById(db, incident, message.entry);
  return shown ?? entryBySlackTs(db, incident, message.ts);
}

const emptyNote = () =>
  new UserError("usage", { code: "empty_note", message: "The note is empty.", wayOut: "Write what happened." });
