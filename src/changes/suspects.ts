import type { Clock, Instant } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { familyOf, survivorOf } from "../incidents/family.store.ts";
import type { Incident } from "../incidents/incident.ts";
import { incidentById, lockIncident } from "../incidents/incidents.store.ts";
import type { Joining } from "../incidents/signals.store.ts";
import { appendEntries } from "../incidents/timeline.store.ts";
import type { EntryDraft } from "../incidents/timeline.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Store, Tx } from "../store/store.ts";
import { type Deploy, deployOf, tellsOfDeploy } from "./deploy.ts";
import { deployById, deploysBetween, keepDeploy } from "./deploys.store.ts";
import { rankAll, type Suspicion, type Troubled } from "./rank.ts";
import {
  basisOf,
  deploysTold,
  incidentsBegun,
  keepBasis,
  keptSuspects,
  suspectedIn,
  writeSuspects,
} from "./suspects.store.ts";
import { troublesOf } from "./troubles.store.ts";
import { downstreamOf, upstreamOf } from "./upstream.ts";
import { deploySentence, lateness, reasonOf } from "./words.ts";

export interface SuspectParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
}

/** The port of `intake/process.ts`: keeps what signals say was deployed, and asks whose suspect it is. */
export async function keepDeploys(tx: Tx, joinings: readonly Joining[], now: Instant): Promise<void> {
  for (const { signal } of joinings) {
    if (!tellsOfDeploy(signal)) continue;
    const { deploy, changed } = await keepDeploy(tx, deployOf(signal), now);
    if (changed) await requestWork(tx, { kind: "deploy", ref: deploy.id, dueAt: now });
  }
}

/**
 * Work of kind `deploy`: every incident that this deploy is or was a suspect of is reckoned anew. It begins after the deploy
 * was committed and looks for incidents, as `reckonWhenChanged` begins after an incident was and looks for deploys: whichever
 * comes second finds the other.
 */
export function createDeployHandler(parts: SuspectParts): (id: number) => Promise<WorkOutcome> {
  const { store, catalogue } = parts;
  return async (id) => {
    const deploy = await deployById(store.db, id);
    if (deploy === null || deploy.service === null) return { done: true };
    const { windowMs, afterMs } = catalogue.suspects;
    const begun = await incidentsBegun(store.db, {
      from: deploy.at.subtract({ milliseconds: afterMs }),
      to: deploy.at.add({ milliseconds: windowMs }),
      services: downstreamOf(catalogue, deploy.service),
    });
    const meant = new Set<IncidentId>();
    for (const incident of [...begun, ...(await suspectedIn(store.db, id))])
      meant.add(await survivorOf(store.db, incident));
    for (const incident of meant) await reckon(parts, incident);
    return { done: true };
  };
}

/**
 * Reckons the suspects of an incident when its services, its place or its first alert are not those of the last time:
 * whatever changed them (an alert, a split, a merge, a person). Cheap when nothing did.
 */
export async function reckonWhenChanged(parts: SuspectParts, id: number): Promise<void> {
  const incident = await incidentById(parts.store.db, id as IncidentId);
  if (incident === null || incident.mergedInto !== null) return;
  const basis = basisFrom(await troublesOf(parts.store.db, incident));
  if (basis !== (await basisOf(parts.store.db, incident.id))) await reckon(parts, incident.id);
}

async function reckon(parts: SuspectParts, id: IncidentId): Promise<void> {
  const { store, catalogue, clock } = parts;
  await store.tx(async (tx) => {
    const incident = await lockIncident(tx, id);
    if (incident.mergedInto !== null) return;
    const now = clock.now();
    const troubles = await troublesOf(tx, incident);
    const ranked = rankAll(catalogue, troubles, await deploysNear(tx, catalogue, troubles));
    await keepBasis(tx, id, basisFrom(troubles));
    // What was told of one that was merged into it is on its timeline already.
    const kept = await keptSuspects(tx, await familyOf(tx, id));
    await writeSuspects(tx, id, { at: now, suspects: ranked.map((one) => rowOf(one, catalogue)) });
    const known = new Set(kept.map(({ deployId }) => deployId));
    const fresh = ranked.filter(({ deploy }) => !known.has(deploy.id));
    const told = await deploysTold(
      tx,
      id,
      fresh.map(({ deploy }) => deploy.id),
    );
    const entries = fresh
      .filter(({ deploy }) => !told.has(deploy.id))
      .map((one) => entryOf(one, { incident, reason: reasonOf(catalogue, one) }));
    await appendEntries(tx, { incident: id, learnedAt: now }, entries);
    // Also for what a telling added to a deploy that was a suspect already: the card shows it.
    const shown = ranked.length > 0 || kept.some(({ rank }) => rank !== null);
    if (shown) await requestWork(tx, { kind: "incident", ref: id, dueAt: now });
  });
}

const rowOf = (one: Suspicion, catalogue: Catalogue) => ({
  deployId: one.deploy.id,
  depth: one.depth,
  reason: reasonOf(catalogue, one),
});

const basisFrom = (troubles: readonly Troubled[]): string =>
  JSON.stringify(
    troubles.flatMap(({ services, environments, firstSeenAt }) => [
      [...services].sort(),
      [...environments].sort(),
      firstSeenAt.toString(),
    ]),
  );

async function deploysNear(tx: Tx, catalogue: Catalogue, troubles: readonly Troubled[]): Promise<Deploy[]> {
  const found = new Map<number, Deploy>();
  for (const troubled of troubles)
    for (const deploy of await deploysNearOne(tx, catalogue, troubled)) found.set(deploy.id, deploy);
  return [...found.values()];
}

async function deploysNearOne(tx: Tx, catalogue: Catalogue, troubled: Troubled): Promise<Deploy[]> {
  const services = new Set(troubled.services.flatMap((service) => [...upstreamOf(catalogue, service).keys()]));
  const { windowMs, afterMs } = catalogue.suspects;
  return deploysBetween(tx, {
    from: troubled.firstSeenAt.subtract({ milliseconds: windowMs }),
    to: troubled.firstSeenAt.add({ milliseconds: afterMs }),
    services: [...services],
  });
}

/** Its line on the timeline; a reply in the thread when the incident was told before the deploy was. */
function entryOf(suspicion: Suspicion, of: { incident: Incident; reason: string }): EntryDraft {
  const { deploy } = suspicion;
  const late = lateness(deploy);
  return {
    kind: "deploy",
    at: deploy.at,
    actor: `source:${deploy.source}`,
    actorKey: deploy.source,
    actorName: deploy.source,
    text: `Suspect: ${deploySentence(deploy)}, ${of.reason}${late === null ? "" : ` (${late})`}`,
    data: {
      deploy: deploy.id,
      service: deploy.service,
      environment: deploy.environment,
      version: deploy.version,
      url: deploy.url,
      suspect: true,
    },
    visible: deploy.learnedAt.epochMilliseconds > of.incident.openedAt.epochMilliseconds,
  };
}
