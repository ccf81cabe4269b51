import { UserError } from "../base/errors.ts";
import type { Incident } from "../incidents/incident.ts";
import { incidentByNumber } from "../incidents/incidents.store.ts";
import type { Db } from "../store/store.ts";
import type { IncidentView } from "./contract.ts";

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
    openedAt: incident.openedAt,
    firstSeenAt: incident.firstSeenAt,
    lastSeenAt: incident.lastSeenAt,
    resolvedAt: incident.resolvedAt,
  };
}
