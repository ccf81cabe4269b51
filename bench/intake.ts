import { randomUUID } from "node:crypto";
import { alertmanagerIsHere, startAlertmanager } from "../test/journeys/alertmanager.ts";
import { allAnswered, drain, drained, gauge, perSecond, settled, shots } from "./inbox.ts";
import { flood, type Shot, steady } from "./load.ts";
import { type Metric, median, percentile, progress, report } from "./report.ts";
import { alertShot, eventShot } from "./shots.ts";
import { type BenchStage, bareServer, benchStage } from "./stage.ts";

const ROUNDS = 3;
const FLOOD = { connections: 256, forMs: 4_000 };
/** While Slack is down: people and senders must not notice each other's trouble. */
const STEADY = { perSecond: 1_000, forMs: 6_000 };
const VISIBLE = { everyMs: 2_000, signalsAChannel: 6 };
/** Requests made before the clock starts. */
const PREPARED = { oneKb: 32_000, sevenKb: 16_000 };
const FRAMES_OF_7_KB = 26;

/**
 * `intake`: how many alerts are kept (each in Postgres, fsync on, before its 202), how fast, how soon people see one, and
 * what the same load is to a real Alertmanager (which keeps it in memory), where there is one.
 */
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
    const tell = (metric: string, value: number, unit: Metric["unit"], limit?: [name: string, value: number]) =>
      report({
        ...{ bench: "intake", metric, value, unit },
        ...(limit === undefined ? {} : { limit: { name: limit[0], value: limit[1] } }),
      });
    tell("accepted_per_second", of("accepted"), "1/s", ["bare_http_per_second", of("bareRate")]);
    tell("accepted_per_second_7kb", of("accepted7"), "1/s", ["bare_http_per_second_7kb", of("bareRate7")]);
    tell("ack_p99_ms", of("p99"), "ms", ["bare_http_p99_ms", of("bareP99")]);
    tell("ack_max_ms", of("max"), "ms", ["bare_http_max_ms", of("bareMax")]);
    tell("processed_per_second", of("processed"), "1/s", ["accepted_per_second", of("accepted")]);
    tell("rss_mb", of("rssMb"), "MB");
    tell("accepted_to_visible_p95_ms", of("visibleP95"), "ms");
    if (alertmanagerIsHere) {
      const alertmanager = of("alertmanager");
      tell("ratio_to_alertmanager", of("accepted") / alertmanager, "share", ["alertmanager_per_second", alertmanager]);
    } else progress("intake: no ratio_to_alertmanager: prometheus-alertmanager is not on this machine");
  } finally {
    await bare.close();
    await stage.close();
  }
}

interface Round {
  readonly accepted: number;
  readonly accepted7: number;
  readonly bareRate: number;
  readonly bareRate7: number;
  readonly alertmanager: number;
  readonly p99: number;
  readonly max: number;
  readonly bareP99: number;
  readonly bareMax: number;
  readonly processed: number;
  readonly rssMb: number;
  readonly visibleP95: number;
}

async function round(stage: BenchStage, bareUrl: string): Promise<Round> {
  const small = { ...FLOOD, next: shots((n) => alertShot(stage, { channel: n % 10, cause: `storm ${n % 50}` })) };
  const large = { ...FLOOD, next: shots((n) => largeShot(stage, n)) };
  await settled(stage);
  const visible = await seen(stage);
  stage.workspace.outage(true);
  const calm = await steady(stage.url, { ...STEADY, next: small.next });
  stage.workspace.outage(false);
  const bareCalm = await steady(bareUrl, { ...STEADY, next: small.next });
  await drained(stage);
  await stage.processes.kill("worker");
  const storm = await flood(stage.url, { ...small, prepared: PREPARED.oneKb });
  const rssMb = (await gauge(stage, "process_resident_memory_bytes")) / 1_048_576;
  const processed = await drain(stage);
  await stage.processes.kill("worker");
  const storm7 = await flood(stage.url, { ...large, prepared: PREPARED.sevenKb });
  await stage.processes.start("worker");
  await drained(stage);
  const bareStorm = await flood(bareUrl, { ...small, prepared: PREPARED.oneKb });
  const bareStorm7 = await flood(bareUrl, { ...large, prepared: PREPARED.sevenKb });
  for (const hits of [calm, storm, storm7]) allAnswered(hits, 202);
  return {
    accepted: perSecond(storm),
    accepted7: perSecond(storm7),
    bareRate: perSecond(bareStorm),
    bareRate7: perSecond(bareStorm7),
    alertmanager: await alertmanagerRate(),
    p99: percentile(calm.latenciesMs, 0.99),
    max: calm.latenciesMs.reduce((a, b) => Math.max(a, b), 0),
    bareP99: percentile(bareCalm.latenciesMs, 0.99),
    bareMax: bareCalm.latenciesMs.reduce((a, b) => Math.max(a, b), 0),
    processed,
    rssMb,
    visibleP95: percentile(visible, 0.95),
  };
}

const largeShot = (stage: BenchStage, n: number): Shot =>
  eventShot(stage, {
    service: stage.channels[n % 10] ?? "",
    issue: String(n % 50),
    type: `Storm${n % 50}Exception`,
    value: `Cannot read record ${n}`,
    frames: FRAMES_OF_7_KB,
  });

/** The same alerts to a real Alertmanager, in its own words; 0 where there is none. It sends none of them on. */
async function alertmanagerRate(): Promise<number> {
  if (!alertmanagerIsHere) return 0;
  const alertmanager = await startAlertmanager({ url: "http://127.0.0.1:9", secret: "unused", waits: "1h" });
  try {
    const next = shots((n) => ({
      path: "/api/v2/alerts",
      headers: { "content-type": "application/json" },
      body: JSON.stringify([
        {
          labels: { alertname: `storm ${n % 50}`, service: `desk-${n % 10}`, id: randomUUID() },
          annotations: { detail: "x".repeat(700) },
        },
      ]),
    }));
    const hits = await flood(alertmanager.url, { ...FLOOD, next, prepared: PREPARED.oneKb });
    allAnswered(hits, 200);
    return perSecond(hits);
  } finally {
    await alertmanager.close();
  }
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
      return alertShot(stage, { channel: n % 10, cause: `visible ${randomUUID()}` });
    },
  });
  const deadline = performance.now() + 20_000;
  while (latencies.length < total && performance.now() < deadline) await new Promise((done) => setTimeout(done, 50));
  stop();
  if (latencies.length < total) throw new Error(`only ${latencies.length} of ${total} incidents became visible`);
  return latencies;
}
