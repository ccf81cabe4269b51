import { z } from "zod";
import { cron, duration, globList, pattern, percentage, zone } from "./scalars.ts";

/**
 * The catalogue's shape (`nightdesk.yml`), one schema a section. Written by people, so strict everywhere: a typo in a key
 * must not run the wrong thing. Durations become numbers of milliseconds under a key that ends in `Ms`.
 * Targets and sources belong to plug-ins: here only the key that names the plug-in is read, the rest is checked by it.
 */

export const ACTIONS = [
  "view",
  "run",
  "abort",
  "approve",
  "resync",
  "pin",
  "freeze",
  "settle",
  "incident",
  "export",
  "notify",
  "gate",
] as const;
export type Action = (typeof ACTIONS)[number];

export const SEVERITIES = ["sev1", "sev2", "sev3", "sev4"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const SIGNAL_KINDS = [
  "firing",
  "resolved",
  "started",
  "progress",
  "finished",
  "failed",
  "deployed",
  /** Something that people should read: it starts nothing and ends nothing. */
  "noted",
] as const;
export type SignalKind = (typeof SIGNAL_KINDS)[number];

const name = z.string().min(1);
const names = z.array(name);

export const environmentSchema = z.strictObject({
  aliases: names.default([]),
  protected: z.boolean().default(false),
  look: z.enum(["green", "amber", "red"]).default("green"),
});

export const personSchema = z.strictObject({ name, slack: name.optional(), email: z.email().optional() });

export const groupSchema = z.union([z.strictObject({ members: names }), z.strictObject({ slackGroup: name })]);

export const grantSchema = z.strictObject({
  actions: z.array(z.union([z.enum(ACTIONS), z.literal("*")])).min(1),
  jobs: globList.default(["*"]),
  environments: globList.default(["*"]),
});

export const roleSchema = z.strictObject({ members: names, allow: z.array(grantSchema).default([]) });

export const serviceSchema = z.strictObject({ aliases: names.default([]), dependsOn: names.default([]) });

/** Conditions that must all hold; each list holds when any of its globs matches. */
export const matchSchema = z.strictObject({
  source: globList.optional(),
  services: globList.optional(),
  service: globList.optional(),
  jobs: globList.optional(),
  job: globList.optional(),
  environment: globList.optional(),
  environments: globList.optional(),
  signal: globList.optional(),
  severity: globList.optional(),
  title: globList.optional(),
  tags: z.record(name, globList).optional(),
});

export const messageSchema = z.strictObject({
  channel: name,
  pattern,
  signal: z.enum(SIGNAL_KINDS),
  environments: z.array(name).min(1),
  service: name.optional(),
});

const foldingKey = z.string().regex(/^(service|environment|job|cause|title|source|tags\..+)$/, {
  error: "a folding key is one of service, environment, job, cause, title, source, tags.<name>",
});
export const foldingSchema = z
  .strictObject({
    name,
    match: matchSchema.default({}),
    key: z.array(foldingKey).min(1),
    window: duration.default(4 * 3_600_000),
    reopenWithin: duration.default(30 * 60_000),
  })
  .transform(({ window, reopenWithin, ...rule }) => ({ ...rule, windowMs: window, reopenWithinMs: reopenWithin }));

export const severitySchema = z.strictObject({ match: matchSchema, severity: z.enum(SEVERITIES) });

export const parameterSchema = z
  .strictObject({
    type: z.enum(["string", "integer", "boolean", "date", "enum"]),
    pattern: z.string().optional(),
    values: names.optional(),
    required: z.boolean().default(false),
    description: z.string().optional(),
    default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  })
  .refine((parameter) => parameter.type !== "enum" || (parameter.values?.length ?? 0) > 0, {
    error: "an enum parameter needs values: [...]",
  });

export const backoffSchema = z
  .strictObject({
    first: duration.default(10_000),
    factor: z.number().min(1).default(2),
    max: duration.default(5 * 60_000),
  })
  .transform(({ first, factor, max }) => ({ firstMs: first, factor, maxMs: max }));

const approvalsSchema = z
  .strictObject({ count: z.int().min(1), role: name, expires: duration.default(30 * 60_000) })
  .transform(({ expires, ...rest }) => ({ ...rest, expiresMs: expires }));

export const jobEnvironmentSchema = z.strictObject({
  target: name,
  name: name.optional(),
  service: name.optional(),
  approvals: approvalsSchema.optional(),
  fromChannel: name.optional(),
});

const requirement = z
  .string()
  .regex(/^\s*\S+\s*(>=|=)\s*\S+\s*$/, { error: 'a requirement is written like "tcs >= 6.2" or "tcs = 6.2"' })
  .transform((text) => {
    const [, service = "", operator = "=", version = ""] = /^\s*(\S+?)\s*(>=|=)\s*(\S+)\s*$/.exec(text) ?? [];
    return { service, operator: operator === ">=" ? (">=" as const) : ("=" as const), version };
  });

/** How ids are handed to a target: `batch` a call, `rate` a second, `parallel` calls at a time. */
const fanoutSchema = z.strictObject({
  batch: z.int().min(1).max(10_000).default(100),
  rate: z.number().positive().max(1_000_000).optional(),
  parallel: z.int().min(1).max(32).default(4),
});

export const jobSchema = z
  .strictObject({
    title: name.optional(),
    aliases: names.default([]),
    parameters: z.record(name, parameterSchema).default({}),
    destructive: z.boolean().default(false),
    snapshot: z
      .union([z.strictObject({ none: name }), z.strictObject({ maxAge: duration })])
      .transform((snapshot) => ("none" in snapshot ? snapshot : { maxAgeMs: snapshot.maxAge }))
      .optional(),
    /** Of starts, and of each step; never endless. */
    maxAttempts: z.int().min(1).max(20).default(3),
    backoff: backoffSchema.default({ firstMs: 10_000, factor: 2, maxMs: 300_000 }),
    abortDeadline: duration.default(2 * 60_000),
    /** What people see who read what the job writes, until it has ended: told before a start that cannot be stopped. */
    readers: name.optional(),
    /** Deployed in the same environment before it may run: `tcs >= 6.2`. */
    requires: z.array(requirement).default([]),
    then: names.default([]),
    conflicts: names.default([]),
    expect: z
      .strictObject({ duration: duration.optional() })
      .transform((expected) => ({ durationMs: expected.duration ?? null }))
      .default({ durationMs: null }),
    environments: z.record(name, jobEnvironmentSchema),
  })
  .transform(({ abortDeadline, ...job }) => ({ ...job, abortDeadlineMs: abortDeadline }));

export const monitorSchema = z.union([
  z.strictObject({
    checkpoint: z.literal(true),
    service: name,
    environment: name,
    retention: duration,
    warn: percentage.default(0.5),
    page: percentage.default(0.75),
    every: duration.default(60_000),
    quiet: z.array(z.string()).default([]),
  }),
  z.strictObject({
    job: name,
    environment: name,
    schedule: cron,
    zone,
    startBy: duration.optional(),
    finishBy: duration.optional(),
    tooFast: duration.optional(),
    minRows: z.int().min(0).optional(),
    before: z
      .string()
      .regex(/^\d\d:\d\d$/)
      .optional(),
    quiet: z.array(z.string()).default([]),
  }),
]);

const freezeScope = z.strictObject({ jobs: globList.default(["*"]), environments: globList.default(["*"]) });
export const freezeSchema = z.strictObject({
  name,
  deny: freezeScope.optional(),
  allow: freezeScope.optional(),
  cron: cron.optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  for: duration.optional(),
  zone: zone.optional(),
  then: z.enum(["refuse", "defer"]).default("refuse"),
  because: name,
});

export const contractSchema = z.strictObject({
  owner: name,
  contains: names.default([]),
  consumers: names.default([]),
});

/** Where an id is in a signal: `tags.NAME`, or `message:/pattern/` (RE2). */
const entitySource = name.superRefine((text, context) => {
  if (/^tags\..+$/.test(text)) return;
  const source = /^message:\/([\s\S]+)\/$/.exec(text)?.[1];
  const parsed = source === undefined ? null : pattern.safeParse(source);
  if (parsed?.success === true) return;
  const message = parsed?.error.issues[0]?.message ?? 'an id is found by "tags.NAME" or "message:/pattern/"';
  context.addIssue({ code: "custom", message });
});

export const entitySchema = z.strictObject({
  match: matchSchema,
  entity: name,
  from: z.array(entitySource).min(1),
  resync: name.optional(),
});

export const routeSchema = z.strictObject({
  match: matchSchema.default({}),
  channel: name,
  mention: name.optional(),
});

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
