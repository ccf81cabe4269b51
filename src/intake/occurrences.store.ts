import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Tx } from "../store/store.ts";

/** One thing that a sender tells, by its own identity: what fires or ended, once. */
export interface Told {
  readonly source: string;
  readonly key: string;
}

/**
 * Notes what is told (each once), until `until` unless it is told again. Which of these were told before, and since when.
 * They lie beside the delivery keys, under names that no delivery has.
 */
export async function noteTold(
  tx: Tx,
  told: readonly Told[],
  at: { readonly now: Instant; readonly until: Instant },
): Promise<ReadonlyMap<string, Instant>> {
  if (told.length === 0) return new Map();
  const known = await toldSince(tx, told);
  await sql`
    insert into delivery_keys (source, key, since, until)
    select source, key, ${at.now}::timestamptz, ${at.until}::timestamptz
      from unnest(${told.map((one) => one.source)}::text[], ${told.map((one) => one.key)}::text[]) as one (source, key)
     order by source, key
    on conflict (source, key) do update set until = excluded.until`.execute(tx);
  return known;
}

/** Since when these are known, by `nameOf`. */
export async function toldSince(tx: Tx, told: readonly Told[]): Promise<ReadonlyMap<string, Instant>> {
  if (told.length === 0) return new Map();
  const rows = await sql<{ source: string; key: string; since: Instant }>`
    select known.source, known.key, known.since
      from unnest(${told.map((one) => one.source)}::text[], ${told.map((one) => one.key)}::text[]) as one (source, key)
      join delivery_keys as known on known.source = one.source and known.key = one.key`.execute(tx);
  return new Map(rows.rows.map((row) => [nameOf(row), row.since]));
}

export const nameOf = ({ source, key }: Told): string => JSON.stringify([source, key]);
