import { z } from "zod";
import { name, pattern, zone } from "./scalars.ts";
import { contractSchema, gatesSchema, suspectsSchema } from "./sections/changes.ts";
import { foldingSchema, messageSchema, severitySchema } from "./sections/folding.ts";
import { freezeSchema } from "./sections/freezes.ts";
import { fanoutSchema, type jobEnvironmentSchema, jobSchema, type parameterSchema } from "./sections/jobs.ts";
import type { matchSchema } from "./sections/match.ts";
import { monitorSchema } from "./sections/monitors.ts";
import { groupSchema, personSchema, roleSchema } from "./sections/people.ts";
import { environmentSchema, serviceSchema } from "./sections/places.ts";
import { entitySchema, routeSchema } from "./sections/routing.ts";

export {
  ACTIONS,
  type Action,
  RELATIONS,
  type RelationName,
  SEVERITIES,
  type Severity,
  SIGNAL_KINDS,
  type SignalKind,
} from "./vocabulary.ts";

/**
 * The catalogue's shape (`nightdesk.yml`), one schema a section (`sections/`). Written by people, so strict everywhere: a
 * typo in a key must not run the wrong thing. Durations become numbers of milliseconds under a key that ends in `Ms`.
 * Targets and sources belong to plug-ins: here only the key that names the plug-in is read, the rest is checked by it.
 */
export const catalogueSchema = z.strictObject({
  version: z.literal(1),
  zone: zone.default("UTC"),
  environments: z.record(name, environmentSchema).default({}),
  people: z.record(name, personSchema).default({}),
  groups: z.record(name, groupSchema).default({}),
  rota: name.optional(),
  roles: z.record(name, roleSchema).default({}),
  services: z.record(name, serviceSchema).default({}),
  sources: z.record(name, z.looseObject({ kind: name })).default({}),
  messages: z.array(messageSchema).default([]),
  folding: z.array(foldingSchema).default([]),
  severity: z.array(severitySchema).default([]),
  targets: z
    .record(name, z.looseObject({ connector: name, fanout: fanoutSchema.default({ batch: 100, parallel: 4 }) }))
    .default({}),
  jobs: z.record(name, jobSchema).default({}),
  monitors: z.record(name, monitorSchema).default({}),
  freezes: z.array(freezeSchema).default([]),
  contracts: z.record(name, contractSchema).default({}),
  suspects: suspectsSchema.default({ windowMs: 24 * 3_600_000, afterMs: 5 * 60_000 }),
  gates: gatesSchema.default({ rules: [], probes: {} }),
  entities: z.array(entitySchema).default([]),
  routes: z.array(routeSchema).default([]),
  fallback: name.optional(),
  redact: z.array(pattern).default([]),
  postmortem: z
    .strictObject({ folder: name.default("./postmortems"), zone: zone.default("GMT") })
    .default({ folder: "./postmortems", zone: "GMT" }),
});

/** The catalogue as every room reads it: validated, defaults filled in, frozen. */
export type Catalogue = z.output<typeof catalogueSchema>;
export type Match = z.output<typeof matchSchema>;
export type FoldingRule = z.output<typeof foldingSchema>;
export type CatalogueJob = z.output<typeof jobSchema>;
export type JobEnvironment = z.output<typeof jobEnvironmentSchema>;
export type Environment = z.output<typeof environmentSchema>;
export type MessagePattern = z.output<typeof messageSchema>;
export type Parameter = z.output<typeof parameterSchema>;
export type Route = z.output<typeof routeSchema>;
export type Monitor = z.output<typeof monitorSchema>;
export type CheckpointMonitor = Extract<Monitor, { checkpoint: true }>;
export type ScheduleMonitor = Exclude<Monitor, CheckpointMonitor>;
