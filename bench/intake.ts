import { createHmac, randomUUID } from "node:crypto";
import { flood, type Hits, type Shot, steady } from "./load.ts";
import { median, percentile, progress, report } from "./report.ts";
import { type BenchStage, bareServer, benchStage } from "./stage.ts";

const ROUNDS = 3;
const FLOOD = { connections: 32, forMs: 4_000 };
const STEADY = { perSecond: 200, forMs: 6_000 };
const VISIBLE = { everyMs: 2_000, signalsAChannel: 6 };

/** `intake`: how many alerts are kept (each in Postgres, fsync on, before its 202), how fast, and how soon people see one. */
export async function intake(): Promise<void> {
  const stage = await benchStage();
  const bare = await bareServer();
  try {
    const rounds: Round[] = [];
    for (let n = 1; n <= ROUNDS; n += 1) {
      progress(`intake: round ${n} of ${ROUNDS}`);
      rounds.push(await round(stage, bare.url));
    }
    const of = (key: keyof Round) => median(rounds.map((one) => one[key]));
    const bench = "intake";
    const limitRate = { name: "bare_http_per_second", value: of("bareRate") };
    const limitMs = (name: string, value: number) => ({ name, value });
    report({ bench, metric: "accepted_per_second", value: of("accepted"), unit: "1/s", limit: limitRate });
    report({
      bench,
      metric: "ack_p99_ms",
      value: of("p99"),
      unit: "ms",
      limit: limitMs("bare_http_p99_ms", of("bareP99")),
    });
    report({
      bench,
      metric: "ack_max_ms",
      value: of("max"),
      unit: "ms",
      limit: limitMs("bare_http_max_ms", of("bareMax")),
    });
    report({
      bench,
      metric: "processed_per_second",
      value: of("processed"),
      unit: "1/s",
      limit: { name: "accepted_per_second", value: of("accepted") },
    });
    report({ bench, metric: "rss_mb", value: of("rssMb"), unit: "MB" });
    report({ bench, metric: "accepted_to_visible_p95_ms", value: of("visibleP95"), unit: "ms" });
  } finally {
    await bare.close();
    await stage.close();
  }
}

interface Round {
  readonly accepted: number;
  readonly bareRate: number;
  readonly p99: number;
  readonly max: number;
  readonly bareP99: number;
  readonly bareMax: number;
  readonly processed: number;
  readonly rssMb: number;
  readonly visibleP95: number;
}

async function round(stage: BenchStage, bareUrl: string): Promise<Round> {
  const next = shots(stage, (n) => ({ channel: n % 10, cause: `storm ${n % 50}` }));
  const visible = await seen(stage);
  const calm = await steady(stage.url, { ...STEADY, next });
  const bareCalm = await steady(bareUrl, { ...STEADY, next });
  await drained(stage);
  await stage.processes.kill("worker");
  const storm = await flood(stage.url, { ...FLOOD, next });
  const rssMb = (await gauge(stage, "process_resident_memory_bytes")) / 1_048_576;
  const processed = await drain(stage);
  const bareStorm = await flood(bareUrl, { ...FLOOD, next });
  for (const hits of [calm, storm]) allAccepted(hits);
  return {
    accepted: perSecond(storm),
    bareRate: perSecond(bareStorm),
    p99: percentile(calm.latenciesMs, 0.99),
    max: Math.max(...calm.latenciesMs),
    bareP99: percentile(bareCalm.latenciesMs, 0.99),
    bareMax: Math.max(...bareCalm.latenciesMs),
    processed,
    rssMb,
    visibleP95: percentile(visible, 0.95),
  };
}

/** Starts the worker on a full inbox and measures from the first delivery done to the last. */
async function drain(stage: BenchStage): Promise<number> {
  const waiting = await gauge(stage, PENDING);
  await stage.processes.start("worker");
  let begunAt = performance.now();
  let left = waiting;
  while (left > 0) {
    left = await gauge(stage, PENDING);
    if (left === waiting) begunAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return (waiting * 1_000) / (performance.now() - begunAt);
}

/** Milliseconds from sending a signal that opens an incident until its thread is posted, one per 2 s in each channel. */
async function seen(stage: BenchStage): Promise<number[]> {
  const waiting = new Map<string, number[]>();
  const latencies: number[] = [];
  const stop = stage.workspace.watch((change) => {
    if (change.kind !== "message" || change.threadTs !== undefined) return;
    // The incidents of a channel become visible in their order: two seconds lie between them.
    const sentAt = waiting.get(change.channel ?? "")?.shift();
    if (sentAt !== undefined) latencies.push(performance.now() - sentAt);
  });
  const total = stage.channels.length * VISIBLE.signalsAChannel;
  let n = 0;
  await steady(stage.url, {
    perSecond: (stage.channels.length * 1_000) / VISIBLE.everyMs,
    forMs: VISIBLE.signalsAChannel * VISIBLE.everyMs,
    next: () => {
      n += 1;
      const id = stage.workspace.channels[stage.channels[n % 10] ?? ""]?.id ?? "";
      waiting.set(id, [...(waiting.get(id) ?? []), performance.now()]);
      return shot(stage, { channel: n % 10, cause: `visible ${randomUUID()}` });
    },
  });
  const deadline = performance.now() + 20_000;
  while (latencies.length < total && performance.now() < deadline) await new Promise((done) => setTimeout(done, 50));
  stop();
  if (latencies.length < total) throw new Error(`only ${latencies.length} of ${total} incidents became visible`);
  return latencies;
}

function shots(stage: BenchStage, about: (n: number) => { channel: number; cause: string }): () => Shot {
  let n = 0;
  return () => {
    n += 1;
    return shot(stage, about(n));
  };
}

/** An alert of about 1 KB, signed as a sender signs it; every one a delivery of its own. */
function shot(stage: BenchStage, about: { channel: number; cause: string }): Shot {
  const body = JSON.stringify({
    id: randomUUID(),
    service: stage.channels[about.channel],
    title: `${about.cause} in ${stage.channels[about.channel]}`,
    cause: about.cause,
    at: new Date(stage.now()).toISOString(),
    detail: "x".repeat(700),
  });
  const signature = createHmac("sha256", stage.secret).update(body).digest("hex");
  return { path: "/hooks/alerts", headers: { "content-type": "application/json", "x-signature": signature }, body };
}

function allAccepted(hits: Hits): void {
  for (const [status, count] of hits.statuses) if (status !== 202) throw new Error(`${count} answers were ${status}`);
}

const perSecond = (hits: Hits): number => (hits.latenciesMs.length * 1_000) / hits.tookMs;

const PENDING = "nightdesk_inbox_pending";

async function drained(stage: BenchStage): Promise<void> {
  while ((await gauge(stage, PENDING)) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function gauge(stage: BenchStage, name: string): Promise<number> {
  const text = await (await fetch(`${stage.url}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name} `) || one.startsWith(`${name}{`));
  if (line === undefined) throw new Error(`/metrics has no ${name}`);
  return Number(line.split(" ").at(-1));
}
