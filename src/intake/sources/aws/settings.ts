import { z } from "zod";
import { headerName } from "../../../config/scalars.ts";

const name = z.string().min(1);
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

const topic = z.string().regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+(\.fifo)?$/, {
  error: 'a topic is written as its ARN, "arn:aws:sns:REGION:ACCOUNT:NAME"',
});

export const awsSettings = z
  .strictObject({
    kind: z.literal("aws"),
    /** `signature`: by SNS; `path`: EventBridge API destinations and raw delivery, which cannot sign. */
    auth: z.enum(["signature", "path"]).default("signature"),
    /** The topics that are heard, and whose subscription is confirmed. Amazon signs for everybody: the ARN says who. */
    topics: z.array(topic).default([]),
    /** For `auth: path`: the last part of the URL, or what an API destination sends in its header. */
    secret: name.optional(),
    /** The header of an API destination's API key. */
    header: headerName.prefault("X-Api-Key"),
    /** Where everything comes from, unless `environments` knows better. */
    environment: name.optional(),
    /** Account, cluster, topic, service, family or alarm (globs) -> environment; the first that holds. */
    environments: z.record(name, name).default({}),
    /** Containers whose exit code counts; without it all of a task's do. */
    essential: z.array(name).default([]),
    /** An emulation of SNS on this machine, instead of Amazon: `http://127.0.0.1:4100`. */
    signingHost: z
      .url({ protocol: /^https?$/ })
      .refine((text) => isLoopback(text), { error: "another signing host than Amazon's can only be on this machine" })
      .optional(),
  })
  .superRefine((settings, context) => {
    const say = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (settings.auth === "signature" && settings.topics.length === 0)
      say("topics", "is needed: anybody can have a message signed by SNS, only the topic's ARN says that it is yours");
    if (settings.auth === "path" && settings.secret === undefined)
      say("secret", "is needed: without a signature only the secret tells who sends");
  });

export type AwsSettings = z.output<typeof awsSettings>;

function isLoopback(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && LOOPBACK.test(url.hostname) && url.username === "" && url.password === "";
}
