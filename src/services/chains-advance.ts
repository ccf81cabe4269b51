import { UserError } from "../base/errors.ts";
import { type PersonActor, SYSTEM } from "../config/actor.ts";
import { needPlaced } from "../guard/names.ts";
import { noteRun } from "../jobs/record.ts";
import { lockRun, type Run } from "../jobs/runs.store.ts";
import { isTerminal } from "../jobs/states.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { type Chain, changeChain, lockChain, readChain, runsOfChain } from "./chains.store.ts";
import { type Asking, SURFACES } from "./contract.ts";
import { readParameters } from "./runs-parameters.ts";
import { type Requesting, requestRun } from "./runs-request.ts";

/** What a step of a chain came to: the run that was made for it, why it stopped, or nothing to do. */
export type Advanced =
  | { readonly kind: "run"; readonly run: Run }
  | { readonly kind: "stopped"; readonly error: UserError | null }
  | { readonly kind: "waits" | "done" };

/**
 * Work of kind `chain`, asked for when a run of it has ended: asks the guard anew for the next run. The chain ends at the
 * first run that did not succeed, or that somebody wanted stopped. One request a position, however often it is asked for.
 */
export function createAdvanceChain(parts: Requesting): (id: number) => Promise<WorkOutcome> {
  return async (id) => {
    await advanceChain(parts, id);
    return { done: true };
  };
}

export async function advanceChain(parts: Requesting, id: number): Promise<Advanced> {
  const { store } = parts;
  const chain = await readChain(store.db, id);
  if (chain === null || chain.state !== "running") return { kind: "done" };
  const runs = await runsOfChain(store.db, id);
  const last = runs.at(-1) ?? null;
  if (last !== null && !isTerminal(last.state)) return { kind: "waits" };
  if (last !== null && !went(last, chain)) {
    await stop(parts, { chain, last, why: `run ${last.number} (${last.job}) ${endWords(last)}` });
    return { kind: "stopped", error: null };
  }
  const position = (last?.chainPosition ?? 0) + 1;
  const job = chain.jobs[position - 1];
  if (job === undefined) {
    await finish(parts, chain, last);
    return { kind: "done" };
  }
  try {
    return { kind: "run", run: await askFor(parts, { chain, position, job, last }) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const why = `${job} was not started: ${error.message}${error.wayOut === undefined ? "" : ` ${error.wayOut}`}`;
    await stop(parts, { chain, last, why: why.replace(/\.$/, "") });
    return { kind: "stopped", error };
  }
}

/** It did what it was to do, and nobody wanted the rest stopped. */
const went = (run: Run, { jobs }: Chain): boolean =>
  run.state === "succeeded" && (run.abortRequestedAt === null || run.chainPosition === jobs.length);

function endWords(run: Run): string {
  if (run.state === "succeeded") return "succeeded, though an abort was asked for";
  return run.state === "aborted" ? "was aborted" : run.state === "failed" ? "failed" : `was ${run.state}`;
}

async function askFor(
  parts: Requesting,
  next: { chain: Chain; position: number; job: string; last: Run | null },
): Promise<Run> {
  const { chain, position, job, last } = next;
  const placed = needPlaced(parts.catalogue, { job, environment: chain.environment });
  const outcome = await requestRun(parts, askingOf(chain, position), {
    placed,
    parameters: readParameters({ name: placed.job, definition: placed.definition }, {}),
    reason: chain.because,
    ...(chain.override === null ? {} : { override: chain.override }),
    parent: null,
    incidentId: chain.incidentId,
    chain: { id: chain.id, position },
    coveredBy: `asked for with the chain ${chain.jobs.join(", ")}`,
    afterBirth: async (tx, run) => {
      await changeChain(tx, chain.id, { next_position: position + 1 });
      if (last !== null) await requestWork(tx, { kind: "run-card", ref: last.id, dueAt: run.requestedAt });
    },
  });
  if (outcome.kind === "done") return outcome.value;
  throw new Error(`the guard asked again for run ${position} of chain ${chain.id}, which was confirmed`);
}

/** The same person from the same place, as the guard is asked at each turn. */
function askingOf(chain: Chain, position: number): Asking {
  const actor: PersonActor = {
    kind: "person",
    slack: chain.requestedBy.replace(/^slack:/, ""),
    name: chain.requestedByName,
    key: chain.requestedByKey,
  };
  return {
    actor,
    surface: surfaceOf(chain.surface),
    requestKey: `chain:${chain.id}:${position}`,
    channel: chain.channel,
    channelName: chain.channelName,
    incident: null,
    run: null,
  };
}

const surfaceOf = (kept: string): Asking["surface"] => SURFACES.find((surface) => surface === kept) ?? "api";

async function stop(
  parts: Requesting,
  { chain, last, why }: { chain: Chain; last: Run | null; why: string },
): Promise<void> {
  const asked = last?.chainPosition ?? 0;
  const notRun = chain.jobs.slice(asked);
  const left = last === null || last.state === "succeeded" ? notRun : chain.jobs.slice(asked - 1);
  await parts.store.tx(async (tx) => {
    if (!(await stillRunning(tx, chain))) return;
    const rest = notRun.length === 0 ? "" : `. Not run: ${notRun.join(", ")}`;
    const said = `the chain stopped: ${why}${rest}. When it is mended: \`${goOn(left, chain.environment)}\``;
    await changeChain(tx, chain.id, { state: "stopped", said });
    if (last !== null) await note(tx, parts, { run: last, said });
  });
}

/** How to do what is left: one job is a run, several are a chain. */
export const goOn = (jobs: readonly string[], environment: string): string =>
  jobs.length === 1 ? `/sync run ${jobs[0]} ${environment}` : `/sync chain ${jobs.join(" ")} ${environment}`;

async function finish(parts: Requesting, chain: Chain, last: Run | null): Promise<void> {
  await parts.store.tx(async (tx) => {
    if (!(await stillRunning(tx, chain))) return;
    await changeChain(tx, chain.id, { state: "done" });
    if (last !== null) await note(tx, parts, { run: last, said: `the chain is through: ${chain.jobs.join(", ")}` });
  });
}

const stillRunning = async (tx: Tx, chain: Chain): Promise<boolean> =>
  (await lockChain(tx, chain.id)).state === "running";

/** Told in the history of the chain's last run, and so in its thread. */
async function note(tx: Tx, parts: Requesting, { run, said }: { run: Run; said: string }): Promise<void> {
  const evidence = { chain: run.chainId };
  await noteRun(tx, await lockRun(tx, run.id), { at: parts.clock.now(), actor: SYSTEM, reason: said, evidence });
}
