import type { Clock } from "./base/clock.ts";
import type { Http } from "./base/http.ts";
import type { Catalogue } from "./config/catalogue.ts";
import type { DeadLettering } from "./fanout/dead-letters.ts";
import type { Authorise } from "./guard/authorise.ts";
import type { GroupMembers } from "./guard/grants.ts";
import type { Connections } from "./jobs/connections.ts";
import { createChains } from "./services/chains.ts";
import type { ResolveActor } from "./services/command-requests.ts";
import type { Services } from "./services/contract.ts";
import { createDeadLetters } from "./services/dead-letters.ts";
import type { ExportIncident } from "./services/export.ts";
import { createFreezes } from "./services/freezes.ts";
import { createGates } from "./services/gates.ts";
import { createChanges } from "./services/impact.ts";
import { createIncidents } from "./services/incidents.ts";
import { createJobs } from "./services/jobs.ts";
import { createMonitors } from "./services/monitors.ts";
import { createFanouts } from "./services/orphans.ts";
import { createPermissions } from "./services/permissions.ts";
import { createPins } from "./services/pins.ts";
import { createRuns } from "./services/runs.ts";
import { createSentry } from "./services/sentry.ts";
import type { Slack } from "./slack/slack.ts";
import type { Store } from "./store/store.ts";

/** What nearly every use case stands on. */
export interface Ground {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly connections: Connections;
  readonly groupMembers: GroupMembers;
  readonly authorise: Authorise;
}

/** What commands may call, each use case with the ports that it declares. */
export function createUseCases(
  ground: Ground,
  ports: {
    readonly http: Http;
    readonly looking: DeadLettering;
    readonly readAttached: Slack["readAttached"];
    readonly resolveActor: ResolveActor;
    readonly exportIncident: ExportIncident;
  },
): Services {
  const { store, clock, catalogue, authorise } = ground;
  const { http, looking, readAttached, resolveActor, exportIncident } = ports;
  return {
    jobs: createJobs(ground),
    runs: createRuns(ground),
    chains: createChains(ground),
    pins: createPins(ground),
    freezes: createFreezes(ground),
    changes: createChanges(ground),
    fanouts: createFanouts({ ...ground, http, readAttached }),
    deadLetters: createDeadLetters({ looking, authorise }),
    monitors: createMonitors(ground),
    sentry: createSentry({ store, clock, catalogue, authorise }),
    gates: createGates(ground),
    permissions: createPermissions(ground),
    incidents: createIncidents({ store, clock, catalogue, authorise, resolveActor, exportIncident }),
  };
}
