import type { Run } from "../jobs/runs.store.ts";
import { DONE } from "../jobs/step.ts";
import type { WorkOutcome } from "../store/outbox.ts";
import type { Fanning } from "./fanning.ts";
import { type Fanout, itemsOf, noteResult, readFanout } from "./fanouts.store.ts";

/** So few ids are told in the card; more, or any that failed, are worth a file. */
const WORTH_A_FILE = 20;
const PAGE = 5_000;
/** A thread that is not there yet is waited for; after this long (domain time) the ids are at the API only. */
const THREAD_WITHIN_MS = 10 * 60_000;
const THREAD_MS = 500;

/** Puts what became of each id into the thread of the run, once it has ended. Nothing is done twice unless a worker dies. */
export async function publishResult(fanning: Fanning, run: Run): Promise<WorkOutcome> {
  const { store, clock } = fanning;
  const fanout = await readFanout(store.db, run.id);
  if (fanout === null || fanout.resultAt !== null) return DONE;
  const at = clock.now();
  if (!isWorthAFile(fanout)) {
    await noteResult(store.db, run.id, { at, url: null });
    return DONE;
  }
  const url = await fanning.uploadToRun({
    runId: run.id,
    name: `run-${run.number}.csv`,
    title: `Run ${run.number}: result per id`,
    bytes: await csvOf(fanning, run.id),
  });
  if (url !== null || isLate(run, at.epochMilliseconds)) {
    await noteResult(store.db, run.id, { at, url });
    return DONE;
  }
  return { done: false, dueAt: at, notBefore: clock.machineNow().add({ milliseconds: THREAD_MS }) };
}

const isWorthAFile = ({ total, counts }: Fanout): boolean => total > WORTH_A_FILE || counts.failed > 0;

const isLate = (run: Run, nowMs: number): boolean =>
  nowMs - (run.finishedAt ?? run.stateSince).epochMilliseconds > THREAD_WITHIN_MS;

/** `id,state,detail` (RFC 4180), read a page of rows at a time. */
async function csvOf({ store }: Pick<Fanning, "store">, runId: number): Promise<Buffer> {
  const pages = [Buffer.from("id,state,detail\r\n")];
  for (let after = 0; ; ) {
    const items = await itemsOf(store.db, { runId, after, limit: PAGE });
    const last = items.at(-1);
    if (last === undefined) return Buffer.concat(pages);
    after = last.seq;
    pages.push(Buffer.from(items.map(({ ref, state, detail }) => line([ref, state, detail ?? ""])).join("")));
  }
}

const line = (cells: readonly string[]): string => `${cells.map(cell).join(",")}\r\n`;

/** Quoted where it has to be; what a spreadsheet would take for a formula begins with an apostrophe. */
function cell(text: string): string {
  const formula = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text);
  const safe = formula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
