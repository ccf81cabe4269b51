import type { Catalogue } from "../config/catalogue.ts";
import type { AlertDeadLetters } from "../fanout/dead-letters.ts";
import { allPlaced } from "../guard/names.ts";
import { openIncidentOf } from "./dead-letters.store.ts";
import { type Raised, raise } from "./raise.ts";

/**
 * Makes dead letters an alert: it opens an incident or joins the one that is open about that queue, with the severity and the channel
 * that the catalogue gives to the target's job; the condition is over when the queue is empty again.
 */
export function createAlertDeadLetters(catalogue: Catalogue): AlertDeadLetters {
  return async (tx, { target, queue, level, before, title, at }) => {
    const places = allPlaced(catalogue).filter((placed) => placed.place.target === target);
    const services = [...new Set(places.map(({ place }) => place.service).filter((name) => name !== undefined))];
    const over = level === 0;
    const about = {
      ...{ source: "nightdesk", kind: over ? "resolved" : "firing", title, at },
      service: services.length === 1 ? (services[0] ?? null) : null,
      job: places.length === 1 ? (places[0]?.job ?? null) : null,
      environments: [...new Set(places.map(({ environment }) => environment))],
      cause: `dead letters in ${queue}`,
      tags: { "dead-letters.target": target },
      error: over ? null : `\`/sync dlq list ${target}\` shows them; a copy of each is kept.`,
      incident: await openIncidentOf(tx, target),
    } as const satisfies Omit<Raised, "condition">;
    // Each level is a condition of its own, so that each is told; an empty queue ends all that were.
    const levels = over ? Array.from({ length: before }, (_, index) => index + 1) : [level];
    await raise(
      tx,
      { catalogue, now: at },
      levels.map((one) => ({ ...about, condition: `dead letters of ${target}, ${one}` })),
    );
  };
}
