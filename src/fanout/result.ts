import { messageOf } from "../base/errors.ts";
import type { Run } from "../jobs/runs.store.ts";
import { DONE } from "../jobs/step.ts";
import type { WorkOutcome } from "../store/outbox.ts";
import { number } from "./counts.ts";
import type { Fanning } from "./fanning.ts";
import { type Fanout, itemsOf, noteResult, noteResultFile, readFanout } from "./fanouts.store.ts";

/** So few ids are told in the card; more, or any that failed, are worth a file. */
const WORTH_A_FILE = 20;
const PAGE = 5_000;
/** A file has at most so many ids, as it is made in memory: what was not done comes first, all of it is at the API. */
export const MOST_ROWS = 200_000;
const MOST_DETAIL = 500;
/** A thread that is not there yet is waited for; after this long (domain time) the ids are at the API only. */
const THREAD_WITHIN_MS = 10 * 60_000;
const THREAD_MS = 500;

/**
 * Puts what became of each id into the thread of the run, once it has ended. The file is uploaded first and its id kept;
 * whoever comes after a crash shows that one, so that people see one file.
 */
export async function publishResult(fanning: Fanning, run: Run, most: number = MOST_ROWS): Promise<WorkOutcome> {
  const { store, clock } = fanning;
  const fanout = await readFanout(store.db, run.id);
  if (fanout === null || fanout.resultAt !== null) return DONE;
  const at = clock.now();
  const note = async (url: string | null): Promise<WorkOutcome> => {
    await noteResult(store.db, run.id, { at, url });
    return DONE;
  };
  if (!isWorthAFile(fanout)) return note(null);
  const late = isLate(run, at.epochMilliseconds);
  let url: string | null;
  try {
    url = await published(fanning, { run, fanout, most });
  } catch (error) {
    if (!late) throw error;
    fanning.log.warn({ run: run.number, error: messageOf(error) }, "the thread did not take a run's result");
    return note(null);
  }
  if (url !== null || late) return note(url);
  return { done: false, dueAt: at, notBefore: clock.machineNow().add({ milliseconds: THREAD_MS }) };
}

const isWorthAFile = ({ total, counts }: Fanout): boolean => total > WORTH_A_FILE || counts.failed > 0;

const isLate = (run: Run, nowMs: number): boolean =>
  nowMs - (run.finishedAt ?? run.stateSince).epochMilliseconds > THREAD_WITHIN_MS;

interface About {
  readonly run: Run;
  readonly fanout: Fanout;
  readonly most: number;
}

/** Its address; null while there is no thread. */
async function published(fanning: Fanning, about: About): Promise<string | null> {
  const { store, resultFiles } = fanning;
  const { run, fanout, most } = about;
  if (!(await resultFiles.ready(run.id))) return null;
  const cut = fanout.total > most ? `, ${number(most)} of ${number(fanout.total)}` : "";
  const shown = { runId: run.id, title: `Run ${run.number}: result per id${cut}` };
  const kept = fanout.resultFile;
  const known = kept === null ? null : await resultFiles.show({ ...shown, id: kept, before: true });
  if (known !== null) return known;
  const text = await csvOf(fanning, about);
  const id = await resultFiles.keep({ name: `run-${run.number}.csv`, text });
  await noteResultFile(store.db, run.id, id);
  const url = await resultFiles.show({ ...shown, id, before: false });
  if (url === null) throw new Error("a result that was just uploaded is not there");
  return url;
}

/** `id,state,detail` (RFC 4180), read a page of rows at a time. In their order, unless there are too many. */
async function csvOf({ store }: Pick<Fanning, "store">, { run, fanout, most }: About): Promise<string> {
  const rows = ["id,state,detail\r\n"];
  const read = async (which: { state?: "done"; not?: "done" }) => {
    for (let after = 0; ; ) {
      const limit = Math.min(PAGE, most + 1 - rows.length);
      const items = limit > 0 ? await itemsOf(store.db, { runId: run.id, ...which, after, limit }) : [];
      const last = items.at(-1);
      if (last === undefined) return;
      after = last.seq;
      for (const { ref, state, detail } of items) rows.push(line([ref, state, (detail ?? "").slice(0, MOST_DETAIL)]));
    }
  };
  if (fanout.total <= most) await read({});
  else {
    await read({ not: "done" });
    await read({ state: "done" });
  }
  return rows.join("");
}

const line = (cells: readonly string[]): string => `${cells.map(cell).join(",")}\r\n`;

/** Quoted where it has to be; what a spreadsheet would take for a formula begins with an apostrophe. */
function cell(text: string): string {
  const formula = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text);
  const safe = formula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
