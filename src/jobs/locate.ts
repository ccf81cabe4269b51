import type { Handle } from "./connectors/contract.ts";
import { keepRun } from "./record.ts";
import { lockRun, type Run } from "./runs.store.ts";
import { isTerminal } from "./states.ts";
import type { Line, Stepping } from "./step.ts";

/** The handle of the execution under the intent's key; null when the target does not know it or does not tell (yet). */
export async function handleOf(line: Line): Promise<Handle | null> {
  const located = await line.connection.locate(line.intent).catch(() => null);
  return located?.kind === "found" ? located.handle : null;
}

/**
 * Keeps the handle of a run that was heard to have started before the answer to its start was kept. Null: not found
 * (yet); nothing follows from that.
 */
export async function keepLocated(stepping: Stepping, run: Run, line: Line): Promise<Run | null> {
  const handle = await handleOf(line);
  if (handle === null) return null;
  return stepping.store.tx(async (tx) => {
    const fresh = await lockRun(tx, run.id);
    return fresh.handle !== null || isTerminal(fresh.state) ? fresh : keepRun(tx, fresh, { set: { handle } });
  });
}
