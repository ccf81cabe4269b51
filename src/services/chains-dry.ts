import type { Placed } from "../guard/names.ts";
import type { Asking, DryChainView, DryRunView } from "./contract.ts";
import { dryRuns } from "./dry-run.ts";
import { readParameters } from "./runs-parameters.ts";
import type { Requesting } from "./runs-request.ts";

/** A chain that somebody wants, resolved; what people wrote is redacted. */
export interface WantedChain {
  readonly placed: readonly Placed[];
  readonly because: string | null;
  readonly override: string | null;
  readonly incidentId: number | null;
}

/** What each of its runs would be told and what stands in its way now, in order. Starts nothing and keeps no chain. */
export async function dryChain(parts: Requesting, asking: Asking, wanted: WantedChain): Promise<DryChainView> {
  const { placed, because, override, incidentId } = wanted;
  const runs = await dryRuns(
    parts,
    asking,
    placed.map((one) => ({
      placed: one,
      parameters: readParameters({ name: one.job, definition: one.definition }, {}),
      reason: because,
      ...(override === null ? {} : { override }),
      parent: null,
      incidentId,
    })),
  );
  const [first, ...later] = runs;
  if (first === undefined) throw new Error("a chain without jobs");
  const refused = runs.some((run) => refusesAll(run, override !== null));
  const blocked = first.blocked || refused;
  return {
    environment: first.environment,
    runs,
    blocked,
    next: blocked ? "It would not be started." : `${first.next} ${laterWords(later)}`,
  };
}

/** Who and where, and the right to override a freeze, are held against every job before the first is started. */
const refusesAll = ({ checks }: DryRunView, overrides: boolean): boolean =>
  checks.some(
    ({ check, level }) =>
      level === "block" && (check === "who" || check === "where" || (overrides && check === "when")),
  );

function laterWords(later: readonly DryRunView[]): string {
  const blocked = later.find((run) => run.blocked);
  const stops = blocked === undefined ? "" : ` As things are now, it would stop before ${blocked.job}.`;
  return `Each further one starts when the one before has succeeded, and is checked again then.${stops}`;
}
