import { UserError } from "../base/errors.ts";
import { bearFanout, readFanout } from "../fanout/fanouts.store.ts";
import { ONLY_IN_SOURCE, ONLY_IN_TARGET } from "../fanout/merge.ts";
import { needPlaced } from "../guard/names.ts";
import type { Asking, Outcome, RunView } from "./contract.ts";
import type { FanoutServices, WantedRepair } from "./fanouts-contract.ts";
import { listOfRun } from "./id-lists.ts";
import { dryHandOver, dryResync, type HandOver, handOver, type ResyncParts, resync } from "./resync.ts";
import { requestRun } from "./runs-request.ts";
import { incidentIdOf, needRun, viewRun } from "./runs-view.ts";

/** The use cases over ids by reference, as commands call them. */
export function createFanouts(parts: ResyncParts): FanoutServices {
  return {
    resync: (asking, wanted) => resync(parts, asking, wanted),
    dryResync: (asking, wanted) => dryResync(parts, asking, wanted),
    orphans: (asking, wanted) => compare(parts, asking, wanted),
    repair: async (asking, wanted) => handOver(parts, asking, await mending(parts, asking, wanted)),
    dryRepair: async (asking, wanted) => dryHandOver(parts, asking, await mending(parts, asking, wanted)),
  };
}

async function compare(
  parts: ResyncParts,
  asking: Asking,
  wanted: { job: string; environment: string },
): Promise<Outcome<RunView>> {
  const placed = needPlaced(parts.catalogue, wanted);
  const { target } = placed.place;
  if (parts.connections.of(target)?.capabilities.compare !== true) {
    throw new UserError("unsupported", {
      code: "compares_not",
      message: `${target} does not show the ids of both sides.`,
      wayOut: "They cannot be compared from here.",
    });
  }
  const { db } = parts.store;
  const outcome = await requestRun(parts, asking, {
    placed,
    parameters: {},
    reason: null,
    parent: null,
    incidentId: await incidentIdOf(db, asking.incident),
    kind: "compare",
    action: "resync",
    says: { does: `This reads the ids of both sides of ${placed.job} at ${target}; it changes nothing.` },
    afterBirth: (tx, run) =>
      bearFanout(tx, {
        ...{ runId: run.id, op: "compare", said: "both sides", total: 0, listId: null },
        ...{ batch: 1, parallel: 1, perSecond: null },
      }),
  });
  return outcome.kind === "ask" ? outcome : { kind: "done", value: await viewRun(parts, outcome.value) };
}

/** What a comparison found on one side, to be handed over. */
async function mending(parts: ResyncParts, asking: Asking, wanted: WantedRepair): Promise<HandOver> {
  const { db } = parts.store;
  const run = await needRun(db, wanted.run);
  const fanout = await readFanout(db, run.id);
  if (fanout?.op !== "compare") {
    throw new UserError("invalid", {
      code: "no_comparison",
      message: `Run ${run.number} compared nothing.`,
      wayOut: `\`/sync orphans ${run.job} ${run.environment}\` compares both sides.`,
    });
  }
  if (run.state !== "succeeded") {
    throw new UserError("conflict", {
      code: "not_over",
      message: `Run ${run.number} did not compare to the end: it is ${run.state.replaceAll("_", " ")}.`,
      wayOut: `Compare again: \`/sync orphans ${run.job} ${run.environment}\`.`,
    });
  }
  const detail = wanted.by === "delete" ? ONLY_IN_TARGET : ONLY_IN_SOURCE;
  return {
    placed: needPlaced(parts.catalogue, run),
    op: wanted.by,
    parent: run,
    incidentId: (await incidentIdOf(db, asking.incident)) ?? run.incidentId,
    reason: null,
    list: () => listOfRun(parts, asking, { run, state: "done", detail, said: `${detail} by run ${run.number}` }),
  };
}
