import type { Catalogue } from "../config/catalogue.ts";
import type { Run } from "../jobs/runs.store.ts";
import type { Db } from "../store/store.ts";
import { isResynced } from "./monitors.store.ts";

/** A run that copies what a reset skipped. */
export interface GapToCopy {
  readonly job: string;
  readonly environment: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** What the reset of a follower's place skipped and nobody copies yet; null: it was none, or that is seen to. */
export async function gapOfRun(db: Db, catalogue: Pick<Catalogue, "monitors">, run: Run): Promise<GapToCopy | null> {
  if (run.state !== "succeeded" || run.kind !== "run") return null;
  for (const monitor of Object.values(catalogue.monitors)) {
    if (!("checkpoint" in monitor) || monitor.environment !== run.environment) continue;
    const { reset, resync } = monitor;
    if (reset?.job !== run.job || resync === undefined) continue;
    const [from, to] = [run.parameters[reset.from], run.parameters[reset.to]];
    if (typeof from !== "string" || typeof to !== "string") continue;
    const { job } = resync;
    const gap = { job, environment: run.environment, parameters: { [resync.from]: from, [resync.to]: to } };
    return (await isResynced(db, gap)) ? null : gap;
  }
  return null;
}
