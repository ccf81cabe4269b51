import { Agent, request as httpRequest } from "node:http";

export interface Shot {
  readonly method?: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Hits {
  /** Milliseconds from the moment a request was due to its whole answer, so that a stalled server cannot hide. */
  readonly latenciesMs: readonly number[];
  readonly statuses: ReadonlyMap<number, number>;
  readonly tookMs: number;
}

/** As fast as `connections` keep-alive connections go, for `forMs`. */
export async function flood(
  url: string,
  options: { connections: number; forMs: number; next: () => Shot },
): Promise<Hits> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  const hits = collector();
  const startedAt = performance.now();
  const lane = async () => {
    while (performance.now() - startedAt < options.forMs) {
      const at = performance.now();
      hits.add(await send(url, options.next(), agent), performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: options.connections }, lane));
  agent.destroy();
  return hits.done(performance.now() - startedAt);
}

/** One request every `1 / perSecond`, whether or not the ones before were answered. */
export async function steady(
  url: string,
  options: { perSecond: number; forMs: number; next: () => Shot },
): Promise<Hits> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const hits = collector();
  const startedAt = performance.now();
  const count = Math.round((options.perSecond * options.forMs) / 1_000);
  const pending: Promise<void>[] = [];
  for (let n = 0; n < count; n += 1) {
    const dueAt = startedAt + (n * 1_000) / options.perSecond;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    // From the time it was sent or due, whichever is later than the timer's own granularity of a millisecond.
    const at = Math.max(dueAt, performance.now() - 1);
    pending.push(send(url, options.next(), agent).then((status) => hits.add(status, performance.now() - at)));
  }
  await Promise.all(pending);
  agent.destroy();
  return hits.done(performance.now() - startedAt);
}

function collector() {
  const latenciesMs: number[] = [];
  const statuses = new Map<number, number>();
  return {
    add: (status: number, ms: number) => {
      latenciesMs.push(ms);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    },
    done: (tookMs: number): Hits => ({ latenciesMs, statuses, tookMs }),
  };
}

function send(url: string, shot: Shot, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      `${url}${shot.path}`,
      {
        method: shot.method ?? "POST",
        agent,
        headers: { ...shot.headers, "content-length": Buffer.byteLength(shot.body) },
      },
      (response) => {
        response.resume();
        response.once("end", () => resolve(response.statusCode ?? 0));
        response.once("error", reject);
      },
    );
    request.once("error", reject);
    request.end(shot.body);
  });
}
