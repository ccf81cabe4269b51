import { keepRun } from "../jobs/record.ts";
import type { Run } from "../jobs/runs.store.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { askNext, roomOf } from "./chunks.store.ts";
import { counted, type EndedState, endedOf, type ItemCounts, showsMore } from "./counts.ts";
import type { Fanning } from "./fanning.ts";
import { type Fanout, keepCounts } from "./fanouts.store.ts";
import { shareOf } from "./plan.ts";

/** Whether ids may be handed over: nobody has asked to pause or to abort, and it has not ended. */
export const goesOn = (run: Run): boolean =>
  run.state === "running" && run.pauseRequestedAt === null && run.abortRequestedAt === null;

/** Asks for as many of the next chunks as the run may have under way. False when none is left. The run is locked. */
export async function topUp(tx: Tx, fanning: Pick<Fanning, "clock">, fanout: Fanout): Promise<boolean> {
  const { more, asked, running } = await roomOf(tx, fanout.runId);
  if (!more) return asked > 0;
  const share = shareOf(fanout.parallel, running);
  for (const ref of await askNext(tx, fanout.runId, share - asked)) {
    await requestWork(tx, { kind: "chunk", ref, dueAt: fanning.clock.now() });
  }
  return true;
}

/** Counts what ended, shows it from time to time. The run is locked. */
export async function countEnded(
  tx: Tx,
  fanning: Pick<Fanning, "clock">,
  about: { run: Run; fanout: Fanout; states: readonly EndedState[] },
): Promise<{ run: Run; counts: ItemCounts }> {
  const { run, fanout, states } = about;
  if (states.length === 0) return { run, counts: fanout.counts };
  const counts = counted(fanout.counts, states);
  await keepCounts(tx, run.id, counts);
  const done = endedOf(counts);
  if (!showsMore(endedOf(fanout.counts), done, fanout.total)) return { run, counts };
  const progress = { done, total: fanout.total, unit: "ids" };
  return { run: await keepRun(tx, run, { set: { progress }, shownAt: fanning.clock.now() }), counts };
}
