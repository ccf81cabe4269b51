import type { Catalogue } from "../../../config/catalogue.ts";
import { type Fields, isFields, textOf } from "../../reading.ts";
import type { GithubSettings } from "./settings.ts";

/** A workflow by all of its names. */
export interface Workflow {
  /** As people call it. */
  readonly name: string;
  /** What stays the same when it is renamed, where that is known. */
  readonly identity: string;
  /** Every way to write it. */
  readonly names: readonly string[];
}

/** `run.path` may carry the ref behind an @; `run.name` may be the run's own title. */
export function workflowIn(run: Fields, workflow: Fields): Workflow | null {
  const path = (textOf(workflow["path"]) ?? textOf(run["path"]))?.replace(/@.*$/, "");
  const file = path?.split("/").at(-1);
  const id = textOf(workflow["id"]) ?? textOf(run["workflow_id"]);
  const stem = file?.replace(/\.ya?ml$/, "");
  const name = textOf(workflow["name"]) ?? textOf(run["name"]) ?? stem ?? id;
  if (name === undefined) return null;
  const names = [name, path, file, stem, id].filter((one) => one !== undefined);
  return { name, identity: path ?? id ?? name, names: [...new Set(names)] };
}

/** The deployments that the settings say a success of this workflow is. */
export function deploysOf(settings: GithubSettings, of: { repository: string; workflow: Workflow }) {
  return settings.deploys.filter(
    (deploy) =>
      of.workflow.names.some((name) => same(name, deploy.workflow)) &&
      (deploy.repository === undefined || same(deploy.repository, of.repository)),
  );
}

/** The one job of the catalogue that is this workflow, and where it may have run. Null when none or several are. */
export function jobOf(
  catalogue: Catalogue,
  of: { repository: string; workflow: Workflow },
): { readonly job: string; readonly environments: readonly string[] } | null {
  const found = new Map<string, string[]>();
  for (const [job, { environments }] of Object.entries(catalogue.jobs)) {
    for (const [environment, where] of Object.entries(environments)) {
      const target: unknown = Object.hasOwn(catalogue.targets, where.target)
        ? catalogue.targets[where.target]
        : undefined;
      if (!isFields(target) || target["connector"] !== "github-actions") continue;
      const wanted = (textOf(target["workflow"]) ?? "${target.name}").replaceAll("${target.name}", where.name ?? job);
      const isIt = same(textOf(target["repository"]) ?? "", of.repository);
      if (!isIt || !of.workflow.names.some((name) => same(name, wanted))) continue;
      found.set(job, [...(found.get(job) ?? []), environment]);
    }
  }
  const [only, another] = [...found];
  return only === undefined || another !== undefined ? null : { job: only[0], environments: only[1] };
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
