import { z } from "zod";
import { awsSettings, ownCredentials } from "../aws/settings.ts";

const name = z.string().min(1);
const url = z.url({ protocol: /^https?$/, error: "a url begins with http:// or https://" });
const headers = z.record(z.string(), z.string()).default({});
const queueUrl = z.url({ protocol: /^https?$/, error: "a queue's url begins with https://" });

/** Pages of one side's ids, ascending: `${table}` may stand in the path. */
const side = z.strictObject({
  url,
  headers,
  get: name,
  /** Its parameters for "after this id" and "at most so many", and how many. */
  after: name.default("after"),
  limit: name.default("limit"),
  size: z.int().min(1).max(10_000).default(1_000),
  /** Where in the answer the ids are, and what to ask after next (nothing: that was all). */
  ids: name.default("ids"),
  next: name.default("next"),
});

/** A queue of requests, each a reference to one entity that is read again when it is its turn. */
export const sqsSettings = z
  .strictObject({
    connector: z.literal("sqs").optional(),
    ...awsSettings,
    queueUrl,
    deadLetterQueueUrl: queueUrl.optional(),
    /** What the entities are called in the message; `${target.name}` may stand there. */
    table: name.default("${target.name}"),
    /** The group of a FIFO queue: one entity's requests keep their order. */
    group: name.default("tcs_${table}_${id}"),
    /** What the message calls its fields. `who` and `why` are for the target's audit. */
    message: z
      .strictObject({
        table: name.default("table"),
        id: name.default("id"),
        operation: name.default("operation"),
        who: name.optional(),
        why: name.optional(),
      })
      .prefault({}),
    /** Where is asked, before a request is sent, which entities are still there. */
    source: z
      .strictObject({
        url,
        headers,
        exists: z.strictObject({
          post: name,
          table: name.default("table"),
          ids: name.default("ids"),
          /** Where in the answer those are that exist, and their id (of objects; plain ids need none). */
          found: name.default("entities"),
          id: name.default("id"),
        }),
      })
      .optional(),
    compare: z.strictObject({ source: side, target: side }).optional(),
  })
  .transform(({ timeout, ...settings }) => ({ ...settings, timeoutMs: timeout }))
  .refine(ownCredentials.holds, { path: ["credentials"], error: ownCredentials.error });

export type SqsSettings = z.output<typeof sqsSettings>;
export type SqsSide = z.output<typeof side>;
