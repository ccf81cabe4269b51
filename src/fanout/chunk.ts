import type { ConnectorError, ItemResult } from "../jobs/connectors/contract.ts";
import { lockRun, type Run, readRun } from "../jobs/runs.store.ts";
import { isTerminal } from "../jobs/states.ts";
import { again, backoffMs, DONE, errorOf, inMs, isTransient, lineOf } from "../jobs/step.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import {
  beginCall,
  type Chunk,
  dropWaiting,
  endCall,
  endItems,
  isCalling,
  keepChunk,
  keepResults,
  pendingIds,
  readChunk,
  supersededIds,
} from "./chunks.store.ts";
import { compareStep } from "./compare.ts";
import type { EndedState } from "./counts.ts";
import type { Fanning } from "./fanning.ts";
import { type Fanout, needFanout } from "./fanouts.store.ts";
import { countEnded, goesOn, topUp } from "./hand.ts";
import { takeTurn } from "./pace.store.ts";

/** Begins the error of a call that may have had its effect. */
export const DOUBTFUL = "not known whether it had an effect: ";
/** Whoever has to let another go first looks again after this (machine time). */
const YIELD_MS = 40;

/**
 * Work of kind `chunk`: hands the ids of one chunk over, in one call. The call is noted before it is made and has a key
 * of its own, so that after a crash it is made again and does no harm.
 */
export function createChunkHandler(fanning: Fanning): (chunkId: number) => Promise<WorkOutcome> {
  return async (chunkId) => {
    const chunk = await readChunk(fanning.store.db, chunkId);
    const run = chunk === null ? null : await readRun(fanning.store.db, chunk.runId);
    if (chunk === null || run === null || chunk.state !== "asked") return DONE;
    if (run.kind === "compare") return compareStep(fanning, run, chunk);
    // What a fan-out is to do never changes: read before its run is locked, it costs the others no time.
    const fanout = await needFanout(fanning.store.db, run.id);
    const taken = await fanning.store.tx((tx) => take(tx, fanning, { chunk, fanout }));
    if (taken.kind === "wait") return taken.outcome;
    const answer = await call(fanning, run, taken);
    return fanning.store.tx((tx) => keepAnswer(tx, fanning, { taken: taken.chunk, ids: taken.ids, answer }));
  };
}

type Taken =
  | { readonly kind: "wait"; readonly outcome: WorkOutcome }
  | { readonly kind: "call"; readonly chunk: Chunk; readonly ids: readonly string[]; readonly op: "resync" | "delete" };

type Answer =
  | { readonly kind: "results"; readonly results: readonly ItemResult[] }
  | {
      readonly kind: "error";
      readonly error: ConnectorError["kind"];
      readonly message: string;
      readonly afterMs: number;
    };

const wait = (outcome: WorkOutcome): Taken => ({ kind: "wait", outcome });

/**
 * Everything before the call, in one transaction: may it go, what is superseded, is it its turn; and that it is made. All
 * calls of a run go through its lock: nothing is asked under it that can be known before.
 */
async function take(tx: Tx, fanning: Fanning, { chunk, fanout }: { chunk: Chunk; fanout: Fanout }): Promise<Taken> {
  const { clock } = fanning;
  const run = await lockRun(tx, chunk.runId);
  if (isTerminal(run.state)) return wait(DONE);
  const unanswered = isCalling(chunk);
  if (!goesOn(run) && !unanswered) return putOff(tx, fanning, { run, chunk });
  if (fanout.op === "compare") throw new Error(`run ${run.number} compares and was asked to hand ids over`);
  const states = chunk.attempts === 0 ? await supersede(tx, fanning, { run, chunk }) : [];
  const counting = states.length === 0 ? fanout : await needFanout(tx, run.id);
  const counted = await countEnded(tx, fanning, { run, fanout: counting, states });
  const ids = await pendingIds(tx, chunk);
  if (ids.length === 0) {
    if (await endCall(tx, chunk, clock.now())) await goOn(tx, fanning, { run: counted.run, fanout });
    return wait(DONE);
  }
  if (fanout.perSecond !== null && !unanswered) {
    const pace = { target: run.target, runId: run.id, count: ids.length, perSecond: fanout.perSecond };
    const turn = await takeTurn(tx, { ...pace, now: clock.now() });
    if (turn.kind === "later") return wait(again(turn.at));
    if (turn.kind === "yield") {
      const notBefore = clock.machineNow().add({ milliseconds: YIELD_MS });
      return wait({ done: false, dueAt: clock.now(), notBefore });
    }
  }
  if (!(await beginCall(tx, chunk))) return wait(DONE);
  return { kind: "call", chunk: { ...chunk, attempts: chunk.attempts + 1, error: null }, ids, op: fanout.op };
}

/** Somebody wants the run to pause or to stop: what was asked for waits again, and the run looks at what is left. */
async function putOff(tx: Tx, fanning: Fanning, about: { run: Run; chunk: Chunk }): Promise<Taken> {
  const chunk = await readChunk(tx, about.chunk.id);
  if (chunk?.state !== "asked") return wait(DONE);
  await keepChunk(tx, chunk.id, { state: "pending" });
  await requestWork(tx, { kind: "run", ref: about.run.id, dueAt: fanning.clock.now() });
  return wait(DONE);
}

/** What a newer fan-out will do anyway is left to it. */
async function supersede(tx: Tx, fanning: Fanning, about: { run: Run; chunk: Chunk }): Promise<EndedState[]> {
  const found = await supersededIds(tx, about.chunk, about.run);
  if (found.length === 0) return [];
  const results = found.map(({ ref, run }): ItemResult => ({ id: ref, state: "superseded", detail: `by run ${run}` }));
  return keepResults(tx, about.chunk, { results, at: fanning.clock.now() });
}

async function call(fanning: Fanning, run: Run, taken: Extract<Taken, { kind: "call" }>): Promise<Answer> {
  const line = lineOf(fanning, run);
  if (line?.connection.items === undefined) {
    return { kind: "error", error: "invalid", message: `${run.target} takes no ids any more`, afterMs: 0 };
  }
  try {
    const key = `${run.intentKey}/${taken.chunk.seq}`;
    const results = await line.connection.items(line.intent, { op: taken.op, ids: taken.ids, key });
    return { kind: "results", results };
  } catch (thrown) {
    const { kind, message, afterMs } = errorOf(fanning, thrown);
    return { kind: "error", error: kind, message, afterMs };
  }
}

async function keepAnswer(
  tx: Tx,
  fanning: Fanning,
  { taken, ids, answer }: { taken: Chunk; ids: readonly string[]; answer: Answer },
): Promise<WorkOutcome> {
  const run = await lockRun(tx, taken.runId);
  if (answer.kind === "error") {
    const chunk = await readChunk(tx, taken.id);
    // Another worker took it for dead and asked again: that one's answer counts.
    if (chunk === null || chunk.state !== "asked" || chunk.attempts !== taken.attempts) return DONE;
    return failed(tx, fanning, { run, chunk, fanout: await needFanout(tx, run.id), answer });
  }
  const at = fanning.clock.now();
  if (!(await endCall(tx, taken, at))) return DONE;
  const fanout = await needFanout(tx, run.id);
  const states = await keepResults(tx, taken, { results: answer.results, at });
  const said = new Set(answer.results.map(({ id }) => id));
  const silent = ids.every((id) => said.has(id))
    ? 0
    : await endItems(tx, taken, { state: "failed", detail: `${run.target} said nothing of it`, at });
  const counted = await countEnded(tx, fanning, { run, fanout, states: [...states, ...times("failed", silent)] });
  await goOn(tx, fanning, { run: counted.run, fanout });
  return DONE;
}

async function failed(
  tx: Tx,
  fanning: Fanning,
  about: { run: Run; chunk: Chunk; fanout: Fanout; answer: Extract<Answer, { kind: "error" }> },
): Promise<WorkOutcome> {
  const { run, chunk, fanout, answer } = about;
  const { clock, catalogue } = fanning;
  const job = catalogue.jobs[run.job];
  const mayHave = answer.error === "ambiguous";
  const error = mayHave ? `${DOUBTFUL}${answer.message}` : answer.message;
  if ((isTransient(answer.error) || mayHave) && chunk.attempts < (job?.maxAttempts ?? 1)) {
    await keepChunk(tx, chunk.id, { error, ...(goesOn(run) ? {} : { state: "pending" as const }) });
    if (goesOn(run)) return inMs(clock, Math.max(answer.afterMs, backoffMs(job, chunk.attempts)));
    await requestWork(tx, { kind: "run", ref: run.id, dueAt: clock.now() });
    return DONE;
  }
  const times_ = chunk.attempts > 1 ? ` (asked ${chunk.attempts} times)` : "";
  const at = clock.now();
  const count = await endItems(tx, chunk, { state: "failed", detail: `${error}${times_}`, at });
  const states = times("failed", count);
  // Whoever is not let in once is not let in for the rest either: nothing more is tried in vain.
  if (answer.error === "auth") {
    await keepChunk(tx, chunk.id, { state: "done", error, doneAt: at });
    const detail = `nothing more was handed over: ${answer.message}`;
    const dropped = await dropWaiting(tx, run.id, { detail, doubtful: DOUBTFUL, at });
    states.push(...times("failed", dropped.failed), ...times("skipped", dropped.skipped));
  }
  const counted = await countEnded(tx, fanning, { run, fanout, states });
  await keepChunk(tx, chunk.id, { state: "done", error, doneAt: at });
  await goOn(tx, fanning, { run: counted.run, fanout });
  return DONE;
}

/** A chunk is done; the next is asked for, or the run looks at what became of it all. */
async function goOn(tx: Tx, fanning: Fanning, { run, fanout }: { run: Run; fanout: Fanout }): Promise<void> {
  const more = goesOn(run) && (await topUp(tx, fanning, fanout));
  if (!more) await requestWork(tx, { kind: "run", ref: run.id, dueAt: fanning.clock.now() });
}

const times = (state: EndedState, count: number): EndedState[] => Array.from({ length: count }, () => state);
