import type { Clock, Instant } from "../base/clock.ts";
import { messageOf, NotNow } from "../base/errors.ts";
import { type IncidentId, newReference, type RunId } from "../base/ids.ts";
import type { Logger } from "../base/log.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { foldSignals } from "../incidents/fold.ts";
import type { SavedSignal } from "../incidents/signal.ts";
import { type Joining, saveSignals } from "../incidents/signals.store.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import { isCrossed, type Store, type Tx } from "../store/store.ts";
import {
  forgetKeys,
  holdPending,
  markDeliveries,
  markFailed,
  nextPending,
  type PendingDelivery,
  pendingDeliveries,
} from "./inbox.store.ts";
import { type Heard, withoutRepetitions } from "./occurrences.ts";
import { bindSources, type SourcePlugin } from "./plugin.ts";
import { createReader, type ReadDelivery, type Self } from "./read.ts";
import type { SlackEvent } from "./sources/slack-message.ts";

/** The run (row ids) that a signal was found to be evidence for, and its incident. Joined by app.ts. */
export type LinkSignal = (
  tx: Tx,
  signal: SavedSignal,
  now: Instant,
) => Promise<{ readonly runId: number; readonly incidentId: number | null } | null>;

/** Told what became of each signal: its incident, and the run that it speaks of. Joined by app.ts. */
export type SignalsJoined = (tx: Tx, joinings: readonly Joining[], now: Instant) => Promise<void>;

/** Captures what people wrote in a thread of ours into its timeline. Called for every event of Slack. */
export type CaptureSlackEvent = (tx: Tx, event: SlackEvent, receivedAt: Instant) => Promise<void>;

export interface InboxPorts {
  readonly linkSignal: LinkSignal;
  readonly signalsJoined: SignalsJoined;
  readonly captureSlackEvent: CaptureSlackEvent;
  /** The name of a channel that an event names by id; null when it cannot be known. */
  readonly channelName: (id: string) => Promise<string | null>;
  /** Nightdesk's own bot and user id, once they are known. */
  readonly self: () => Self;
}

const BATCH = 500;
const READ_AT_ONCE = 10;
/** While more comes, what comes within so many milliseconds after so few shares a transaction. */
const GATHER_MS = 25;
const FEW = 100;
const MOST_ATTEMPTS = 5;
const MOST_CROSSED = 3;
const FIRST_BACKOFF_MS = 1_000;
/** For what cannot be asked now (Slack is out): long enough not to add to its trouble. */
const WAIT_MS = 5_000;

/**
 * Work of kind `inbox`: turns deliveries into signals and incidents, up to 500 a call and in one
 * transaction. One that makes our code fail is tried again by itself, later and later, and refused with the reason after
 * five attempts, so that it never holds up the others.
 */
export function createInboxProcessor(parts: {
  store: Store;
  catalogue: Catalogue;
  sources: readonly SourcePlugin[];
  clock: Clock;
  log: Logger;
  ports: InboxPorts;
}): { process(): Promise<WorkOutcome> } {
  const { store, catalogue, clock, log, ports } = parts;
  const reader = createReader({ catalogue, bound: bindSources(catalogue, parts.sources), ports });

  async function process(): Promise<WorkOutcome> {
    const waiting = await pendingDeliveries(store.db, { machineNow: clock.machineNow(), limit: BATCH });
    const read: ReadDelivery[] = [];
    for (const [index, delivery] of waiting.entries()) {
      // The same process may be receiving: it must not wait for hundreds of bodies to be understood.
      if (index % READ_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
      try {
        read.push(await reader.read(delivery));
      } catch (error) {
        await failed(delivery, error);
      }
    }
    const settled = read
      .filter((one) => !isWork(one))
      .map(({ delivery, verdict }) => ({ id: delivery.id, ...verdict }));
    await markDeliveries(store.db, settled, clock.now());
    // One transaction a batch: a storm costs a few questions, not a few for each of its causes. What people wrote waits for
    // Slack sometimes, and holds up only its own thread.
    await processTogether(read.filter((one) => isWork(one) && one.event === null));
    for (const group of groupsOf(read.filter((one) => one.event !== null))) await processTogether(group);
    await forgetKeys(store.db, clock.now());
    const next = await outcome();
    if (!next.done && waiting.length < FEW) await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    return next;
  }

  /** In one transaction; what fails is tried again in parts: deliveries that may meet in one incident, then each by itself. */
  async function processTogether(together: readonly ReadDelivery[], again = MOST_CROSSED): Promise<void> {
    const [first] = together;
    if (first === undefined) return;
    try {
      await store.tx((tx) => carryOut(tx, together));
    } catch (error) {
      // Another worker or a person wanted the same incidents crosswise: nobody's mistake, and no attempt.
      if (isCrossed(error) && again > 0) return processTogether(together, again - 1);
      if (together.length === 1) return failed(first.delivery, error);
      const groups = groupsOf(together);
      const parts = groups.length > 1 ? groups : together.map((one) => [one]);
      log.warn(
        { deliveries: together.length, parts: parts.length, error: messageOf(error) },
        "a batch failed, trying its parts",
      );
      for (const part of parts) await processTogether(part);
    }
  }

  async function carryOut(tx: Tx, group: readonly ReadDelivery[]): Promise<void> {
    const held = await holdPending(
      tx,
      group.map(({ delivery }) => delivery.id),
    );
    const mine = group.filter(({ delivery }) => held.has(delivery.id));
    const now = clock.now();
    for (const { event, delivery } of mine) {
      if (event !== null) await ports.captureSlackEvent(tx, event, delivery.receivedAt);
    }
    for (const { confirm, delivery } of mine) {
      if (confirm === true) await requestWork(tx, { kind: "subscription", ref: delivery.id, dueAt: now });
    }
    const repeated = await fold(
      tx,
      mine.flatMap(({ signals }) => signals),
      now,
    );
    await markDeliveries(
      tx,
      mine.map(({ delivery, verdict, signals }) => {
        const again = repeated.get(delivery.id) ?? 0;
        const reason = again === 0 ? verdict.reason : `${again} of ${signals.length} were told before`;
        return { id: delivery.id, ...verdict, reason };
      }),
      now,
    );
  }

  /** How many signals of which delivery were told before, and are none. */
  async function fold(tx: Tx, heard: readonly Heard[], now: Instant): Promise<ReadonlyMap<number, number>> {
    if (heard.length === 0) return new Map();
    const { fresh, repeated } = await withoutRepetitions(tx, heard, { catalogue, now });
    if (fresh.length === 0) return repeated;
    const saved = await saveSignals(tx, fresh);
    const toFold = [];
    for (const signal of [...saved].sort((a, b) => a.at.epochMilliseconds - b.at.epochMilliseconds || a.id - b.id)) {
      const linked = signal.job === null ? null : await ports.linkSignal(tx, signal, now);
      toFold.push({
        signal,
        run: linked === null ? null : (linked.runId as RunId),
        incident: linked === null ? null : (linked.incidentId as IncidentId | null),
      });
    }
    await ports.signalsJoined(tx, await foldSignals(tx, { catalogue, now }, toFold), now);
    return repeated;
  }

  async function failed(delivery: PendingDelivery, error: unknown): Promise<void> {
    if (error instanceof NotNow) return later(delivery, error);
    const attempt = delivery.attempts + 1;
    const reference = newReference();
    log.error(
      { delivery: delivery.id, attempt, reference, error: messageOf(error) },
      "a delivery could not be processed",
    );
    const backoffMs = FIRST_BACKOFF_MS * 4 ** (attempt - 1);
    await markFailed(store.db, delivery.id, {
      reason: `our fault, reference ${reference}: ${messageOf(error).slice(0, 300)}`,
      notBefore: attempt >= MOST_ATTEMPTS ? null : clock.machineNow().add({ milliseconds: backoffMs }),
      counts: true,
      now: clock.now(),
    });
  }

  /** Nothing is wrong with it: it waits until what it needs answers again. */
  async function later(delivery: PendingDelivery, why: NotNow): Promise<void> {
    log.warn({ delivery: delivery.id, why: why.message }, "a delivery has to wait");
    const notBefore = clock.machineNow().add({ milliseconds: WAIT_MS });
    await markFailed(store.db, delivery.id, { reason: why.message, notBefore, counts: false, now: clock.now() });
  }

  async function outcome(): Promise<WorkOutcome> {
    const next = await nextPending(store.db);
    if (next === null) return { done: true };
    const dueAt = clock.now();
    return next.notBefore === null ? { done: false, dueAt } : { done: false, dueAt, notBefore: next.notBefore };
  }

  return { process };
}

/** Deliveries that may meet in one incident, or in one thread, in the order in which the first of each came. */
function groupsOf(read: readonly ReadDelivery[]): ReadDelivery[][] {
  const groups = new Map<string, ReadDelivery[]>();
  for (const one of read) {
    if (!isWork(one)) continue;
    const group = groups.get(one.group);
    if (group === undefined) groups.set(one.group, [one]);
    else group.push(one);
  }
  return [...groups.values()];
}

/** Whether anything has to be done for it but to keep its verdict. */
const isWork = (one: ReadDelivery): boolean => one.signals.length > 0 || one.event !== null || one.confirm === true;
