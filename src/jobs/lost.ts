import type { Catalogue } from "../config/catalogue.ts";
import type { Connections } from "./connections.ts";
import type { Run } from "./runs.store.ts";

/**
 * Why the target of a run cannot be asked for it any more: the catalogue does not name the target, or no longer says
 * under which name the target knows the job, where that name is all there is to ask for. Null: it can be asked.
 */
export function whyLost(
  parts: { readonly catalogue: Pick<Catalogue, "jobs">; readonly connections: Connections },
  run: Pick<Run, "target" | "job" | "environment" | "handle">,
): string | null {
  const { target, job, environment, handle } = run;
  const connection = parts.connections.of(target);
  if (connection === null) return `the catalogue no longer names ${target}`;
  const byName = connection.capabilities.startKey === "none" && handle?.externalId == null;
  const place = parts.catalogue.jobs[job]?.environments[environment];
  return byName && place?.target !== target
    ? `the catalogue no longer has ${job} in ${environment} at ${target}`
    : null;
}

/** What people can do about it. */
export const wayOutOfLost = ({ number, target }: Pick<Run, "number" | "target">): string =>
  `Look at ${target}, stop it there if need be, then \`/sync settle run ${number}\`; or put it back into the catalogue`;

/** How soon it is seen whether the catalogue has it again: nothing is asked of anybody meanwhile. */
export const LOST_MS = 10 * 60_000;
