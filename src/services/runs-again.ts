import type { Run } from "../jobs/runs.store.ts";
import { isTerminal } from "../jobs/states.ts";
import type { Db } from "../store/store.ts";

/** As much of a run that has ended as says how it ended. */
export interface Ended {
  readonly state: string;
  readonly error: { readonly kind: string; readonly message: string } | null;
}

/**
 * Whether these two, the newest ends of a job in an environment, failed in the same way: the same kind and, but for
 * numbers, ids and quoted values, the same message. A failure on somebody's word says nothing of the way, and one that
 * passes by itself (its target did not answer) says nothing against another try.
 */
export function sameFailure(one: Ended, other: Ended): boolean {
  const [a, b] = [wayOf(one), wayOf(other)];
  return a !== null && a === b;
}

const SAYS_NOTHING: readonly string[] = ["settled", "retryable", "unavailable"];

function wayOf({ state, error }: Ended): string | null {
  if (state !== "failed" || error === null || SAYS_NOTHING.includes(error.kind)) return null;
  return `${error.kind}\n${normalised(error.message)}`;
}

/** What is left of a message when that which differs from run to run is taken out. */
export function normalised(message: string): string {
  return message
    .toLowerCase()
    .replace(/(["'`]).*?\1/g, "…")
    .replace(/\b[0-9a-f]{8,}(?:-[0-9a-f]{4,}){0,4}\b/g, "#")
    .replace(/\d+/g, "#")
    .replace(/\s+/g, " ")
    .trim();
}

/**
 * Why running this one again as it is makes no sense: it and the end before it, or the one after it, failed in the same
 * way, and they are the newest ends there. Of one that has not ended: that the two before it did, unless it is another
 * version. Null: nothing speaks against it.
 */
export async function whyNotAgain(db: Db, run: Run, target: { readonly versions: boolean }): Promise<string | null> {
  if (run.kind !== "run" || (run.state !== "failed" && isTerminal(run.state))) return null;
  const rows = await db
    .selectFrom("runs")
    .select(["id", "state", "error", "version"])
    .where("job", "=", run.job)
    .where("environment", "=", run.environment)
    .where("kind", "=", "run")
    .where("state", "in", ["succeeded", "failed", "aborted"])
    .orderBy("finished_at", "desc")
    .orderBy("id", "desc")
    .limit(2)
    .execute();
  const [newest, before] = rows;
  if (newest === undefined || before === undefined || !sameFailure(endedOf(newest), endedOf(before))) return null;
  if (run.state !== "failed") {
    const other = run.version !== null && run.version !== newest.version;
    return other ? null : "the two runs before it failed with the same error: this one may fail in the same way";
  }
  if (![newest.id, before.id].includes(run.id)) return null;
  const other = target.versions
    ? "mend the cause, or run another version (`--version=previous`)"
    : "mend the cause first";
  return `it failed twice in a row with the same error: running it again as it is will not help; ${other}`;
}

function endedOf({ state, error }: { state: string; error: unknown }): Ended {
  if (typeof error !== "object" || error === null || !("kind" in error) || !("message" in error)) {
    return { state, error: null };
  }
  return { state, error: { kind: String(error.kind), message: String(error.message) } };
}
