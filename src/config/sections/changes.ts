import { z } from "zod";
import { duration, name, names } from "../scalars.ts";
import { matchSchema } from "./match.ts";

export const contractSchema = z.strictObject({
  owner: name,
  contains: names.default([]),
  consumers: names.default([]),
});

/** How long before an incident's first alert a deploy may have been, and how long after it one may be told for. */
export const suspectsSchema = z
  .strictObject({ window: duration.default(24 * 3_600_000), after: duration.default(5 * 60_000) })
  .transform(({ window, after }) => ({ windowMs: window, afterMs: after }));

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
