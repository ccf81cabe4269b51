import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Http } from "../base/http.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { writeAudit } from "../guard/audit.ts";
import { foldSignals } from "../incidents/fold.ts";
import { saveSignals } from "../incidents/signals.store.ts";
import type { WorkOutcome } from "../store/outbox.ts";
import type { Store, Tx } from "../store/store.ts";
import { normalise } from "./normalise.ts";
import { bindSources, type SourcePlugin } from "./plugin.ts";
import type { Confirmation, Delivery } from "./sources/contract.ts";
import { keepWord, readWaiting } from "./subscriptions.store.ts";

const TIMEOUT_MS = 5_000;
const MOST_BYTES = 100_000;
/** A sender's offer holds for three days at most; its token is worth nothing after. */
const GIVE_UP_MS = 3 * 86_400_000;
const FIRST_MS = 2_000;
const CAP_MS = 10 * 60_000;

/**
 * Work of kind `subscription`, ref a delivery: gives our word to a sender that asks whether we want its messages. The source
 * names the address, from its allow-list, anew at every attempt; it is fetched once with effect, however often. It is on
 * the audit, and a refusal is among what was refused, with what to do.
 */
export function createSubscriptionHandler(parts: {
  store: Store;
  catalogue: Catalogue;
  sources: readonly SourcePlugin[];
  clock: Clock;
  http: Http;
}): (ref: number) => Promise<WorkOutcome> {
  const { store, catalogue, clock, http } = parts;
  const bound = bindSources(catalogue, parts.sources);

  async function step(ref: number): Promise<WorkOutcome> {
    const delivery = await readWaiting(store.db, ref);
    if (delivery === null) return DONE;
    const offer: Confirmation = bound.get(delivery.source)?.confirmation(delivery) ?? {
      ok: false,
      reason: `the catalogue has no source "${delivery.source}" any more`,
    };
    if (!offer.ok) return refuse(delivery, { reason: offer.reason, what: "a subscription" });
    let status: number;
    try {
      const answer = await http({ method: "GET", url: offer.url, timeoutMs: TIMEOUT_MS, mostBytes: MOST_BYTES });
      status = answer.status;
    } catch (error) {
      return later(delivery, offer.what, messageOf(error));
    }
    if (status >= 200 && status < 300) return confirmed(delivery, offer);
    if (status >= 500 || status === 429) return later(delivery, offer.what, `it answered ${status}`);
    const wayOut = "ask the sender for a new confirmation";
    return refuse(delivery, { reason: `${offer.what} was not confirmed: it answered ${status}; ${wayOut}`, ...offer });
  }

  async function confirmed(delivery: Delivery, offer: Extract<Confirmation, { ok: true }>): Promise<WorkOutcome> {
    await store.tx(async (tx) => {
      const now = clock.now();
      await keepWord(tx, delivery.id, { state: "done", reason: `${offer.what} is confirmed`, at: now });
      await audit(tx, delivery, { outcome: "allowed", reason: `${offer.what} is in the catalogue`, what: offer.what });
      const ends = normalise({ ...offer.ends, at: now }, { delivery, ordinal: 0, source: delivery.source }, catalogue);
      const saved = await saveSignals(tx, [{ ...ends, receivedAt: now }]);
      await foldSignals(
        tx,
        { catalogue, now },
        saved.map((signal) => ({ signal, run: null, incident: null })),
      );
    });
    return DONE;
  }

  async function refuse(delivery: Delivery, why: { reason: string; what: string }): Promise<WorkOutcome> {
    await store.tx(async (tx) => {
      await keepWord(tx, delivery.id, { state: "refused", reason: why.reason, at: clock.now() });
      await audit(tx, delivery, { outcome: "denied", ...why });
    });
    return DONE;
  }

  async function later(delivery: Delivery, what: string, why: string): Promise<WorkOutcome> {
    const now = clock.now();
    const ageMs = now.epochMilliseconds - delivery.receivedAt.epochMilliseconds;
    if (ageMs > GIVE_UP_MS) {
      const wayOut = "ask the sender for a new confirmation";
      return refuse(delivery, { reason: `${what} was not confirmed in three days: ${why}; ${wayOut}`, what });
    }
    await keepWord(store.db, delivery.id, {
      state: "done",
      reason: `${what} is to be confirmed, trying again: ${why}`,
      at: now,
    });
    const delayMs = Math.min(CAP_MS, Math.max(FIRST_MS, Math.round(ageMs / 4)));
    const notBefore = clock.machineNow().add({ milliseconds: delayMs });
    return { done: false, dueAt: now, notBefore, error: why };
  }

  async function audit(
    tx: Tx,
    delivery: Delivery,
    entry: { outcome: "allowed" | "denied"; reason: string; what: string },
  ): Promise<void> {
    await writeAudit(tx, {
      at: clock.now(),
      actor: { kind: "source", name: delivery.source },
      action: "subscription.confirm",
      outcome: entry.outcome,
      reason: entry.reason,
      surface: "hook",
      details: { delivery: delivery.id, subject: entry.what },
    });
  }

  return step;
}

const DONE: WorkOutcome = { done: true };
