import { readdirSync, readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { type ItemTarget, itemTarget } from "./item-target.ts";
import { flood } from "./load.ts";
import { median, percentile, progress, report } from "./report.ts";
import { stateOf } from "./runs.ts";
import { type BenchStage, benchStage } from "./stage.ts";

const ROUNDS = 3;
const REFERENCES = 64_000;
const BATCH = 100;
const PARALLEL = 8;

/**
 * `fanout`: 64,000 references from a file that somebody attached to a message to the proved end of the run, against a
 * target that answers at once; how fast that target takes the same calls from a client that does nothing else; the peak
 * memory of the worker; and how long other people's clients wait for the acknowledgement of a command meanwhile.
 */
export async function fanout(): Promise<void> {
  const target = await itemTarget("prod");
  const stage = await benchStage({
    redis: true,
    targets: {
      items: {
        connector: "contract",
        url: target.url,
        token: target.token,
        fanout: { batch: BATCH, parallel: PARALLEL },
      },
    },
    jobs: { placements: { maxAttempts: 1, environments: { prod: { target: "items" } } } },
  });
  try {
    const rates: number[] = [];
    const acks: number[] = [];
    const bare: number[] = [];
    for (let n = 1; n <= ROUNDS; n += 1) {
      progress(`fanout: round ${n} of ${ROUNDS}`);
      const round = await handOver(stage, target, n);
      rates.push(REFERENCES / (round.tookMs / 1_000));
      acks.push(percentile(round.ackMs, 0.99));
      bare.push(await bareRate(target));
    }
    const bench = "fanout";
    report({ bench, metric: "references", value: REFERENCES, unit: "count" });
    const limit = { name: "target_items_per_second", value: median(bare) };
    report({ bench, metric: "items_per_second", value: median(rates), unit: "1/s", limit });
    report({ bench, metric: "peak_rss_mb", value: peakOfWorkers(), unit: "MB" });
    report({ bench, metric: "command_ack_p99_ms", value: median(acks), unit: "ms" });
  } finally {
    await stage.close();
    await target.close();
  }
}

/** From the answer to the preview until the run has ended, proved; commands are typed all the while. */
async function handOver(stage: BenchStage, target: ItemTarget, run: number) {
  const before = target.taken();
  await previewed(stage);
  const startedAt = performance.now();
  const submitted = await stage.workspace.submit({ user: "asha", values: {} });
  if (!submitted.ok) throw new Error(`the preview was not confirmed: ${submitted.error}`);
  const ackMs: number[] = [];
  let over = false;
  const typing = (async () => {
    while (!over) {
      const acted = await stage.workspace.slash({ user: "asha", channel: "desk-1", text: "/sync status job-desk-1" });
      if (!acted.ok || acted.ackedMs === undefined) throw new Error(`a command was not acknowledged: ${acted.error}`);
      ackMs.push(acted.ackedMs);
      await pause(20);
    }
  })();
  const deadline = performance.now() + 180_000;
  let state = "not known";
  while (state !== "succeeded") {
    state = await stateOf(stage, run);
    if (state === "failed" || performance.now() > deadline) throw new Error(`the fan-out is ${state}`);
    await pause(20);
  }
  const tookMs = performance.now() - startedAt;
  progress(`fanout: run ${run} took ${Math.round(tookMs)} ms`);
  over = true;
  await typing;
  if (target.taken() - before !== REFERENCES) throw new Error(`the target took ${target.taken() - before} ids`);
  return { tookMs, ackMs };
}

async function previewed(stage: BenchStage): Promise<void> {
  const { workspace } = stage;
  const known = workspace.ephemerals("asha").length;
  const uploaded = await workspace.upload({
    user: "asha",
    channel: "desk-0",
    name: "ids.csv",
    text: Array.from({ length: REFERENCES }, (_, n) => `${30_000_001 + n}\n`).join(""),
    comment: "@nightdesk sync resync placements prod",
  });
  if (!uploaded.ok) throw new Error(`the file was not taken: ${uploaded.error}`);
  const deadline = performance.now() + 60_000;
  while (workspace.ephemerals("asha").length === known) {
    if (performance.now() > deadline) throw new Error("no preview within a minute");
    await pause(20);
  }
  const ephemeral = workspace.ephemerals("asha").at(-1)?.id ?? "";
  const pressed = await workspace.press({ user: "asha", on: { ephemeral }, button: "Confirm" });
  if (!pressed.ok) throw new Error(`the preview did not open: ${pressed.error}`);
  while (workspace.modal("asha")?.callback_id !== "form") {
    if (performance.now() > deadline) throw new Error("the preview did not open within a minute");
    await pause(20);
  }
}

/** The same calls from as many connections, with nothing behind them. */
async function bareRate(target: ItemTarget): Promise<number> {
  let n = 0;
  const hits = await flood(target.url, {
    connections: PARALLEL,
    forMs: 2_000,
    next: () => {
      n += BATCH;
      const ids = Array.from({ length: BATCH }, (_, index) => String(30_000_001 + n + index));
      const body = JSON.stringify({ op: "resync", ids });
      return { path: "/jobs/placements/items", headers: { "content-type": "application/json" }, body };
    },
  });
  return (hits.latenciesMs.length * BATCH * 1_000) / hits.tookMs;
}

/** The highest memory that a worker process of this bench ever held, by the system's word. */
function peakOfWorkers(): number {
  const peaks = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        const kilobytes = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]);
        return parent === process.pid && words.includes("worker") ? [kilobytes / 1_024] : [];
      } catch {
        // It ended while it was looked at.
        return [];
      }
    });
  if (peaks.length === 0) throw new Error("no worker process was found");
  return Math.max(...peaks);
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
