import type { Instant } from "../base/clock.ts";
import type { Connection } from "../jobs/connectors/contract.ts";
import { DONE, errorOf, inMs, isTransient, type Stepping } from "../jobs/step.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import {
  endRedrive,
  type KeptRedrive,
  keepAttempts,
  keepFates,
  keepLook,
  keepQueue,
  keepTrouble,
  lettersToGo,
  openLetters,
  type QueueLook,
  readRedrive,
} from "./dead-letters.store.ts";

/** How often queues are looked at (domain time). */
const EVERY_MS = 5 * 60_000;
/** How many messages of a queue are copied at one look. */
const LOOKED_AT = 500;
const MOST_ATTEMPTS = 5;
const RETRY_MS = 5_000;

/** Something about a queue that people have to see, or that is over (`level` 0). Joined by app.ts. */
export type AlertDeadLetters = (
  tx: Tx,
  alert: {
    readonly target: string;
    readonly queue: string;
    readonly level: number;
    readonly title: string;
    readonly at: Instant;
  },
) => Promise<void>;

export interface DeadLettering extends Stepping {
  readonly redact: (text: string) => string;
  readonly alert: AlertDeadLetters;
}

/** Targets of the catalogue that show their dead letters. */
export function targetsWithDeadLetters({
  catalogue,
  connections,
}: Pick<Stepping, "catalogue" | "connections">): string[] {
  return Object.keys(catalogue.targets).filter((target) => connections.of(target)?.capabilities.deadLetters === true);
}

/** Work of kind `dead-letters`: ref 0 looks at every queue now and then, any other is a redrive to go on with. */
export function createDeadLetterHandler(parts: DeadLettering): (ref: number) => Promise<WorkOutcome> {
  return async (ref) => {
    if (ref !== 0) return redriveStep(parts, ref);
    const targets = targetsWithDeadLetters(parts);
    if (targets.length === 0) return DONE;
    for (const target of targets) await lookAt(parts, target);
    return inMs(parts.clock, EVERY_MS);
  };
}

/** Looks at a target's dead letters, copies them, and tells people when there is something to tell. */
export async function lookAt(parts: DeadLettering, target: string): Promise<void> {
  const connection = parts.connections.of(target);
  const at = parts.clock.now();
  let look: QueueLook;
  try {
    look = await seen(parts, target, connection);
  } catch (thrown) {
    const { message } = errorOf(parts, thrown);
    await parts.store.tx((tx) => keepTrouble(tx, target, { text: message, at }));
    return;
  }
  await parts.store.tx(async (tx) => {
    await keepLook(tx, look);
    const [oldest] = await openLetters(tx, target, 1);
    const level = levelOf({ ...look, sentAt: oldest?.sentAt ?? null });
    const before = await keepQueue(tx, look, level);
    if (level > before.level || (level === 0 && before.level > 0)) {
      await parts.alert(tx, { target, queue: look.queue, level, title: titleOf(look, level), at: look.at });
    }
  });
}

async function seen(parts: DeadLettering, target: string, connection: Connection | null): Promise<QueueLook> {
  const answer = await connection?.deadLetters?.(LOOKED_AT);
  if (answer === undefined) throw new Error(`${target} shows no dead letters`);
  const letters = answer.letters.map((letter) => ({
    ...letter,
    body: parts.redact(letter.body),
    attributes: Object.fromEntries(
      Object.entries(letter.attributes).map(([name, value]) => [name, parts.redact(value)]),
    ),
  }));
  return { ...answer, target, letters, whole: letters.length >= answer.count, at: parts.clock.now() };
}

/** 0: nothing lies there · 1: something does · 2: the oldest has had half of the queue's time · 3: three quarters. */
export function levelOf(look: {
  readonly count: number;
  readonly keptForMs: number | null;
  readonly sentAt: Instant | null;
  readonly at: Instant;
}): 0 | 1 | 2 | 3 {
  if (look.count === 0) return 0;
  if (look.keptForMs === null || look.sentAt === null) return 1;
  const share = (look.at.epochMilliseconds - look.sentAt.epochMilliseconds) / look.keptForMs;
  return share >= 0.75 ? 3 : share >= 0.5 ? 2 : 1;
}

function titleOf({ queue, count }: QueueLook, level: number): string {
  const lie = `${count} dead ${count === 1 ? "letter lies" : "letters lie"} in ${queue}`;
  switch (level) {
    case 0:
      return `No dead letter lies in ${queue} any more`;
    case 2:
      return `${lie}: half of the time is over for which the queue keeps the oldest`;
    case 3:
      return `${lie}: three quarters of the time are over for which the queue keeps the oldest`;
    default:
      return lie;
  }
}

/** One second's worth of a redrive. */
async function redriveStep(parts: DeadLettering, id: number): Promise<WorkOutcome> {
  const { store, clock, connections } = parts;
  const redrive = await readRedrive(store.db, id);
  if (redrive === null) return DONE;
  const letters = await lettersToGo(store.db, id, Math.max(1, Math.floor(redrive.perSecond)));
  if (letters.length === 0) return finish(parts, redrive, null);
  const connection = connections.of(redrive.target);
  if (connection?.redrive === undefined) return finish(parts, redrive, `${redrive.target} takes none back any more`);
  try {
    const results = await connection.redrive(letters.map((letter) => letter.messageId));
    await store.tx(async (tx) => {
      await keepFates(tx, redrive, { letters, results, at: clock.now() });
      await keepAttempts(tx, id, 0);
    });
    return inMs(clock, (letters.length / redrive.perSecond) * 1_000);
  } catch (thrown) {
    const { kind, message } = errorOf(parts, thrown);
    const attempts = redrive.attempts + 1;
    const transient = isTransient(kind) || kind === "ambiguous";
    if (!transient || attempts >= MOST_ATTEMPTS) return finish(parts, redrive, `it did not go back: ${message}`);
    await store.tx((tx) => keepAttempts(tx, id, attempts));
    return inMs(clock, RETRY_MS * attempts);
  }
}

async function finish(parts: DeadLettering, redrive: KeptRedrive, because: string | null): Promise<WorkOutcome> {
  const at = parts.clock.now();
  await parts.store.tx(async (tx) => {
    await endRedrive(tx, redrive.id, { at, because });
    await requestWork(tx, { kind: "dead-letters", ref: 0, dueAt: at });
  });
  return DONE;
}
