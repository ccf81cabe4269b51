import type { Instant } from "../base/clock.ts";
import type { Db, Tx } from "../store/store.ts";

/** The newest lines of one run's log that are kept. */
export const MOST_LOG_LINES = 2_000;
const MOST_LINE_CHARACTERS = 1_000;

/** Appends lines that have been redacted, and forgets the oldest beyond the bound. The run's row is locked. */
export async function appendLogLines(
  tx: Tx,
  runId: number,
  add: { readonly lines: readonly string[]; readonly at: Instant },
): Promise<void> {
  const last = await tx
    .selectFrom("run_log_lines")
    .select((select) => select.fn.max("seq").as("seq"))
    .where("run_id", "=", runId)
    .executeTakeFirst();
  const from = last?.seq ?? 0;
  const until = from + add.lines.length;
  const rows = add.lines
    .map((line, index) => ({
      run_id: runId,
      seq: from + index + 1,
      at: add.at,
      line: line.slice(0, MOST_LINE_CHARACTERS),
    }))
    .slice(-MOST_LOG_LINES);
  if (rows.length === 0) return;
  await tx.insertInto("run_log_lines").values(rows).execute();
  await tx
    .deleteFrom("run_log_lines")
    .where("run_id", "=", runId)
    .where("seq", "<=", until - MOST_LOG_LINES)
    .execute();
}

/** The newest lines, oldest of them first, and how many there were in all. */
export async function readLogTail(
  db: Db,
  runId: number,
  most: number,
): Promise<{ readonly lines: readonly string[]; readonly total: number }> {
  const rows = await db
    .selectFrom("run_log_lines")
    .select(["seq", "line"])
    .where("run_id", "=", runId)
    .orderBy("seq", "desc")
    .limit(most)
    .execute();
  return { lines: rows.map(({ line }) => line).reverse(), total: rows[0]?.seq ?? 0 };
}
