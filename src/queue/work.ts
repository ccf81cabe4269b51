import type { Clock, Instant } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import type { Logger } from "../base/log.ts";
import {
  type Claim,
  claimWork,
  extendClaim,
  type Ring,
  releaseWork,
  type WorkKind,
  type WorkOutcome,
} from "../store/outbox.ts";
import type { Db } from "../store/store.ts";
import { outcomeOfFailure } from "./retry.ts";

/** One short step for the thing that `ref` names. It re-reads everything: nothing was carried. */
export type Handler = (ref: number) => Promise<WorkOutcome>;
export type Handlers = Readonly<Record<WorkKind, Handler>>;

/** How long a silent worker keeps a row: what a killed worker held is taken over after this. */
const CLAIM_MS = 8_000;
const HEARTBEAT_MS = 2_500;

export interface Performer {
  /** Claims the row that was rung for and does its steps until nothing is due. Never throws. */
  perform(ring: Pick<Ring, "kind" | "ref">): Promise<void>;
  /** Resolves when every step under way has ended. */
  idle(): Promise<void>;
}

export function createPerformer(parts: {
  db: Db;
  clock: Clock;
  log: Logger;
  handlers: Handlers;
  /** When a row is to be rung again. */
  ringLater: (ring: Ring) => void;
  reportError: (error: unknown, context: Record<string, unknown>) => void;
}): Performer {
  const { db, clock, log } = parts;
  const worker = newId();
  const underWay = new Set<Promise<void>>();

  async function perform(ring: Pick<Ring, "kind" | "ref">): Promise<void> {
    for (let again = true; again; ) {
      const claim = await claimWork(db, ring, {
        worker,
        now: clock.now(),
        machineNow: clock.machineNow(),
        forMs: CLAIM_MS,
      });
      if (claim === null) return;
      const next = await step(claim);
      again = next !== null && next.epochMilliseconds <= clock.now().epochMilliseconds;
      if (next !== null && !again) parts.ringLater({ ...ring, dueAt: next });
    }
  }

  async function step(claim: Claim): Promise<Instant | null> {
    const heartbeat = setInterval(() => {
      extendClaim(db, claim, { worker, machineNow: clock.machineNow(), forMs: CLAIM_MS }).catch(() => {});
    }, HEARTBEAT_MS);
    try {
      const outcome = await attempt(claim);
      const next = await releaseWork(db, claim, { worker, now: clock.now(), outcome });
      return next === null || outcome.done || outcome.notBefore === undefined
        ? next
        : afterPause(next, outcome.notBefore);
    } finally {
      clearInterval(heartbeat);
    }
  }

  /** When to ring for a row that is due, but not before a machine time: else it would wait for the sweep. */
  function afterPause(dueAt: Instant, notBefore: Instant): Instant {
    const pauseMs = notBefore.epochMilliseconds - clock.machineNow().epochMilliseconds;
    const ringAt = clock.now().add({ milliseconds: Math.max(0, pauseMs) });
    return ringAt.epochMilliseconds > dueAt.epochMilliseconds ? ringAt : dueAt;
  }

  async function attempt(claim: Claim): Promise<WorkOutcome> {
    try {
      return await parts.handlers[claim.kind](claim.ref);
    } catch (error) {
      const failure = outcomeOfFailure(error, {
        attempts: claim.attempts,
        now: clock.now(),
        machineNow: clock.machineNow(),
      });
      log.error({ work: claim.kind, ref: claim.ref, attempts: claim.attempts, error: stackOf(error) }, "a step failed");
      parts.reportError(error, { work: claim.kind, ref: claim.ref, attempts: claim.attempts });
      return failure;
    }
  }

  return {
    perform: (ring) => {
      const promise = perform(ring)
        .catch((error: unknown) => {
          log.error(
            { work: ring.kind, ref: ring.ref, error: messageOf(error) },
            "work could not be claimed or given back",
          );
        })
        .finally(() => underWay.delete(promise));
      underWay.add(promise);
      return promise;
    },
    idle: async () => {
      await Promise.all(underWay);
    },
  };
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
