import type { Clock } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import { requestWork } from "../store/outbox.ts";
import type { Store, Tx } from "../store/store.ts";
import { overBecause, overText, pairKey } from "./bridge.ts";
import { incidentOfSignal, linesOfPair, standingBridges, type ToldBridge } from "./bridges.store.ts";
import { survivorOf } from "./family.store.ts";
import { splitsOf } from "./folding.store.ts";
import type { Incident } from "./incident.ts";
import { incidentsById } from "./incidents.store.ts";
import { correctEntry } from "./timeline.store.ts";

/** On whose word a suggestion ends: nobody's but the record's. */
const NIGHTDESK = { actor: "nightdesk", actorKey: "nightdesk", actorName: "Nightdesk" };

/**
 * Ends what was suggested of an incident and does not hold any more: both lines say why, and both threads are drawn anew.
 * Part of the work of kind `incident`, which is asked for whenever one of the two changes.
 */
export async function endBridges(
  parts: { readonly store: Store; readonly clock: Clock },
  incident: number,
): Promise<void> {
  const { store, clock } = parts;
  for (const told of await standingBridges(store.db, incident as IncidentId)) {
    await store.tx(async (tx) => {
      const because = await whyOver(tx, told);
      if (because === null) return;
      const now = clock.now();
      for (const id of [...told.pair].sort((a, b) => a - b))
        await requestWork(tx, { kind: "incident", ref: id, dueAt: now });
      for (const [index, { incident: of, line }] of (await linesOfPair(tx, told.pair)).entries()) {
        const requestKey = `${pairKey({ id: told.pair[0] }, { id: told.pair[1] })}:over${index}`;
        const to = { incident: of, learnedAt: now, requestKey, corrects: line };
        await correctEntry(tx, to, { ...NIGHTDESK, at: now, change: "edit", text: overText(line.data, because) });
      }
    });
  }
}

async function whyOver(tx: Tx, told: ToldBridge): Promise<string | null> {
  const [a, b] = await inOrder(tx, told.pair);
  if (a === undefined || b === undefined) return null;
  const ends = await inOrder(tx, [await survivorOf(tx, a.id), await survivorOf(tx, b.id)]);
  return overBecause(a, b, {
    splits: await splitsOf(tx, told.pair),
    alertIn: await incidentOfSignal(tx, told.signal),
    goesOnIn: (id) => (id === a.id ? ends[0] : ends[1]),
  });
}

async function inOrder(tx: Tx, ids: readonly IncidentId[]): Promise<(Incident | undefined)[]> {
  const found = await incidentsById(tx, [...new Set(ids)]);
  return ids.map((id) => found.find((one) => one.id === id));
}
