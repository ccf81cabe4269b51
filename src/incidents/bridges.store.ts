import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import type { Db, Tx } from "../store/store.ts";
import { type Bridge, bridgeText, MOST_TOLD, mergeCommand, pairKey } from "./bridge.ts";
import type { Incident } from "./incident.ts";
import type { SavedSignal } from "./signal.ts";
import { appendEntries, entryById } from "./timeline.store.ts";
import type { TimelineEntry } from "./timeline.ts";

/** A bridge with the alert that made it. */
export type FoundBridge = Bridge<Incident> & { readonly signal: SavedSignal };

/** Those of which people were never told, once for each pair, and no more than one incident is to be asked about. */
export async function notYetTold(tx: Tx, found: readonly FoundBridge[]): Promise<readonly FoundBridge[]> {
  const pairs = new Map<string, FoundBridge>();
  for (const one of found) {
    const key = pairKey(one.incident, one.other);
    if (!pairs.has(key)) pairs.set(key, one);
  }
  if (pairs.size === 0) return [];
  const rows = await tx
    .selectFrom("timeline_entries")
    .select("request_key")
    .where("request_key", "in", [...pairs.keys()])
    .where("kind", "=", "merge")
    .execute();
  for (const { request_key: key } of rows) pairs.delete(key ?? "");
  const counts = await toldIn(
    tx,
    [...pairs.values()].flatMap(({ incident, other }) => [incident.id, other.id]),
  );
  return [...pairs.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, one]) => {
      const ids = [one.incident.id, one.other.id];
      if (ids.some((id) => (counts.get(id) ?? 0) >= MOST_TOLD)) return [];
      for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
      return [one];
    });
}

async function toldIn(tx: Tx, incidents: readonly IncidentId[]): Promise<Map<IncidentId, number>> {
  if (incidents.length === 0) return new Map();
  const rows = await tx
    .selectFrom("timeline_entries")
    .select((of) => ["incident_id", of.fn.countAll<number>().as("told")])
    .where("incident_id", "in", [...new Set(incidents)])
    .where("kind", "=", "merge")
    .where(sql<boolean>`data ? 'like'`)
    .where("corrects", "is", null)
    .groupBy("incident_id")
    .execute();
  return new Map(rows.map((row) => [row.incident_id as IncidentId, Number(row.told)]));
}

/** Says it in both threads. Whoever finds the same pair at the same time says nothing. Both must have been rung before. */
export async function tellBridges(tx: Tx, told: readonly FoundBridge[], now: Instant): Promise<void> {
  for (const bridge of told) {
    const { incident, other, signal, relation } = bridge;
    const sides = [
      { side: "incident", of: incident, like: other },
      { side: "other", of: other, like: incident },
    ] as const;
    for (const { side, of, like } of sides) {
      const requestKey = keyOf(bridge, side);
      const written = await appendEntries(tx, { incident: of.id, learnedAt: now, requestKey }, [
        {
          kind: "merge",
          at: now,
          actor: `source:${signal.source}`,
          actorKey: signal.source,
          actorName: signal.source,
          text: bridgeText(bridge, side),
          data: {
            ...relation,
            like: like.number,
            title: like.title,
            pair: [incident.id, other.id],
            signal: signal.id,
            merge: mergeCommand(incident, other),
            new: "like",
          },
          visible: true,
        },
      ]);
      if (written.length === 0) break;
    }
  }
}

const keyOf = ({ incident, other }: Bridge, side: "incident" | "other"): string =>
  `${pairKey(incident, other)}${side === "incident" ? "" : ":other"}`;

/** A suggestion that stands in an incident's thread. */
export interface ToldBridge {
  readonly pair: readonly [IncidentId, IncidentId];
  readonly signal: number;
}

/** The suggestions of an incident that nothing has ended. */
export async function standingBridges(db: Db, incident: IncidentId): Promise<readonly ToldBridge[]> {
  const found = await sql<{ pair: [number, number]; signal: number }>`
    select data -> 'pair' as pair, (data ->> 'signal')::bigint as signal
      from timeline_entries as entry
     where incident_id = ${incident} and kind = 'merge' and data ? 'like' and corrects is null
       and not exists (select from timeline_entries as end_of where end_of.corrects = entry.id and end_of.change = 'edit')`.execute(
    db,
  );
  return found.rows.map(({ pair: [a, b], signal }) => ({ pair: [a as IncidentId, b as IncidentId], signal }));
}

/** Both lines of a pair with their incidents, in one order for everybody. */
export async function linesOfPair(
  db: Db,
  pair: ToldBridge["pair"],
): Promise<readonly { readonly incident: IncidentId; readonly line: TimelineEntry }[]> {
  const key = pairKey({ id: pair[0] }, { id: pair[1] });
  const rows = await db
    .selectFrom("timeline_entries")
    .select(["id", "incident_id"])
    .where("request_key", "in", [key, `${key}:other`])
    .where("kind", "=", "merge")
    .orderBy("id")
    .execute();
  const lines = [];
  for (const row of rows) {
    const incident = row.incident_id as IncidentId;
    const line = await entryById(db, incident, row.id);
    if (line !== null) lines.push({ incident, line });
  }
  return lines;
}

/** The incident in which an alert is now. */
export async function incidentOfSignal(db: Db, signal: number): Promise<IncidentId | null> {
  const row = await db.selectFrom("signals").select("incident_id").where("id", "=", signal).executeTakeFirst();
  return (row?.incident_id ?? null) as IncidentId | null;
}
