import { z } from "zod";
import { globList } from "../../../config/scalars.ts";

const name = z.string().min(1);
const repository = z.string().regex(/^[\w.-]+\/[\w.-]+$/, { error: "a repository is written like owner/name" });

export const githubSettings = z.strictObject({
  kind: z.literal("github"),
  /** The webhook's secret. */
  secret: name,
  /** `owner/name` -> service; a repository that is not here is looked for among the services by its name. */
  services: z.record(repository, name).default({}),
  /** Branches whose failures matter; the repository's default branch unless told. */
  branches: globList.optional(),
  /** Workflows whose failures matter: by name, by file (with or without its ending) or by id. */
  workflows: globList.default(["*"]),
  /** Check runs of other apps than GitHub Actions, by name. */
  checks: globList.default(["*"]),
  /** Whether a failed job is told before the end of its workflow. */
  jobs: z.boolean().default(false),
  /** Workflows whose success is a deployment, where no deployment_status tells it. */
  deploys: z
    .array(
      z.strictObject({
        workflow: name,
        repository: repository.optional(),
        service: name.optional(),
        environment: name,
      }),
    )
    .default([]),
});
export type GithubSettings = z.output<typeof githubSettings>;
