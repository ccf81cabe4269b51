import type { Selectable } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { SentryLooks } from "../store/database.ts";
import { requestWork } from "../store/outbox.ts";
import type { Db, Store } from "../store/store.ts";

/** How far a source was looked at. */
export interface Look {
  readonly id: number;
  readonly source: string;
  /** What changed before was looked at. */
  readonly since: Instant;
  readonly failures: number;
  readonly trouble: string | null;
}

/** Every source has its look from its first start on, and is looked at now. */
export async function beginLooks(store: Store, sources: readonly string[], now: Instant): Promise<void> {
  await store.tx(async (tx) => {
    for (const source of [...sources].sort()) {
      await tx
        .insertInto("sentry_looks")
        .values({ source, since: now })
        .onConflict((conflict) => conflict.column("source").doNothing())
        .execute();
      const row = await tx
        .selectFrom("sentry_looks")
        .select("id")
        .where("source", "=", source)
        .executeTakeFirstOrThrow();
      await requestWork(tx, { kind: "sentry-catch-up", ref: row.id, dueAt: now });
    }
  });
}

export async function readLook(db: Db, id: number): Promise<Look | null> {
  const row = await db.selectFrom("sentry_looks").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : lookOf(row);
}

export async function lookIdOf(db: Db, source: string): Promise<number | null> {
  const row = await db.selectFrom("sentry_looks").select("id").where("source", "=", source).executeTakeFirst();
  return row?.id ?? null;
}

/** A whole look: everything before `since` was seen. */
export async function keepLooked(db: Db, id: number, look: { since: Instant; trouble: string | null }): Promise<void> {
  await db
    .updateTable("sentry_looks")
    .set({ since: look.since, looked_at: look.since, failures: 0, trouble: look.trouble })
    .where("id", "=", id)
    .execute();
}

/** A look that failed: the next one begins where this one did. */
export async function keepFailed(db: Db, id: number, look: { failures: number; trouble: string }): Promise<void> {
  await db.updateTable("sentry_looks").set(look).where("id", "=", id).execute();
}

/** Until when it is known of these issues that nothing was missed; absent: of those never asked about. */
export async function passedIssues(
  db: Db,
  source: string,
  issues: readonly string[],
): Promise<ReadonlyMap<string, Instant>> {
  if (issues.length === 0) return new Map();
  const rows = await db
    .selectFrom("sentry_passed")
    .select(["issue", "passed_at"])
    .where("source", "=", source)
    .where("issue", "in", [...issues])
    .execute();
  return new Map(rows.map((row) => [row.issue, row.passed_at]));
}

export async function keepPassed(db: Db, source: string, issue: string, at: Instant): Promise<void> {
  await db
    .insertInto("sentry_passed")
    .values({ source, issue, passed_at: at })
    .onConflict((conflict) => conflict.columns(["source", "issue"]).doUpdateSet({ passed_at: at }))
    .execute();
}

export async function forgetPassed(db: Db, before: Instant): Promise<void> {
  await db.deleteFrom("sentry_passed").where("passed_at", "<", before).execute();
}

const lookOf = (row: Selectable<SentryLooks>): Look => ({
  id: row.id,
  source: row.source,
  since: row.since,
  failures: row.failures,
  trouble: row.trouble,
});
