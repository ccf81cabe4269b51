import { performance } from "node:perf_hooks";
import { type JobTarget, jobTarget } from "./job-target.ts";
import { median, percentile, progress, report } from "./report.ts";
import { runningJobs, startRuns, stateOf } from "./runs.ts";
import { type BenchStage, benchStage } from "./stage.ts";

const ROUNDS = 3;
const RUNS = 40;
const AT_ONCE = 4;
/** As many runs as the worker takes steps at a time are at a target that takes this long over every look. */
const SLOW_RUNS = 16;
const SLOW_MS = 6_000;

/**
 * `abort`: from the request to the moment at which the target has it, and to the proof in the record. The request comes to
 * one process and is carried out by another, while every step that the worker can take hangs at a slow target.
 */
export async function abort(): Promise<void> {
  const target = await jobTarget("prod");
  const fast = runningJobs("fast", RUNS);
  const slow = runningJobs("slow", SLOW_RUNS);
  const stage = await benchStage({
    targets: { steady: { connector: "contract", url: target.url, token: target.token } },
    jobs: { ...fast.catalogue, ...slow.catalogue },
  });
  try {
    target.slow(/^slow/, SLOW_MS);
    const runsOfSlow = await startRuns(stage, slow.names);
    const signalled: number[] = [];
    const proved: number[] = [];
    for (let n = 1; n <= ROUNDS; n += 1) {
      progress(`abort: round ${n} of ${ROUNDS}`);
      const round = await abortAll(stage, target, await startRuns(stage, fast.names));
      signalled.push(percentile(round.signalledMs, 0.99));
      proved.push(percentile(round.provedMs, 0.95));
    }
    progress(`abort: ${runsOfSlow.length} runs hung meanwhile`);
    const limit = { name: "hung_look_ms", value: SLOW_MS };
    report({ bench: "abort", metric: "signal_p99_ms", value: median(signalled), unit: "ms", limit });
    report({ bench: "abort", metric: "proved_p95_ms", value: median(proved), unit: "ms", limit });
  } finally {
    await stage.close();
    await target.close();
  }
}

async function abortAll(stage: BenchStage, target: JobTarget, runs: readonly { job: string; number: number }[]) {
  const signalledMs: number[] = [];
  const provedMs: number[] = [];
  const waiting = [...runs];
  const lane = async () => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      const askedAt = performance.now();
      await stage.command(`sync abort run ${run.number}`);
      while (!target.abortedAt.has(run.job)) await pause(5, askedAt);
      signalledMs.push((target.abortedAt.get(run.job) ?? Number.NaN) - askedAt);
      while ((await stateOf(stage, run.number)) !== "aborted") await pause(20, askedAt);
      provedMs.push(performance.now() - askedAt);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  target.forgetAborts();
  return { signalledMs, provedMs };
}

async function pause(ms: number, since: number): Promise<void> {
  if (performance.now() - since > 60_000) throw new Error("an abort did not come to its end within a minute");
  await new Promise((done) => setTimeout(done, ms));
}
