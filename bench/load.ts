import { Agent, request as httpRequest } from "node:http";
import { connect } from "node:net";

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

/**
 * As fast as `connections` keep-alive connections go, for `forMs`. The requests are written as bytes that were made before
 * the clock starts: on two cores a generator must leave room for what it measures.
 */
export async function flood(
  url: string,
  options: { connections: number; forMs: number; next: () => Shot; prepared?: number },
): Promise<Hits> {
  const to = new URL(url);
  const ready = Array.from({ length: options.prepared ?? 0 }, () => bytesOf(to, options.next()));
  const hits = collector();
  const startedAt = performance.now();
  const next = () => ready.pop() ?? bytesOf(to, options.next());
  const over = () => performance.now() - startedAt >= options.forMs;
  await Promise.all(Array.from({ length: options.connections }, () => lane(to, { next, over, add: hits.add })));
  return hits.done(performance.now() - startedAt);
}

/** One connection: a request, its whole answer, the next request. */
function lane(
  to: URL,
  by: { next: () => Buffer; over: () => boolean; add: (status: number, ms: number) => void },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(to.port), host: to.hostname, noDelay: true });
    let sentAt = 0;
    let read = "";
    const fire = () => {
      if (by.over()) {
        socket.destroy();
        return resolve();
      }
      sentAt = performance.now();
      socket.write(by.next());
    };
    socket.once("connect", fire);
    socket.once("error", reject);
    socket.once("end", () => reject(new Error(`${to.host} closed a connection`)));
    socket.on("data", (bytes) => {
      read += bytes.toString("latin1");
      const head = read.indexOf("\r\n\r\n");
      if (head < 0 || read.length < head + 4 + lengthIn(read.slice(0, head))) return;
      by.add(Number(read.slice(9, 12)), performance.now() - sentAt);
      read = "";
      fire();
    });
  });
}

/** What is measured here says how long its answers are. */
function lengthIn(head: string): number {
  const said = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (said === undefined) throw new Error("an answer without content-length");
  return Number(said);
}

function bytesOf(to: URL, shot: Shot): Buffer {
  const headers = Object.entries({ host: to.host, ...shot.headers, "content-length": Buffer.byteLength(shot.body) });
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(
    `${[`${shot.method ?? "POST"} ${shot.path} HTTP/1.1`, ...lines].join("\r\n")}\r\n\r\n${shot.body}`,
  );
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
