import type { Clock } from "../base/clock.ts";
import { messageOf, NotNow } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Store } from "../store/store.ts";
import { createBatcher } from "./batch.ts";
import type { ProveClaim } from "./certificates.ts";
import { type Arrival, type Stranger, saveArrivals, saveStrangers } from "./inbox.store.ts";
import { storable } from "./normalise.ts";
import { type BoundSource, bindSources, SLACK, type SourcePlugin } from "./plugin.ts";
import { sha256 } from "./signatures.ts";
import type { DeliveryKey, HookRequest, Verdict, Verification } from "./sources/contract.ts";

/** More than this is answered 413. The server should stop reading there too. */
export const MOST_BODY_BYTES = 1_048_576;

export interface HookAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const ANSWER_WITHIN_MS = 5_000;

/** An Events API callback, as Slack sent it and Bolt verified it. */
export type SlackEnvelope = Readonly<Record<string, unknown>> & {
  readonly event_id: string;
  readonly event: Readonly<Record<string, unknown>>;
};

export interface Receiver {
  /**
   * What follows `/hooks/` is a source's name (or `ping`, or `job`) and the request. Verifies, saves, answers: 202 (a
   * ping 200) once it is saved, 400, 401, 404, 413, or 503 when it could not be saved. Never throws.
   */
  receive(sourceName: string, request: HookRequest): Promise<HookAnswer>;
  /** Saves an event before it is acknowledged; a repeated one is one. Throws when it could not be saved. */
  receiveSlackEvent(envelope: SlackEnvelope): Promise<void>;
  /** Resolves when everything that was taken is saved or answered. */
  idle(): Promise<void>;
}

export function createReceiver(parts: {
  store: Store;
  catalogue: Catalogue;
  sources: readonly SourcePlugin[];
  clock: Clock;
  log: Logger;
  /** Settles what only a vendor's certificate can vouch for; without it such a request is refused. */
  prove?: ProveClaim;
  /** A database that hangs is one that is away: the sender is told so after this time. */
  answerWithinMs?: number;
}): Receiver {
  const { store, clock, log } = parts;
  const answerWithinMs = parts.answerWithinMs ?? ANSWER_WITHIN_MS;
  const bound = bindSources(parts.catalogue, parts.sources);
  const arrivals = createBatcher<Arrival>({
    save: (items) => saveOnce(store, items, clock),
    clock,
    isolate: (error) => codeOf(error).startsWith(DATA_EXCEPTION),
    sizeOf: (arrival) => arrival.body.length + 500,
    mostItems: 500,
    mostBytes: 8_000_000,
    mostWaitingBytes: 64_000_000,
  });
  const strangers = createBatcher<Stranger>({
    save: (items) => saveStrangers(store.db, items),
    clock,
    sizeOf: () => 1,
    mostItems: 500,
    mostBytes: 500,
    mostWaitingBytes: 5_000,
  });

  async function receive(sourceName: string, given: HookRequest): Promise<HookAnswer> {
    const { candidates, request } = routed(bound, sourceName, given);
    if (candidates.length === 0) return answer(404, `no source "${sourceName}"`);
    if (request.body.byteLength > MOST_BODY_BYTES) return answer(413, "at most 1 MiB");
    const machineNow = clock.machineNow();
    let reason = "";
    for (const source of candidates) {
      const verification = source.verify(request, machineNow);
      const verdict = "claim" in verification ? await settled(verification) : verification;
      if (verdict.ok) return keep(source, request, verdict.path ?? "");
      reason = verdict.reason;
    }
    await countStranger(sourceName, request, reason);
    return answer(401, "not authenticated");
  }

  async function settled(verification: Extract<Verification, { claim: unknown }>): Promise<Verdict> {
    return parts.prove === undefined ? verification : parts.prove(verification.claim);
  }

  async function keep(source: BoundSource, request: HookRequest, path: string): Promise<HookAnswer> {
    const formed = source.wellFormed(request);
    const { key, forMs, name }: DeliveryKey = formed.ok ? source.deliveryKey(request) : junkKey(request, path);
    await arrivals.add({
      source: source.name,
      key,
      forMs,
      name: name === undefined ? undefined : storable(name).slice(0, 300),
      resource: orNull(source.resource(request)),
      request: { method: request.method, path: storable(path), query: storableQuery(request.query) },
      body: storable(request.body.toString("utf8")),
      receivedAt: clock.now(),
      refused: formed.ok ? undefined : formed.reason,
    });
    if (!formed.ok) return answer(400, formed.reason);
    const status = source.acceptedStatus(request);
    return answer(status, status === 200 ? "OK" : "kept");
  }

  async function countStranger(source: string, request: HookRequest, reason: string): Promise<void> {
    try {
      await strangers.add({
        source,
        sender: storable(request.sender ?? "unknown").slice(0, 200),
        bodySha256: sha256(request.body),
        reason,
        receivedAt: clock.now(),
      });
    } catch (error) {
      log.warn({ source, error: messageOf(error) }, "an unauthenticated request could not be counted");
    }
  }

  return {
    receive: async (sourceName, request) => {
      try {
        return await inTime(receive(sourceName, request), answerWithinMs);
      } catch (error) {
        if (error instanceof NotNow) {
          log.warn({ source: sourceName, why: error.message }, "a delivery cannot be verified now");
          return answer(503, "cannot be verified now, try again", { "retry-after": "5" });
        }
        log.error({ source: sourceName, error: messageOf(error) }, "a delivery could not be saved");
        return answer(503, "could not be saved, try again", { "retry-after": "5" });
      }
    },
    receiveSlackEvent: (envelope) => {
      const saved = arrivals.add({
        source: SLACK,
        key: storable(envelope.event_id),
        resource: orNull(typeof envelope.event["type"] === "string" ? envelope.event["type"] : null),
        request: { method: "POST", path: "", query: {} },
        body: JSON.stringify(envelope),
        receivedAt: clock.now(),
      });
      return inTime(saved, answerWithinMs);
    },
    idle: async () => {
      await Promise.all([arrivals.idle(), strangers.idle()]);
    },
  };
}

/** What was given up may still be saved; the sender's repetition is then known by its key. */
async function inTime<T>(work: Promise<T>, withinMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not saved within ${withinMs} ms`)), withinMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * `/hooks/ping/…` names no source: its secret does. `/hooks/job` is every source of that kind, unless one is called so.
 */
function routed(
  bound: ReadonlyMap<string, BoundSource>,
  name: string,
  request: HookRequest,
): { candidates: readonly BoundSource[]; request: HookRequest } {
  if (request.path === "/") return routed(bound, name, { ...request, path: "" });
  const own = bound.get(name);
  if (own !== undefined) return { candidates: [own], request };
  const jobs = [...bound.values()].filter((source) => source.kind === "job");
  if (name === "ping") return { candidates: jobs, request: { ...request, path: `/ping${request.path}` } };
  return { candidates: name === "job" ? jobs : [], request };
}

/** The same delivery twice in one batch is one: the callers share its fate. */
async function saveOnce(store: Store, items: readonly Arrival[], clock: Clock): Promise<void> {
  const distinct = new Map<string, Arrival>();
  for (const item of items) {
    const name = JSON.stringify([item.source, item.key]);
    if (!distinct.has(name)) distinct.set(name, item);
  }
  try {
    await saveArrivals(store, [...distinct.values()], clock.now());
  } catch (error) {
    if (!isTransient(error)) throw error;
    await saveArrivals(store, [...distinct.values()], clock.now());
  }
}

/** Two processes that save the same keys crosswise: one of them is asked to come again. */
const isTransient = (error: unknown): boolean => ["40P01", "40001"].includes(codeOf(error));
/** Postgres could not keep a value. */
const DATA_EXCEPTION = "22";

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

const junkKey = ({ body }: HookRequest, path: string) => ({
  key: `junk:${sha256(path + sha256(body))}`,
  forMs: 600_000,
});
const orNull = (text: string | null): string | null => (text === null ? null : storable(text).slice(0, 100));

function storableQuery(query: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).map(([key, value]) => [storable(key), storable(value).slice(0, 1_000)]),
  );
}

function answer(status: number, text: string, headers: Record<string, string> = {}): HookAnswer {
  return { status, body: `${text}\n`, headers: { "content-type": "text/plain; charset=utf-8", ...headers } };
}
