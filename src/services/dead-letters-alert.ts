import type { Catalogue } from "../config/catalogue.ts";
import type { AlertDeadLetters } from "../fanout/dead-letters.ts";
import { allPlaced } from "../guard/names.ts";
import { foldSignal } from "../incidents/fold.ts";
import { conditionOf } from "../incidents/signal.ts";
import { saveSignals } from "../incidents/signals.store.ts";
import { openIncidentOf } from "./dead-letters.store.ts";

/**
 * Makes dead letters an alert: it opens an incident or joins the one that is open about that queue, with the severity and the channel
 * that the catalogue gives to the target's job; the condition is over when the queue is empty again.
 */
export function createAlertDeadLetters(catalogue: Catalogue): AlertDeadLetters {
  return async (tx, { target, queue, level, before, title, at }) => {
    const places = allPlaced(catalogue).filter((placed) => placed.place.target === target);
    const environments = [...new Set(places.map(({ environment }) => environment))];
    const services = [...new Set(places.map(({ place }) => place.service).filter((name) => name !== undefined))];
    const about = {
      source: "nightdesk",
      service: services.length === 1 ? (services[0] ?? null) : null,
      job: places.length === 1 ? (places[0]?.job ?? null) : null,
      cause: `dead letters in ${queue}`,
    };
    // Each level is a condition of its own, so that each is told; an empty queue ends all that were.
    const levels = level === 0 ? Array.from({ length: before }, (_, index) => index + 1) : [level];
    const signals = await saveSignals(
      tx,
      levels.map((one, ordinal) => ({
        ...about,
        inboxId: null,
        ordinal,
        kind: level === 0 ? ("resolved" as const) : ("firing" as const),
        title,
        environment: environments.length === 1 ? (environments[0] ?? null) : null,
        environments: environments.length === 1 ? [] : environments,
        severity: null,
        rid: null,
        tags: { "dead-letters.target": target },
        counts: null,
        error: level === 0 ? null : `\`/sync dlq list ${target}\` shows them; a copy of each is kept.`,
        url: null,
        at,
        receivedAt: at,
        condition: conditionOf(about, `dead letters of ${target}, ${one}`),
      })),
    );
    const incident = await openIncidentOf(tx, target);
    for (const signal of signals) await foldSignal(tx, { catalogue, now: at }, { signal, run: null, incident });
  };
}
