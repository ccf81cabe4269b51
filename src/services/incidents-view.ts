import { UserError } from "../base/errors.ts";
import { suspectsOf } from "../changes/suspects.store.ts";
import { flappingWords } from "../incidents/flapping.ts";
import type { Incident } from "../incidents/incident.ts";
import { incidentByNumber, incidentsById } from "../incidents/incidents.store.ts";
import { candidatesOf } from "../incidents/signals.store.ts";
import type { Db } from "../store/store.ts";
import type { IncidentView } from "./contract.ts";
import { viewSuspect } from "./deploys.ts";

/** The incident that people call INC-`number`. Throws `not_found`. */
export async function needIncident(db: Db, number: number): Promise<Incident> {
  const incident = await incidentByNumber(db, number);
  if (incident !== null) return incident;
  throw new UserError("not_found", {
    code: "no_such_incident",
    message: `There is no INC-${number}.`,
    wayOut: "`/incident list --all` shows what there is.",
  });
}

/** The same, with where it may be when its senders do not say which, and with its suspects. In the order given. */
export async function viewIncidents(db: Db, incidents: readonly Incident[]): Promise<IncidentView[]> {
  const nowhere = incidents.filter((incident) => incident.environment === null).map(({ id }) => id);
  const candidates = await candidatesOf(db, nowhere);
  const ids = incidents.map(({ id }) => id);
  const suspects = await suspectsOf(db, ids);
  const merged = await incidentsById(
    db,
    incidents.flatMap(({ mergedInto }) => mergedInto ?? []),
  );
  return incidents.map((incident) => {
    const may = candidates.get(incident.id);
    const into = merged.find(({ id }) => id === incident.mergedInto);
    const view = {
      ...viewIncident(incident),
      suspects: (suspects.get(incident.id) ?? []).map(viewSuspect),
      ...(into === undefined ? {} : { mergedInto: into.number }),
    };
    return may === undefined ? view : { ...view, candidates: may };
  });
}

export function viewIncident(incident: Incident): IncidentView {
  return {
    number: incident.number,
    status: incident.status,
    severity: incident.severity,
    title: incident.title,
    environment: incident.environment,
    services: incident.services,
    jobs: incident.jobs,
    owner: incident.ownerKey,
    ownerName: incident.ownerName,
    signals: incident.signalCount,
    alerts: incident.firingCount,
    openedAt: incident.openedAt,
    firstSeenAt: incident.firstSeenAt,
    lastSeenAt: incident.lastSeenAt,
    resolvedAt: incident.resolvedAt,
    ...(incident.flapping === null ? {} : { flapping: flappingWords(incident.flapping) }),
  };
}
