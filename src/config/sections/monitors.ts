import { z } from "zod";
import { cron, duration, name, percentage, zone } from "../scalars.ts";

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
