import type { Instant } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { actorId, type PersonActor } from "../config/actor.ts";
import { type Db, jsonb, type Tx } from "../store/store.ts";

/** A question is open for this long (domain time). */
export const CONFIRM_WITHIN_MS = 10 * 60_000;

export type ConfirmationKind = "run" | "settle" | "pin" | "chain" | "redrive";

/** What was asked, and so what will be done: plain values, compared as a whole. */
export type Bound = Readonly<Record<string, string | number | boolean | null>>;

/** Keeps a question. The same request, delivered again, is the same question. Returns its id. */
export async function openConfirmation(
  tx: Tx,
  question: {
    readonly kind: ConfirmationKind;
    readonly of: PersonActor;
    readonly bound: Bound;
    readonly expected: string | null;
    readonly requestKey: string;
    readonly at: Instant;
  },
): Promise<string> {
  const kept = await tx
    .insertInto("confirmations")
    .values({
      id: newId(),
      kind: question.kind,
      asked_of: actorId(question.of),
      request: jsonb({ ...question.bound }),
      expected: question.expected,
      asked_at: question.at,
      expires_at: question.at.add({ milliseconds: CONFIRM_WITHIN_MS }),
      request_key: question.requestKey,
    })
    .onConflict((conflict) => conflict.column("request_key").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (kept !== undefined) return kept.id;
  const known = await tx
    .selectFrom("confirmations")
    .select("id")
    .where("request_key", "=", question.requestKey)
    .executeTakeFirstOrThrow();
  return known.id;
}

/** Whether a question still waits for its answer; `unkept`: none of that id was kept. */
export async function confirmationState(
  db: Db,
  id: string,
  now: Instant,
): Promise<"open" | "answered" | "expired" | "unkept"> {
  const row = await db
    .selectFrom("confirmations")
    .select(["answered_at", "expires_at"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) return "unkept";
  if (row.answered_at !== null) return "answered";
  return now.epochMilliseconds > row.expires_at.epochMilliseconds ? "expired" : "open";
}

/**
 * Takes the answer to a question: by whom it was asked of, in time, about exactly what was asked, with exactly the text
 * that was to be typed. Otherwise returns the refusal (to be thrown after the audit was committed); a mistyped answer
 * leaves the question open.
 */
export async function takeConfirmation(
  tx: Tx,
  answer: {
    readonly id: string;
    readonly kind: ConfirmationKind;
    readonly by: PersonActor;
    readonly bound: Bound;
    readonly typed: string | null;
    readonly at: Instant;
  },
): Promise<UserError | null> {
  const row = await tx
    .selectFrom("confirmations")
    .selectAll()
    .where("id", "=", answer.id)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined || row.kind !== answer.kind) return refused("confirmation_unknown", "This form is not known.");
  if (row.asked_of !== actorId(answer.by)) {
    return refused("confirmation_of_another", "Only the person who asked can confirm this.");
  }
  if (row.answered_at !== null) return refused("confirmation_used", "This form was answered before.");
  if (answer.at.epochMilliseconds > row.expires_at.epochMilliseconds) {
    return refused("confirmation_expired", "This form has expired: it is open for 10 minutes.");
  }
  if (canonical(row.request) !== canonical(answer.bound)) {
    return refused("confirmation_differs", "This form was about something else.");
  }
  if (row.expected !== null && row.expected !== answer.typed) {
    return new UserError("invalid", {
      code: "confirmation_mistyped",
      message: `"${answer.typed ?? ""}" is not "${row.expected}". Nothing was started.`,
      wayOut: `Type exactly: ${row.expected}`,
    });
  }
  await tx
    .updateTable("confirmations")
    .set({ answered_at: answer.at, outcome: "confirmed" })
    .where("id", "=", answer.id)
    .execute();
  return null;
}

const refused = (code: string, message: string): UserError =>
  new UserError("denied", { code, message, wayOut: "Nothing was done. Ask again." });

/** One text for equal values, whatever the order of their keys. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
