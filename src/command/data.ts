import type {
  DeployView,
  IncidentView,
  JobView,
  PinView,
  RunView,
  SuspectView,
  TimelineView,
} from "../services/contract.ts";

/** The record as JSON: the field names that the API, drills and `data` of an answer share. Instants are ISO 8601 in UTC. */

export type Data = Readonly<Record<string, unknown>>;

export function runData(run: RunView): Data {
  return {
    number: run.number,
    state: run.state,
    job: run.job,
    environment: run.environment,
    parameters: run.parameters,
    version: run.version,
    by: run.by,
    approvedBy: run.approvedBy,
    proved: run.proved,
    restored: run.restored,
    parent: run.parent,
    incident: run.incident,
    attempt: run.attempt,
    because: run.because,
    requestedAt: run.requestedAt.toString(),
    startedAt: run.startedAt?.toString() ?? null,
    finishedAt: run.finishedAt?.toString() ?? null,
    stateSince: run.stateSince.toString(),
    kind: run.kind,
    expectedEndAt: run.expectedEndAt?.toString() ?? null,
    chain: run.chain === null ? null : { ...run.chain },
    pin: run.pin === null ? null : pinData(run.pin),
    items: run.items,
    found: run.found,
  };
}

export function pinData(pin: PinView): Data {
  return {
    job: pin.job,
    environment: pin.environment,
    version: pin.version,
    was: pin.was,
    state: pin.state,
    by: pin.by,
    since: pin.since.toString(),
    because: pin.because,
  };
}

export function incidentData(incident: IncidentView): Data {
  return {
    number: incident.number,
    status: incident.status,
    severity: incident.severity,
    title: incident.title,
    signals: incident.signals,
    services: incident.services,
    jobs: incident.jobs,
    environment: incident.environment,
    candidates: incident.candidates ?? [],
    owner: incident.owner,
    suspects: (incident.suspects ?? []).map(suspectData),
    openedAt: incident.openedAt.toString(),
    firstSeenAt: incident.firstSeenAt.toString(),
    lastSeenAt: incident.lastSeenAt.toString(),
    resolvedAt: incident.resolvedAt?.toString() ?? null,
    mergedInto: incident.mergedInto ?? null,
    flapping: incident.flapping ?? null,
  };
}

export function deployData(deploy: DeployView): Data {
  return {
    id: deploy.id,
    service: deploy.service,
    environment: deploy.environment,
    candidates: deploy.candidates,
    version: deploy.version,
    sha: deploy.sha,
    ref: deploy.ref,
    outcome: deploy.outcome,
    by: deploy.by,
    url: deploy.url,
    source: deploy.source,
    at: deploy.at.toString(),
    learnedAt: deploy.learnedAt.toString(),
  };
}

export function suspectData(suspect: SuspectView): Data {
  return { ...deployData(suspect), rank: suspect.rank, reason: suspect.reason };
}

export function timelineData(entry: TimelineView): Data {
  return {
    kind: entry.kind,
    text: entry.text,
    by: entry.by,
    at: entry.at.toString(),
    learnedAt: entry.learnedAt.toString(),
    edited: entry.edited,
    deleted: entry.deleted,
    key: entry.key,
    data: entry.data,
  };
}

export function jobData(job: JobView): Data {
  return {
    job: job.job,
    title: job.title,
    environment: job.environment,
    protected: job.protected,
    destructive: job.destructive,
    abortable: job.abortable,
    may: job.may,
    target: job.target ?? null,
    at: job.at,
    can: job.can,
    then: job.then,
    pin: job.pin === null ? null : pinData(job.pin),
    active: job.active === null ? null : runData(job.active),
    last: job.last === null ? null : runData(job.last),
  };
}
