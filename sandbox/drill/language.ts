import { z } from "zod";
import type { ChannelOptions } from "../workspace/contract.ts";
import { anything, duration, instant } from "./words.ts";

/** The words of a drill's file, one schema each; `expect` is read by expectations.ts. Strict everywhere. */

const name = z.string().min(1);
const person = z.strictObject({
  name: z.string().optional(),
  realName: z.string().optional(),
  email: z.string().optional(),
  timezone: z.string().optional(),
  guest: z.boolean().optional(),
  foreign: z.boolean().optional(),
  bot: z.boolean().optional(),
  deleted: z.boolean().optional(),
});
const channel = z.strictObject({
  name,
  bot: z.boolean().optional(),
  private: z.boolean().optional(),
  archived: z.boolean().optional(),
  members: z.array(name).optional(),
});

/** A channel is often just its name. */
function asChannel(given: string | z.output<typeof channel>): ChannelOptions {
  if (typeof given === "string") return { name: given.replace(/^#/, "") };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(set), name: given.name.replace(/^#/, "") };
}

/** Everything but the steps, which are read one by one. */
export const drillSchema = z.strictObject({
  drill: name,
  about: z.string().optional(),
  catalogue: z.union([name, z.record(z.string(), z.unknown())], {
    error: "the path of a nightdesk.yml from this file, or the mapping itself",
  }),
  with: z
    .strictObject({ redis: z.boolean().default(false), replicas: z.int().min(1).max(8).default(1) })
    .default({ redis: false, replicas: 1 }),
  clock: instant.optional(),
  people: z
    .record(
      name,
      person.nullable().transform((given) => given ?? {}),
    )
    .optional(),
  channels: z.array(z.union([name, channel]).transform(asChannel)).optional(),
  estate: z.record(name, z.looseObject({ kind: name })).default({}),
  steps: z.array(z.unknown()).min(1),
});

const role = z.enum(["worker", "web", "all"]);
const place = z.string().regex(/^(incident [1-9]\d*|run [1-9]\d*|#?[\w-]+)$/, {
  error: "a channel, `incident 1` or `run 1`",
});
const each = z
  .strictObject({ path: name, from: z.number().optional(), in: z.array(z.unknown()).min(1).optional() })
  .refine((one) => (one.from === undefined) !== (one.in === undefined), { error: "give one of from: and in:" });

const webhook = z
  .strictObject({
    source: name,
    event: z.string().optional(),
    file: z.string().optional(),
    body: z.unknown().optional(),
    path: z.string().startsWith("/").optional(),
    signed: z.union([z.boolean(), z.literal("wrong")]).optional(),
    headers: z.record(z.string(), z.string()).default({}),
    repeat: z.int().min(1).max(1_000_000).default(1),
    each: z.array(each).default([]),
    over: duration.default(0),
    concurrency: z.int().min(1).max(200).default(1),
    status: z.int().optional(),
    job: z.string().optional(),
    environment: z.string().optional(),
    ping: z.union([z.enum(["start", "success", "fail", "log"]), z.int().min(0).max(255)]).optional(),
    rid: z.union([z.string(), z.number().transform(String)]).optional(),
  })
  .refine((one) => one.file === undefined || one.body === undefined, { error: "give one of body: and file:" })
  .refine((one) => one.ping === undefined || (one.job !== undefined && one.environment !== undefined), {
    error: "a ping needs job: and environment:",
  })
  .refine(
    (one) =>
      one.ping !== undefined || (one.job === undefined && one.environment === undefined && one.rid === undefined),
    {
      error: "job:, environment: and rid: beside body: belong to a ping; give ping: as well",
    },
  );

/** `text` is what the file says, or `ids`: so many numbers, one a line; `comment` is the message that it comes with. */
const upload = z
  .strictObject({
    user: name,
    in: place,
    name,
    text: z.string().optional(),
    ids: z.strictObject({ from: z.int(), count: z.int().min(1).max(200_000) }).optional(),
    comment: name.optional(),
  })
  .refine((one) => (one.text === undefined) !== (one.ids === undefined), { error: "give one of text: and ids:" });

const slackApi = z.union([
  z.enum(["down", "up"]),
  z.strictObject({
    outage: duration.optional(),
    limit: z.strictObject({ method: name, retryAfter: z.number().min(0), times: z.int().min(0).optional() }).optional(),
    slow: duration.optional(),
    dropAfterSend: z.int().min(1).optional(),
  }),
]);

/** The verbs of a step, but `expect`. */
export const VERBS = {
  webhook,
  slack: z.strictObject({ user: name, channel: name, type: z.string().startsWith("/") }),
  say: z.strictObject({ user: name, in: place, text: name }),
  edit: z.strictObject({ user: name, message: name, text: name }),
  delete: z.strictObject({ user: name, message: name }),
  react: z.strictObject({ user: name, message: name, emoji: name, remove: z.boolean().default(false) }),
  upload,
  press: z.strictObject({
    user: name,
    button: name,
    on: z.string().regex(/^(run [1-9]\d*|incident [1-9]\d*|channel #?[\w-]+|reply)$/, {
      error: "`run 1`, `incident 1`, `channel NAME` or `reply`",
    }),
  }),
  submit: z.strictObject({
    user: name,
    values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)),
  }),
  shortcut: z.strictObject({ user: name, name, message: z.string().optional() }),
  estate: z.record(name, z.record(z.string(), z.unknown())),
  nightdesk: z.union([z.strictObject({ kill: role }), z.strictObject({ start: role })]),
  slackApi,
  redis: z.enum(["flush", "stop", "start"]),
  clock: z.union([z.strictObject({ advance: duration }), z.strictObject({ to: instant })]),
  http: z.strictObject({
    method: z.string().default("GET"),
    path: z.string().startsWith("/"),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.unknown().optional(),
    expect: z.strictObject({ status: z.union([z.int(), z.string()]).optional(), body: anything.optional() }).optional(),
  }),
  mark: z.literal("slackApi"),
  wait: duration,
} satisfies Record<string, z.ZodType>;

export type Verbs = { [Verb in keyof typeof VERBS]: z.output<(typeof VERBS)[Verb]> };
export type Verb = keyof Verbs;
export type DrillHead = Omit<z.output<typeof drillSchema>, "steps">;
