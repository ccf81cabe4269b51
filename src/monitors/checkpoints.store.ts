import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Db, Tx } from "../store/store.ts";
import type { Place } from "./checkpoint.ts";

export interface KeptPlace extends Place {
  readonly polledAt: Instant | null;
}

const NOWHERE: KeptPlace = {
  ...{ placeAt: null, position: null, toldAt: null, movedAt: null, successes: 0, trouble: null },
  polledAt: null,
};

export async function placeOf(db: Db, monitor: string): Promise<KeptPlace> {
  const row = await db.selectFrom("checkpoints").selectAll().where("monitor", "=", monitor).executeTakeFirst();
  if (row === undefined) return NOWHERE;
  return {
    placeAt: row.place_at,
    position: row.position,
    toldAt: row.told_at,
    movedAt: row.moved_at,
    successes: row.successes,
    trouble: row.trouble,
    polledAt: row.polled_at,
  };
}

/** A follower said where it stands. What it said before `at` does not take a later word back. */
export async function keepPlace(
  tx: Tx,
  monitor: string,
  said: { placeAt: Instant; position: string | null; at: Instant },
): Promise<void> {
  const known = await placeOf(tx, monitor);
  if (known.toldAt !== null && known.toldAt.epochMilliseconds > said.at.epochMilliseconds) return;
  const moved = known.placeAt?.epochMilliseconds !== said.placeAt.epochMilliseconds;
  await keep(tx, monitor, {
    place_at: said.placeAt,
    position: said.position,
    told_at: said.at,
    trouble: null,
    ...(moved ? { moved_at: said.at, successes: 0 } : {}),
  });
}

export const keepTrouble = (tx: Tx, monitor: string, trouble: string): Promise<void> => keep(tx, monitor, { trouble });

export const keepPolled = (tx: Tx, monitor: string, at: Instant): Promise<void> => keep(tx, monitor, { polled_at: at });

/** The next look asks it where it stands, whenever it was asked last. */
export async function askAnew(tx: Tx, monitor: string): Promise<void> {
  await tx.updateTable("checkpoints").set({ polled_at: null }).where("monitor", "=", monitor).execute();
}

/** A run of its job succeeded. */
export async function countSuccess(tx: Tx, monitor: string): Promise<void> {
  await tx.updateTable("checkpoints").set({ successes: sql`successes + 1` }).where("monitor", "=", monitor).execute();
}

interface Columns {
  readonly place_at?: Instant;
  readonly position?: string | null;
  readonly told_at?: Instant;
  readonly moved_at?: Instant;
  readonly successes?: number;
  readonly trouble?: string | null;
  readonly polled_at?: Instant;
}

async function keep(tx: Tx, monitor: string, set: Columns): Promise<void> {
  await tx
    .insertInto("checkpoints")
    .values({ monitor, ...set })
    .onConflict((conflict) => conflict.column("monitor").doUpdateSet(set))
    .execute();
}
