import { z } from "zod";
import { duration } from "../../../config/scalars.ts";

const name = z.string().min(1);

/** A job that is a workflow of GitHub Actions. */
export const githubActionsSettings = z
  .strictObject({
    connector: z.literal("github-actions").optional(),
    /** The API: of GitHub itself, or https://HOST/api/v3 of one's own server. */
    url: z
      .url({ protocol: /^https?$/, error: "the API's url begins with https://" })
      .default("https://api.github.com")
      .transform((url) => url.replace(/\/+$/, "")),
    repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, { error: "a repository is written like owner/name" }),
    /** The workflow's file below .github/workflows, or its id; `${target.name}` may stand there. */
    workflow: name.default("${target.name}"),
    /** The branch or tag that is run when no version is asked for. */
    ref: name.default("main"),
    token: z.string().min(6),
    /** The workflow's input that takes the intent key, and that its run-name shows. */
    input: z
      .string()
      .regex(/^[A-Za-z_][\w-]*$/)
      .default("intent_key"),
    /** Its other inputs, with `${parameter.x}`; one whose parameter is not given is left out. */
    inputs: z.record(name, z.string()).default({}),
    /** Whether another run of the workflow keeps this one from starting. `ignore` where one workflow serves many. */
    others: z.enum(["conflict", "ignore"]).default("conflict"),
    timeout: duration.default(10_000),
  })
  .transform(({ timeout, ...settings }) => ({ ...settings, timeoutMs: timeout }));

export type GithubActionsSettings = z.output<typeof githubActionsSettings>;
