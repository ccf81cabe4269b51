import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Db, Tx } from "../store/store.ts";

/** A list of ids that was named, as people are shown it. */
export interface ListedIds {
  readonly id: string;
  /** Where they come from, in words. */
  readonly said: string;
  readonly count: number;
  readonly first: readonly string[];
  readonly last: readonly string[];
}

const ENDS = 3;
const AT_ONCE = 20_000;

/** Keeps ids as rows, in the order given. The same id of a list again is the same list. */
export async function keepIds(
  tx: Tx,
  list: { id: string; said: string; actor: string; at: Instant; ids: readonly string[] },
): Promise<void> {
  if (!(await newList(tx, list))) return;
  for (let from = 0; from < list.ids.length; from += AT_ONCE) {
    const part = list.ids.slice(from, from + AT_ONCE);
    await sql`
      insert into id_list_items (list_id, seq, ref)
      select ${list.id}, ${from}::int + row.seq, row.ref
        from unnest(${part}::text[]) with ordinality as row (ref, seq)`.execute(tx);
  }
}

/** Keeps the ids of a run's items that ended so (or, of a comparison, were found so) as a list. */
export async function keepIdsOfRun(
  tx: Tx,
  list: { id: string; said: string; actor: string; at: Instant },
  of: { runId: number; state: string; detail?: string },
): Promise<void> {
  if (!(await newList(tx, list))) return;
  const detail = of.detail === undefined ? sql`` : sql`and detail = ${of.detail}`;
  await sql`
    insert into id_list_items (list_id, seq, ref)
    select ${list.id}, row_number() over (order by seq), ref
      from run_items where run_id = ${of.runId} and state = ${of.state} ${detail}`.execute(tx);
}

async function newList(tx: Tx, list: { id: string; said: string; actor: string; at: Instant }): Promise<boolean> {
  const kept = await tx
    .insertInto("id_lists")
    .values({ id: list.id, said: list.said, actor: list.actor, made_at: list.at })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .returning("id")
    .executeTakeFirst();
  return kept !== undefined;
}

/** Null when there is no such list. */
export async function listedIds(db: Db, id: string): Promise<ListedIds | null> {
  const list = await db.selectFrom("id_lists").select("said").where("id", "=", id).executeTakeFirst();
  if (list === undefined) return null;
  const { count } = await db
    .selectFrom("id_list_items")
    .select((select) => select.fn.countAll<number>().as("count"))
    .where("list_id", "=", id)
    .executeTakeFirstOrThrow();
  const end = (order: "asc" | "desc", limit: number) =>
    db.selectFrom("id_list_items").select("ref").where("list_id", "=", id).orderBy("seq", order).limit(limit).execute();
  const first = await end("asc", ENDS * 2);
  const last = count > ENDS * 2 ? (await end("desc", ENDS)).reverse() : [];
  return {
    id,
    said: list.said,
    count,
    first: first.slice(0, last.length === 0 ? ENDS * 2 : ENDS).map(({ ref }) => ref),
    last: last.map(({ ref }) => ref),
  };
}

/** The list that a question was about; null when the question is not known or was about something else. */
export async function listOfQuestion(db: Db, question: string): Promise<string | null> {
  const row = await db
    .selectFrom("confirmations")
    .select(sql<string | null>`request ->> 'ids'`.as("ids"))
    .where("id", "=", question)
    .executeTakeFirst();
  return row?.ids ?? null;
}
