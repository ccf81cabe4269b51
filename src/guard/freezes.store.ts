import type { Selectable } from "kysely";
import type { Instant } from "../base/clock.ts";
import { type Actor, actorId, actorKey, actorName } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { DB } from "../store/database.ts";
import type { Db, Tx } from "../store/store.ts";
import { type Freeze, freezesOf } from "./freezes.ts";

/** A freeze that a person made, as it is kept. `from` and `until`: its window, or the bounds of one that comes back. */
export interface NewFreeze {
  readonly mode: "deny" | "allow";
  readonly jobs: readonly string[];
  readonly environments: readonly string[];
  readonly cron: string | null;
  readonly forMs: number | null;
  readonly zone: string;
  readonly from: Instant;
  readonly until: Instant | null;
  readonly held: "refuse" | "defer";
  /** Redacted. */
  readonly because: string;
}

/** Freezes that can still hold something at `now`: the catalogue's, then people's that nobody ended, oldest first. */
export async function knownFreezes(db: Db, catalogue: Catalogue, now: Instant): Promise<Freeze[]> {
  const rows = await db
    .selectFrom("freezes")
    .selectAll()
    .where("ended_at", "is", null)
    .where((where) =>
      where.or([where("until_at", "is", null), where("until_at", ">", now), where("mode", "=", "allow")]),
    )
    .orderBy("id")
    .execute();
  return [...freezesOf(catalogue), ...rows.map(freezeOf)];
}

/** Keeps it under the next name `freeze-N`; asked for again with the same key, it is the one that was kept. */
export async function keepFreeze(
  tx: Tx,
  freeze: NewFreeze,
  made: { readonly by: Actor; readonly at: Instant; readonly requestKey: string },
): Promise<Freeze> {
  const row = await tx
    .insertInto("freezes")
    .values({
      name: `unnamed ${made.requestKey}`,
      mode: freeze.mode,
      jobs: [...freeze.jobs],
      environments: [...freeze.environments],
      cron: freeze.cron,
      for_ms: freeze.forMs,
      zone: freeze.zone,
      from_at: freeze.from,
      until_at: freeze.until,
      held: freeze.held,
      because: freeze.because,
      actor: actorId(made.by),
      actor_key: actorKey(made.by),
      actor_name: actorName(made.by),
      made_at: made.at,
      request_key: made.requestKey,
    })
    .onConflict((conflict) => conflict.column("request_key").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (row === undefined) {
    const kept = tx.selectFrom("freezes").selectAll().where("request_key", "=", made.requestKey);
    return freezeOf(await kept.executeTakeFirstOrThrow());
  }
  const named = tx
    .updateTable("freezes")
    .set({ name: `freeze-${row.id}` })
    .where("id", "=", row.id)
    .returningAll();
  return freezeOf(await named.executeTakeFirstOrThrow());
}

/** Ends one that nobody ended before; null when there is none of that name, or it is over. */
export async function endFreeze(
  tx: Tx,
  name: string,
  end: { readonly by: Actor; readonly at: Instant; readonly because: string },
): Promise<Freeze | null> {
  const row = await tx
    .updateTable("freezes")
    .set({ ended_at: end.at, ended_by: actorName(end.by), ended_because: end.because })
    .where("name", "=", name)
    .where("ended_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? null : freezeOf(row);
}

function freezeOf(row: Selectable<DB["freezes"]>): Freeze {
  const { from_at: from, until_at: to, zone } = row;
  return {
    name: row.name,
    mode: row.mode === "allow" ? "allow" : "deny",
    jobs: row.jobs,
    environments: row.environments,
    except: null,
    window:
      row.cron === null
        ? { kind: "between", from, to }
        : { kind: "recurring", cron: row.cron, forMs: row.for_ms ?? 0, zone, from, to },
    held: row.held === "defer" ? "defer" : "refuse",
    because: row.because,
    byName: row.actor_name,
  };
}
