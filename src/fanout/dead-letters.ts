import type { Instant } from "../base/clock.ts";
import type { Connection } from "../jobs/connectors/contract.ts";
import { clamp, DONE, errorOf, inMs, isTransient, type Stepping } from "../jobs/step.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { keepLook, keepQueue, keepTrouble, openLetters, type QueueLook } from "./dead-letters.store.ts";
import { endRedrive, type KeptRedrive, keepAttempts, keepFates, lettersToGo, readRedrive } from "./redrives.store.ts";

/** How often queues are looked at (domain time): where nothing has moved for hours, less often. */
const EVERY_MS = 5 * 60_000;
const SELDOM_MS = 30 * 60_000;
/** Shares of the time for which a queue keeps a message: at each of them people are told. */
const HALF = 0.5;
const THREE_QUARTERS = 0.75;
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
    /** What people were told before. */
    readonly before: number;
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
    const due: number[] = [];
    for (const target of targets) due.push(await lookAt(parts, target));
    return inMs(parts.clock, Math.min(...due));
  };
}

/**
 * Looks at a target's dead letters, copies them, and tells people when there is something to tell. In how many
 * milliseconds (domain time) to look again.
 */
export async function lookAt(parts: DeadLettering, target: string): Promise<number> {
  const connection = parts.connections.of(target);
  const at = parts.clock.now();
  let look: QueueLook;
  try {
    look = await seen(parts, target, connection);
  } catch (thrown) {
    const { message } = errorOf(parts, thrown);
    await parts.store.tx((tx) => keepTrouble(tx, target, { text: message, at }));
    return EVERY_MS;
  }
  return parts.store.tx(async (tx) => {
    const moved = await keepLook(tx, look);
    const [oldest] = await openLetters(tx, target, 1);
    const seenOldest = { ...look, sentAt: oldest?.sentAt ?? null };
    const level = levelOf(seenOldest);
    const before = await keepQueue(tx, look, { level, moved });
    if (level > before.level || (level === 0 && before.level > 0)) {
      await parts.alert(tx, {
        ...{ target, queue: look.queue, level, before: before.level },
        ...{ title: titleOf(look, level), at: look.at },
      });
    }
    return nextLookMs(seenOldest, before.quietSince);
  });
}

interface Aging {
  readonly count: number;
  readonly keptForMs: number | null;
  readonly sentAt: Instant | null;
  readonly at: Instant;
}

/** A twelfth of the time for which nothing has moved, within bounds; and whenever people have to be told. */
export function nextLookMs(look: Aging, quietSince: Instant): number {
  const quietMs = look.at.epochMilliseconds - quietSince.epochMilliseconds;
  const usual = clamp(quietMs / 12, EVERY_MS, SELDOM_MS);
  if (look.count === 0 || look.keptForMs === null || look.sentAt === null) return usual;
  const { keptForMs } = look;
  const ageMs = look.at.epochMilliseconds - look.sentAt.epochMilliseconds;
  const ahead = [HALF, THREE_QUARTERS, 1].map((share) => share * keptForMs - ageMs).filter((ms) => ms > 0);
  return Math.min(usual, ...ahead);
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
export function levelOf(look: Aging): 0 | 1 | 2 | 3 {
  if (look.count === 0) return 0;
  if (look.keptForMs === null || look.sentAt === null) return 1;
  const share = (look.at.epochMilliseconds - look.sentAt.epochMilliseconds) / look.keptForMs;
  return share >= THREE_QUARTERS ? 3 : share >= HALF ? 2 : 1;
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
