import type { Db } from "../store/store.ts";
import { type Run, runOf } from "./runs.store.ts";

/**
 * The run before this one, when what that left was not brought back: then it is in the snapshot of this one. Null: the
 * snapshot is of what a run that succeeded, or a restore, left.
 */
export async function leftBefore(db: Db, run: Run): Promise<Run | null> {
  const row = await db
    .selectFrom("runs")
    .selectAll()
    .where("job", "=", run.job)
    .where("environment", "=", run.environment)
    .where("kind", "in", ["run", "restore"])
    .where("started_at", "is not", null)
    .where("state", "in", ["succeeded", "failed", "aborted"])
    .where("id", "<", run.id)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  const before = row === undefined ? null : runOf(row);
  const left = before !== null && before.kind === "run" && before.state !== "succeeded" && !before.restored;
  return left && before.snapshot !== null ? before : null;
}

/** What people have to know before they trust that snapshot. */
export const leftWords = ({ number, state }: Run): string =>
  `Run ${number}, before it, ${state === "failed" ? "failed" : "was aborted"} and was not brought back: this snapshot has what that left. \`/sync restore run ${number}\` brings back what was there before`;
