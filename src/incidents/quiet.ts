import type { Clock } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import { endFlapping, quietAt } from "./flapping.ts";
import { lockIncident, updateIncident } from "./incidents.store.ts";
import { appendEntries } from "./timeline.store.ts";

/** Work of kind `quiet`: an incident that flapped has been quiet for long enough, or is looked at again when it will have been. */
export function createQuiet(parts: {
  readonly store: Store;
  readonly clock: Clock;
}): (id: number) => Promise<WorkOutcome> {
  const { store, clock } = parts;
  return (id) =>
    store.tx(async (tx) => {
      const incident = await lockIncident(tx, id as IncidentId);
      if (incident.flapping === null || incident.mergedInto !== null) return { done: true };
      const now = clock.now();
      const dueAt = quietAt(incident.flapping);
      if (now.epochMilliseconds < dueAt.epochMilliseconds) return { done: false, dueAt };
      const ended = endFlapping(incident, incident.flapping, now);
      await updateIncident(tx, ended.incident);
      await appendEntries(tx, { incident: incident.id, learnedAt: now }, ended.entries);
      await requestWork(tx, { kind: "incident", ref: id, dueAt: now });
      return { done: true };
    });
}
