import { z } from "zod";
import type { Clock, Instant } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { CommandRequestId } from "../base/ids.ts";
import type { Logger } from "../base/log.ts";
import type { PersonActor } from "../config/actor.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import { type Db, jsonb, type Store, type Tx } from "../store/store.ts";
import { type Asking, SURFACES } from "./contract.ts";

/**
 * What people typed, pressed or submitted: kept before it is acknowledged, carried out by a worker, answered exactly
 * once. The answer's shape belongs to `command/`; here it is only kept.
 */

const context = z.object({
  /** Slack id of the channel where it was asked. */
  channel: z.string().nullable().default(null),
  channelName: z.string().nullable().default(null),
  /** The thread it was asked in: where the answer belongs. */
  threadTs: z.string().nullable().default(null),
  /** Numbers of the incident or the run whose thread that is. */
  incident: z.number().int().nullable().default(null),
  run: z.number().int().nullable().default(null),
  responseUrl: z.string().nullable().default(null),
  /** A modal that was opened at once and waits to be filled. */
  viewId: z.string().nullable().default(null),
  messageTs: z.string().nullable().default(null),
  /** A file that came with it. */
  file: z.object({ id: z.string(), name: z.string(), url: z.string(), bytes: z.number() }).nullable().default(null),
  /** A form was answered: `id` of the question, and what was put in. */
  confirmation: z
    .object({ id: z.string(), values: z.record(z.string(), z.string()) })
    .nullable()
    .default(null),
});

/** Where a command came from and where its answer goes; whatever is not known is null. */
export type CommandContext = z.output<typeof context>;

export interface ReceivedCommand {
  /** Unique for one request of one person: a redelivery carries the same key and stays one request. */
  readonly key: string;
  readonly surface: Asking["surface"];
  readonly actorSlackId: string;
  /** The command in words: `sync run person-sync prod`, `incident ack INC-3`, or a bare verb inside a thread. */
  readonly text: string;
  readonly context: Partial<CommandContext>;
}

/** A kept request, as whoever answers it reads it. */
export interface CommandRequest {
  readonly id: CommandRequestId;
  readonly key: string;
  readonly surface: Asking["surface"];
  readonly actorSlackId: string;
  readonly text: string;
  readonly context: CommandContext;
  readonly requestedAt: Instant;
  /** The kept answer (`readAnswer` of command/answer.ts gives it its type), null while there is none. */
  readonly answer: unknown;
  readonly answeredAt: Instant | null;
  readonly deliveredAt: Instant | null;
}

/** Keeps a command, once, and asks for it to be carried out. Acknowledge it to Slack only after this has returned. */
export async function receiveCommand(
  store: Store,
  clock: Clock,
  received: ReceivedCommand,
): Promise<{ id: CommandRequestId; isNew: boolean }> {
  return store.tx(async (tx) => {
    const now = clock.now();
    const kept = await tx
      .insertInto("command_requests")
      .values({
        key: received.key,
        surface: received.surface,
        actor: `slack:${received.actorSlackId}`,
        text: received.text,
        context: jsonb(context.parse(received.context)),
        requested_at: now,
      })
      .onConflict((conflict) => conflict.column("key").doNothing())
      .returning("id")
      .executeTakeFirst();
    if (kept === undefined) {
      const known = await tx
        .selectFrom("command_requests")
        .select("id")
        .where("key", "=", received.key)
        .executeTakeFirstOrThrow();
      return { id: known.id as CommandRequestId, isNew: false };
    }
    await requestWork(tx, { kind: "command", ref: kept.id, dueAt: now });
    return { id: kept.id as CommandRequestId, isNew: true };
  });
}

/** The kept request, or null when there is none of that id. */
export async function readCommandRequest(db: Db, id: number): Promise<CommandRequest | null> {
  const row = await db.selectFrom("command_requests").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) return null;
  return {
    id: row.id as CommandRequestId,
    key: row.key,
    surface: z.enum(SURFACES).parse(row.surface),
    actorSlackId: row.actor.replace(/^slack:/, ""),
    text: row.text,
    context: context.parse(row.context),
    requestedAt: row.requested_at,
    answer: row.answer,
    answeredAt: row.answered_at,
    deliveredAt: row.delivered_at,
  };
}

/**
 * Keeps the answer, once: false when one was kept before. A person in Slack is brought it by work of kind `answer`; the
 * API and the CLI fetch it themselves, for them it counts as delivered.
 */
export async function answerCommand(
  tx: Tx,
  id: CommandRequestId,
  answered: { readonly answer: object; readonly at: Instant },
): Promise<boolean> {
  const kept = await tx
    .updateTable("command_requests")
    .set({ answer: jsonb<object>(answered.answer) as never, answered_at: answered.at })
    .where("id", "=", id)
    .where("answered_at", "is", null)
    .returning("surface")
    .executeTakeFirst();
  if (kept === undefined) return false;
  if (kept.surface === "api" || kept.surface === "cli") {
    await markDelivered(tx, id, { at: answered.at, delivery: { how: kept.surface } });
    return true;
  }
  await requestWork(tx, { kind: "answer", ref: id, dueAt: answered.at });
  return true;
}

/** Notes that the person has the answer, and how. */
export async function markDelivered(
  db: Db,
  id: CommandRequestId,
  delivered: { readonly at: Instant; readonly delivery: Readonly<Record<string, string | number | boolean | null>> },
): Promise<void> {
  await db
    .updateTable("command_requests")
    .set({ delivered_at: delivered.at, delivery: jsonb({ ...delivered.delivery }) })
    .where("id", "=", id)
    .where("delivered_at", "is", null)
    .execute();
}

/** Who a Slack id is, or why this person may not give commands. */
export type Asker =
  | { readonly kind: "person"; readonly actor: PersonActor }
  | { readonly kind: "refused"; readonly because: "guest" | "foreign" | "bot" | "deactivated" | "unknown" };

export type ResolveActor = (slackId: string) => Promise<Asker>;

/** A command on its way to the router. */
export interface AskedCommand {
  readonly text: string;
  readonly asker: Asker;
  /** Everything of `Asking` but the actor, who is `asker`. */
  readonly asking: Omit<Asking, "actor">;
}

/** The router, as the executor needs it. `answer` throws only what is our fault; `fault` says so to the person. */
export interface CommandRouter {
  answer(asked: AskedCommand): Promise<object>;
  /** The answer to what was asked `agoMs` ago and not carried out till now; null: carry it out however late it is. */
  tooLate(asked: {
    readonly text: string;
    readonly asking: AskedCommand["asking"];
    readonly agoMs: number;
  }): object | null;
  fault(error: unknown, asked: { readonly text: string; readonly requestKey: string }): object;
}

/**
 * What a thread is about, by the numbers that people type. `not_yet`: its first message may be one of ours of which
 * Slack has not told yet where it is.
 */
export type NumbersOfThread = (
  channel: string,
  threadTs: string,
) => Promise<{ readonly incident: number | null; readonly run: number | null } | "not_yet">;

/** Slack tells within this where a message is, or it is out: then no reply to it is heard either. */
const THREAD_KNOWN_MS = 10_000;
const LOOK_AGAIN_MS = 100;

/** What was not carried out for so long is not carried out any more. Slack's response URLs live twice as long. */
const GOOD_FOR_MS = 15 * 60_000;

/**
 * Work of kind `command`. Carried out again after a crash or a fault: what commands call is idempotent by the request's
 * key, so that twice is once. A fault is tried once more at once (a lost connection, a deadlock), then answered.
 */
export function createCommandExecutor(parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly router: CommandRouter;
  readonly resolveActor: ResolveActor;
  readonly numbersOfThread: NumbersOfThread;
}): (id: number) => Promise<WorkOutcome> {
  const { store, clock, log, router, resolveActor } = parts;

  const carryOut = async (request: CommandRequest): Promise<object> => {
    const asker = await resolveActor(request.actorSlackId);
    return router.answer({ text: request.text, asker, asking: askingOf(request) });
  };

  const answered = async (request: CommandRequest): Promise<object> => {
    try {
      return await carryOut(request);
    } catch (first) {
      log.warn({ command: request.id, error: messageOf(first) }, "command failed, trying once more");
      return carryOut(request).catch((error: unknown) =>
        router.fault(error, { text: request.text, requestKey: request.key }),
      );
    }
  };

  const agoMsOf = (request: CommandRequest): number =>
    clock.now().epochMilliseconds - request.requestedAt.epochMilliseconds;

  /** What is said within milliseconds of a thread's first message is heard before anyone knows what that thread is about. */
  const inItsThread = async (request: CommandRequest): Promise<CommandRequest | "not_yet"> => {
    const { channel, threadTs, incident, run } = request.context;
    if (channel === null || threadTs === null || incident !== null || run !== null) return request;
    const numbers = await parts.numbersOfThread(channel, threadTs);
    if (numbers !== "not_yet") return { ...request, context: { ...request.context, ...numbers } };
    return agoMsOf(request) < THREAD_KNOWN_MS ? "not_yet" : request;
  };

  /** A start that was asked for at 03:00 must not happen by itself at 05:00, when the outage is over. */
  const tooLate = (request: CommandRequest): object | null => {
    const agoMs = agoMsOf(request);
    return agoMs <= GOOD_FOR_MS ? null : router.tooLate({ text: request.text, asking: askingOf(request), agoMs });
  };

  return async (id) => {
    const kept = await readCommandRequest(store.db, id);
    if (kept === null || kept.answeredAt !== null) return { done: true };
    const request = await inItsThread(kept);
    if (request === "not_yet") {
      return { done: false, dueAt: clock.now(), notBefore: clock.machineNow().add({ milliseconds: LOOK_AGAIN_MS }) };
    }
    const answer = tooLate(request) ?? (await answered(request));
    await store.tx((tx) => answerCommand(tx, request.id, { answer, at: clock.now() }));
    return { done: true };
  };
}

function askingOf(request: CommandRequest): Omit<Asking, "actor"> {
  const { channel, channelName, incident, run, file, confirmation } = request.context;
  return {
    surface: request.surface,
    requestKey: request.key,
    channel,
    channelName,
    incident,
    run,
    ...(file === null ? {} : { file }),
    ...(confirmation === null ? {} : { confirmation }),
  };
}

/**
 * Waits until the request is answered, at most `withinMs`; null when it is not by then (it will be, later).
 * `sleep` is the caller's timer.
 */
export async function awaitAnswer(
  db: Db,
  id: CommandRequestId,
  wait: { readonly withinMs: number; readonly everyMs?: number; readonly sleep: (ms: number) => Promise<void> },
): Promise<unknown> {
  const everyMs = wait.everyMs ?? 25;
  for (let waitedMs = 0; waitedMs <= wait.withinMs; waitedMs += everyMs) {
    const row = await db.selectFrom("command_requests").select("answer").where("id", "=", id).executeTakeFirst();
    if (row?.answer != null) return row.answer;
    await wait.sleep(everyMs);
  }
  return null;
}
