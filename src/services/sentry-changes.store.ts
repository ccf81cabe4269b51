import { type Selectable, sql } from "kysely";
import { z } from "zod";
import type { Instant } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import { actorId, type PersonActor } from "../config/actor.ts";
import type { SentryChanges } from "../store/database.ts";
import type { Db, Tx } from "../store/store.ts";
import type { SentryAction } from "./sentry-contract.ts";

const issueSchema = z.object({
  source: z.string(),
  issue: z.string(),
  shortId: z.string().nullable(),
  state: z.enum(["asked", "done", "failed"]),
  /** Why not. */
  detail: z.string().nullable(),
});
export type ChangingIssue = z.output<typeof issueSchema>;

/** What a person asked of Sentry, and how far it is. */
export interface Change {
  readonly id: number;
  readonly incident: IncidentId;
  readonly action: SentryAction;
  readonly assignee: { readonly email: string; readonly name: string } | null;
  readonly issues: readonly ChangingIssue[];
  readonly by: { readonly id: string; readonly key: string; readonly name: string };
  readonly askedAt: Instant;
  readonly attempts: number;
  readonly ended: boolean;
}

/** Keeps what is asked for, once for its request; null when it was kept before. */
export async function keepChange(
  tx: Tx,
  change: {
    readonly requestKey: string;
    readonly incident: IncidentId;
    readonly action: SentryAction;
    readonly assignee: Change["assignee"];
    readonly issues: readonly ChangingIssue[];
    readonly by: PersonActor;
    readonly at: Instant;
  },
): Promise<number | null> {
  const row = await tx
    .insertInto("sentry_changes")
    .values({
      request_key: change.requestKey,
      incident_id: change.incident,
      action: change.action,
      assignee: change.assignee?.email ?? null,
      assignee_name: change.assignee?.name ?? null,
      issues: JSON.stringify(change.issues),
      asked_by: actorId(change.by),
      asked_by_key: change.by.key,
      asked_by_name: change.by.name,
      asked_at: change.at,
    })
    .onConflict((conflict) => conflict.column("request_key").doNothing())
    .returning("id")
    .executeTakeFirst();
  return row?.id ?? null;
}

export async function readChange(db: Db, id: number): Promise<Change | null> {
  const row = await db.selectFrom("sentry_changes").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : changeOf(row);
}

/** What was asked for by a request that was carried out before. */
export async function changeByRequest(db: Db, requestKey: string): Promise<Change | null> {
  const row = await db
    .selectFrom("sentry_changes")
    .selectAll()
    .where("request_key", "=", requestKey)
    .executeTakeFirst();
  return row === undefined ? null : changeOf(row);
}

/** How far it is, after each call. */
export async function keepIssues(
  db: Db,
  id: number,
  how: { readonly issues: readonly ChangingIssue[]; readonly attempts: number },
): Promise<void> {
  await db
    .updateTable("sentry_changes")
    .set({ issues: JSON.stringify(how.issues), attempts: how.attempts })
    .where("id", "=", id)
    .execute();
}

/** Ends it once: says whether it was this call that did. */
export async function endChange(tx: Tx, id: number, at: Instant): Promise<boolean> {
  const row = await tx
    .updateTable("sentry_changes")
    .set({ ended_at: at })
    .where("id", "=", id)
    .where("ended_at", "is", null)
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

/** The e-mail address that Slack's directory has for an id or a handle. */
export async function emailInSlack(db: Db, person: string): Promise<{ email: string; name: string } | null> {
  const row = await db
    .selectFrom("slack_users")
    .select(["email", "name"])
    .where((where) => where.or([where("id", "=", person), where("handle", "=", person)]))
    .where("is_deleted", "=", false)
    .where("email", "is not", null)
    .orderBy(sql`id = ${person}`, "desc")
    .executeTakeFirst();
  return row === undefined || row.email === null ? null : { email: row.email, name: row.name };
}

const changeOf = (row: Selectable<SentryChanges>): Change => ({
  id: row.id,
  incident: row.incident_id as IncidentId,
  action: row.action as SentryAction,
  assignee: row.assignee === null ? null : { email: row.assignee, name: row.assignee_name ?? row.assignee },
  issues: z.array(issueSchema).parse(row.issues),
  by: { id: row.asked_by, key: row.asked_by_key, name: row.asked_by_name },
  askedAt: row.asked_at,
  attempts: row.attempts,
  ended: row.ended_at !== null,
});
