import { z } from "zod";
import { duration } from "../../../config/scalars.ts";

const path = z.string().min(1);
const words = z.array(z.string().min(1)).min(1);

/** The call that starts a job: exactly one method. Parameters go as a JSON body, where there are any. */
const start = z
  .strictObject({
    put: path.optional(),
    post: path.optional(),
    get: path.optional(),
    /** A 2xx answer that says "somebody else's execution is under way". (409 always does.) */
    conflict: z.strictObject({ path, equals: z.string() }).optional(),
    invalid: z.strictObject({ status: z.int().min(400).max(499) }).optional(),
  })
  .refine((call) => [call.put, call.post, call.get].filter((one) => one !== undefined).length === 1, {
    error: "a start needs exactly one of put, post or get",
  });

/** Either a map of names to booleans, of which `running` is the key; or a word at `path` with the lists it may be in. */
const status = z.union([
  z.strictObject({ get: path, running: path }),
  z.strictObject({
    get: path,
    path,
    running: words,
    succeeded: words.optional(),
    failed: words.optional(),
    aborted: words.optional(),
  }),
]);

const abort = z.union([
  z.literal("none"),
  z.strictObject({ post: path, mode: z.enum(["soft", "hard"]).default("soft") }),
]);

const permission = z.strictObject({
  own: z
    .strictObject({ get: path, policies: path, resource: z.string().min(1), actions: z.record(z.string(), z.string()) })
    .optional(),
  person: z.strictObject({ get: path, roles: path, needs: z.record(z.string(), z.string()) }).optional(),
});

/** A target that is spoken to by plain HTTP calls, described in the catalogue. */
export const httpSettings = z
  .strictObject({
    connector: z.literal("http").optional(),
    url: z.url({ protocol: /^https?$/, error: "a target's url begins with http:// or https://" }),
    headers: z.record(z.string(), z.string()).default({}),
    identity: z
      .strictObject({ get: path, path: path.optional(), split: z.string().min(1).optional(), equals: words })
      .optional(),
    start,
    status: status.optional(),
    permission: permission.default({}),
    evidence: z.enum(["status", "signals"]).default("status"),
    abort: abort.default("none"),
    timeout: duration.default(10_000),
  })
  .transform(({ timeout, ...settings }) => ({ ...settings, timeoutMs: timeout }))
  .refine((settings) => settings.evidence === "signals" || settings.status !== undefined, {
    path: ["status"],
    error: "without status: Nightdesk cannot learn how a run ends; describe it, or set evidence: signals",
  });

export type HttpSettings = z.output<typeof httpSettings>;
