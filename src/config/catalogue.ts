import { z } from "zod";
import { readRequirement } from "./requirement.ts";
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

export const personSchema = z.strictObject({
  name,
  slack: name.optional(),
  email: z.email().optional(),
  /** What other systems call this person: the author that a pipeline names. */
  logins: names.optional(),
});

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
/** By what a signal without a known key may still be of an incident's trouble. */
export const RELATIONS = [
  "same-run",
  "same-job",
  "same-error",
  "same-contract",
  "upstream",
  "common-upstream",
  "same-service",
  "after-job",
] as const;
export type RelationName = (typeof RELATIONS)[number];

/** So many changes of one condition within that time are flapping; it is over after `quiet` without one. */
const flappingSchema = z
  .strictObject({
    changes: z.int().min(2).default(4),
    within: duration.default(30 * 60_000),
    quiet: duration.default(15 * 60_000),
  })
  .transform(({ changes, within, quiet }) => ({ changes, withinMs: within, quietMs: quiet }));

export const foldingSchema = z
  .strictObject({
    name,
    match: matchSchema.default({}),
    key: z.array(foldingKey).min(1),
    window: duration.default(4 * 3_600_000),
    reopenWithin: duration.default(30 * 60_000),
    /** False: only its key joins. A list: only these relations join beside the key. */
    relate: z.union([z.boolean(), z.array(z.enum(RELATIONS))]).default(true),
    flapping: z
      .union([z.literal(false), flappingSchema])
      .default({ changes: 4, withinMs: 30 * 60_000, quietMs: 15 * 60_000 }),
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

const requirement = name.transform((text, context) => {
  const read = readRequirement(text);
  if (read !== null && read.rest === "")
    return { service: read.service, operator: read.operator, version: read.version };
  context.addIssue({ code: "custom", message: 'a requirement is written like "tcs >= 6.2" or "tcs = 6.2"' });
  return z.NEVER;
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

/** `22:00-06:30` on the wall clock of the monitor's zone. */
const quietHours = z.array(
  z.string().regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, {
    error: (issue) => `"${String(issue.input)}" are no quiet hours: write "22:00-06:30"`,
  }),
);

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, {
  error: (issue) => `"${String(issue.input)}" is no time of day: write "03:45"`,
});

/** Where a follower's place is asked for: below a target's own address, or at one that stands here. */
const pollSchema = z
  .strictObject({
    target: name.optional(),
    url: z.url({ protocol: /^https?$/ }).optional(),
    path: z.string().startsWith("/").optional(),
    headers: z.record(name, z.string()).default({}),
    at: name.default("at"),
    position: name.optional(),
    timeout: duration.default(10_000),
  })
  .refine((poll) => (poll.target === undefined) !== (poll.url === undefined), { error: "give one of target and url" })
  .transform(({ timeout, ...poll }) => ({ ...poll, timeoutMs: timeout }));

/** A job, and the parameters that carry the beginning and the end of a gap. */
const gapJobSchema = z.union([
  name.transform((job) => ({ job, from: "from", to: "to" })),
  z.strictObject({ job: name, from: name.default("from"), to: name.default("to") }),
]);

/** What is expected of when a job starts and ends, or of how old a follower's place may be. Durations in milliseconds. */
export const monitorSchema = z.union([
  z.strictObject({
    checkpoint: z.literal(true),
    service: name,
    environment: name,
    /** How long the log keeps what the follower has not read yet. */
    retention: duration,
    warn: percentage.default(0.5),
    page: percentage.default(0.75),
    /** How often it is asked for. */
    every: duration.default(60_000),
    /** The job that moves it: its messages carry its place, and its successes that do not are told of. */
    job: name.optional(),
    poll: pollSchema.optional(),
    reset: gapJobSchema.optional(),
    resync: gapJobSchema.optional(),
    zone: zone.optional(),
    quiet: quietHours.default([]),
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
    /** The time of day at which something else reads what the job has written. */
    before: timeOfDay.optional(),
    /** For messages on their way: a deadline is judged so much later. */
    grace: duration.default(30_000),
    quiet: quietHours.default([]),
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

/** How long before an incident's first alert a deploy may have been, and how long after it one may be told for. */
const suspectsSchema = z
  .strictObject({ window: duration.default(24 * 3_600_000), after: duration.default(5 * 60_000) })
  .transform(({ window, after }) => ({ windowMs: window, afterMs: after }));

/** Where an id is in a signal: `tags.NAME`, or `message:/pattern/` (RE2). */
const entitySource = name.superRefine((text, context) => {
  if (/^tags\..+$/.test(text)) return;
  const source = /^message:\/([\s\S]+)\/$/.exec(text)?.[1];
  const parsed = source === undefined ? null : pattern.safeParse(source);
  if (parsed?.success === true) return;
  const message = parsed?.error.issues[0]?.message ?? 'an id is found by "tags.NAME" or "message:/pattern/"';
  context.addIssue({ code: "custom", message });
});

const gateRule = z
  .strictObject({
    match: matchSchema.pick({ service: true, services: true, environment: true, environments: true }).default({}),
    /** Whose word opens it; absent: of whoever has the grant `gate` there. */
    role: name.optional(),
    /** Held at most this long, then refused. A pipeline may ask for less. */
    timeout: duration.default(3_600_000),
    channel: name.optional(),
    /** Opens without a person when everything that it requires is there. */
    auto: z.boolean().default(false),
    /** Whether a pipeline has to tell who deploys: four eyes need to know the first two. `known`: a person of the catalogue. */
    author: z.enum(["optional", "required", "known"]).default("optional"),
  })
  .transform(({ timeout, ...rule }) => ({ ...rule, timeoutMs: timeout }));

const probe = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }),
    headers: z.record(name, z.string()).default({}),
    status: z.int().default(200),
    timeout: duration.default(5_000),
  })
  .transform(({ timeout, ...asked }) => ({ ...asked, timeoutMs: timeout }));

export const gatesSchema = z.strictObject({
  /** Of pipelines: it may ask for gates, and nothing else. */
  token: name.optional(),
  rules: z.array(gateRule).default([]),
  /** What a gate may require to answer: only these addresses are asked, whatever a pipeline sends. */
  probes: z.record(name, probe).default({}),
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
