import { type Execution, type Slot, windowsOf } from "./judge.ts";

/** What was heard of a job in an environment where it is expected. Executions that may be of several are in each of theirs. */
export interface Expecting {
  readonly environment: string;
  /** Times of its schedule, in their order. */
  readonly slots: readonly Pick<Slot, "at">[];
  readonly executions: readonly Execution[];
}

/** Of an execution: the environments for which its start, its success counts; null: nobody knows for which. */
interface Proof {
  start: readonly string[] | null;
  end: readonly string[] | null;
}

/**
 * Whose a message is that does not say it. When it comes while one environment alone waits for a start (an end), it is that
 * one's. While several wait it proves nothing, until as many have come as wait: then all of them have what they waited for.
 * What nobody waits for is nobody's.
 */
export function proofsOf(places: readonly Expecting[]): ReadonlyMap<string, Proof> {
  const proofs = new Map<string, Proof>();
  const started = new Map<string, number>();
  const ended = new Map<string, number>();
  const pools = new Map<string, Execution[]>();
  const windows = new Map(places.map(({ environment, slots }) => [environment, windowsOf(slots)]));
  const slotAt = (environment: string, ms: number): number =>
    (windows.get(environment) ?? []).findLastIndex(({ fromMs }) => fromMs <= ms);
  const raise = (what: Map<string, number>, environment: string, slot: number) =>
    what.set(environment, Math.max(what.get(environment) ?? -1, slot));

  const prove = (what: "start" | "end", { execution, beginMs, atMs }: Event, among: readonly string[]) => {
    const known = what === "start" ? started : ended;
    const waiting = among.filter((one) => {
      const place = places.find(({ environment }) => environment === one);
      const slot = Math.max(slotAt(one, beginMs), slotAt(one, atMs));
      const due = slot >= 0 && (known.get(one) ?? -1) < slot;
      return due || (what === "end" && (place?.executions.some((other) => runsAt(other, atMs)) ?? false));
    });
    if (waiting.length === 0) return;
    const key = [what, ...waiting.map((one) => `${one} ${slotAt(one, atMs)}`)].join("\n");
    const pool = [...(pools.get(key) ?? []), execution];
    pools.set(key, pool);
    if (pool.length < waiting.length) return;
    pools.delete(key);
    for (const one of pool) {
      proofs.set(one.key, { ...(proofs.get(one.key) ?? UNKNOWN), [what]: waiting });
      for (const environment of waiting) raise(known, environment, slotAt(environment, beginOf(one)));
    }
  };

  for (const event of eventsOf(places)) {
    const { execution, what, environment, beginMs } = event;
    if (execution.unsure !== undefined) prove(what, event, execution.unsure.among);
    else {
      raise(started, environment, slotAt(environment, beginMs));
      if (what === "end") raise(ended, environment, slotAt(environment, beginMs));
    }
  }
  return proofs;
}

/** What was heard of it there: without what is of others, and with what may be its own marked as such. */
export function heardThere(place: Expecting, proofs: ReadonlyMap<string, Proof>): Execution[] {
  return place.executions.flatMap((execution) => {
    const { unsure } = execution;
    if (unsure === undefined) return [execution];
    const { start, end } = proofs.get(execution.key) ?? UNKNOWN;
    const told = [
      ...(execution.startedAt === null ? [] : [start]),
      ...(execution.outcome === "succeeded" ? [end] : []),
    ];
    const isOfOthers = told.length > 0 && told.every((of) => of !== null && !of.includes(place.environment));
    if (isOfOthers) return [];
    const isOwn = told.length > 0 && told.every((of) => of?.length === 1 && of[0] === place.environment);
    if (isOwn) {
      const { unsure: _, ...own } = execution;
      return [own];
    }
    const counts = {
      start: start?.includes(place.environment) ?? false,
      end: end?.includes(place.environment) ?? false,
    };
    return [{ ...execution, unsure: { ...unsure, ...counts } }];
  });
}

const UNKNOWN: Proof = { start: null, end: null };

interface Event {
  readonly execution: Execution;
  readonly what: "start" | "end";
  readonly environment: string;
  readonly beginMs: number;
  readonly atMs: number;
}

/** Starts and successes in the order in which they happened, each once. */
function eventsOf(places: readonly Expecting[]): Event[] {
  const events = new Map<string, Event>();
  for (const { environment, executions } of places) {
    for (const execution of executions) {
      const { key, startedAt, endedAt, outcome } = execution;
      const common = { execution, environment, beginMs: beginOf(execution) };
      if (startedAt !== null)
        events.set(`${key} start`, { ...common, what: "start", atMs: startedAt.epochMilliseconds });
      if (outcome !== "succeeded" || endedAt === null) continue;
      events.set(`${key} end`, { ...common, what: "end", atMs: endedAt.epochMilliseconds });
    }
  }
  return [...events.values()].sort((a, b) => a.atMs - b.atMs || ORDER[a.what] - ORDER[b.what]);
}

const ORDER = { start: 0, end: 1 } as const;

const beginOf = ({ startedAt, endedAt }: Execution): number =>
  (startedAt ?? endedAt)?.epochMilliseconds ?? Number.NEGATIVE_INFINITY;

/** Known to be of that place, and under way. */
const runsAt = ({ unsure, startedAt, endedAt }: Execution, ms: number): boolean =>
  unsure === undefined &&
  startedAt !== null &&
  startedAt.epochMilliseconds <= ms &&
  (endedAt === null || endedAt.epochMilliseconds > ms);
