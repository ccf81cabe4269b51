import { z } from "zod";
import type { Agenda } from "./agenda.ts";
import type { Message, Queue } from "./entity-store-queue.ts";
import { type Entity, nameOf, type Ref, type Side } from "./entity-store-tables.ts";

export interface WorkerBehaviour {
  /** Requests a second; null: each at once. */
  rate: number | null;
  /** How long a request waits at least before its turn. */
  lagMs: number;
  /** false: nobody takes requests. */
  consume: boolean;
  /** References whose requests always fail; they end among the dead letters. */
  poison: readonly string[];
  /** When the notice goes out that a new copy schedules. */
  noticeAfterMs: number;
}

/**
 * `data` is the old way of the message: the whole object travels, and is written whatever the source says by then. With a
 * reference alone the source is asked when it is the message's turn.
 */
const request = z.object({
  table: z.string(),
  id: z.union([z.string(), z.number().transform(String)]),
  operation: z.string().default("LOOKUP"),
  data: z.record(z.string(), z.unknown()).optional(),
  tisTrigger: z.string().nullable().optional(),
  tisTriggerDetail: z.string().nullable().optional(),
});

/** Takes requests in their order and makes the copy what the source is. */
export function openWorker(
  given: WorkerBehaviour,
  around: { source: Side; copy: Side; requests: Queue; dead: Queue; agenda: Agenda; now: () => number },
) {
  const { source, copy, requests, dead, agenda, now } = around;
  let behaviour = given;
  /** When it is done with what it has taken. */
  let freeAt = 0;
  let cancel = () => {};
  /** By orphan: how its notice is taken back. */
  const notices = new Map<string, () => void>();
  const counts = { applied: 0, missing: 0, deleted: 0, wronglyDeleted: 0, notices: 0, maxQueued: 0 };
  let lastTrigger: string | null = null;

  const costMs = () => (behaviour.rate === null ? 0 : 1_000 / behaviour.rate);

  /** Does everything whose time has come. */
  function work(): void {
    while (behaviour.consume) {
      const message = requests.first();
      if (message === null) break;
      const at = Math.max(freeAt, message.sentAt + behaviour.lagMs) + costMs();
      if (at > now()) break;
      freeAt = at;
      requests.remove(message);
      if (!take(message, at)) {
        dead.add({ body: message.body, group: message.group, dedupId: message.dedupId, sentAt: Math.floor(at) });
      }
    }
    plan();
  }

  /** One entry on the agenda, for when all that waits is done: what is between is worked out when somebody looks. */
  function plan(): void {
    cancel();
    const waits = behaviour.consume ? requests.size() : 0;
    const last = waits === 0 ? null : requests.first();
    if (last === null) return;
    const at = Math.max(freeAt, last.sentAt + behaviour.lagMs) + costMs() * waits;
    cancel = agenda.at(Math.max(Math.ceil(at), now() + 1), work);
  }

  /** False: it cannot be done. */
  function take(message: Message, at: number): boolean {
    const read = request.safeParse(jsonOf(message.body));
    if (!read.success) return false;
    const { id, data, tisTrigger, tisTriggerDetail } = read.data;
    const ref = { table: read.data.table.toLowerCase(), id };
    if (!source.has(ref.table) || behaviour.poison.includes(nameOf(ref))) return false;
    lastTrigger = tisTriggerDetail ?? tisTrigger ?? lastTrigger;
    switch (read.data.operation.toUpperCase()) {
      case "DELETE":
        if (source.get(ref) !== null) counts.wronglyDeleted++;
        if (copy.delete(ref)) counts.deleted++;
        settle(ref);
        return true;
      case "LOOKUP":
        lookUp(ref, at);
        return true;
      case "LOAD":
      case "INSERT":
      case "UPDATE":
        if (data === undefined) lookUp(ref, at);
        else write(ref, { version: Number(data["version"] ?? 1), updatedAt: at, parent: null });
        return true;
      default:
        return false;
    }
  }

  function lookUp(ref: Ref, at: number): void {
    const entity = source.get(ref);
    if (entity === null) counts.missing++;
    else write(ref, { ...entity, updatedAt: at });
  }

  function write(ref: Ref, entity: Entity): void {
    copy.set(ref, entity);
    counts.applied++;
    settle(ref);
  }

  /** A copy without its source has a notice on its way, which goes out unless the copy is gone by then. */
  function settle(ref: Ref): void {
    const name = nameOf(ref);
    const orphan = copy.get(ref) !== null && source.get(ref) === null;
    if (orphan === notices.has(name)) return;
    notices.get(name)?.();
    notices.delete(name);
    if (!orphan) return;
    const goesOut = () => {
      counts.notices++;
    };
    notices.set(name, agenda.at(now() + behaviour.noticeAfterMs, goesOut));
  }

  return {
    work,
    settle,
    arrived: () => {
      counts.maxQueued = Math.max(counts.maxQueued, requests.size());
      work();
    },
    change: (changed: Partial<WorkerBehaviour>) => {
      // What waited while nobody took requests is not done in the past.
      if (changed.consume === true || changed.rate !== undefined) freeAt = Math.max(freeAt, now());
      behaviour = { ...behaviour, ...changed };
      work();
    },
    counts: () => ({ ...counts, orphans: notices.size, lastTrigger }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
