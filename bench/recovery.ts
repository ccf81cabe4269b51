import { performance } from "node:perf_hooks";
import { jobTarget } from "./job-target.ts";
import { progress, report } from "./report.ts";
import { runningJobs, startRuns } from "./runs.ts";
import { benchStage } from "./stage.ts";

const KILLS = 6;
const RUNS = 20;
/** Every look takes this long, so that the killed worker certainly held runs in its hands. */
const LOOK_MS = 1_000;

/**
 * `recovery`: the longest time from the SIGKILL of the only worker, which is started again at once as any supervisor does,
 * until an abort that was asked for right after the kill has reached its target.
 */
export async function recovery(): Promise<void> {
  const target = await jobTarget("prod");
  const jobs = runningJobs("job", RUNS);
  const stage = await benchStage({
    targets: { steady: { connector: "contract", url: target.url, token: target.token } },
    jobs: jobs.catalogue,
  });
  try {
    target.slow(/./, LOOK_MS);
    const runs = await startRuns(stage, jobs.names);
    const backMs: number[] = [];
    for (let n = 0; n < KILLS; n += 1) {
      const run = runs[n];
      if (run === undefined) throw new Error("too few runs");
      progress(`recovery: kill ${n + 1} of ${KILLS}`);
      const killedAt = performance.now();
      await stage.processes.kill("worker");
      const [, told] = await Promise.all([
        stage.processes.start("worker"),
        stage.command(`sync abort run ${run.number}`).then(async () => {
          while (!target.abortedAt.has(run.job)) {
            if (performance.now() - killedAt > 60_000) throw new Error("control did not come back within a minute");
            await new Promise((done) => setTimeout(done, 10));
          }
          return target.abortedAt.get(run.job) ?? Number.NaN;
        }),
      ]);
      backMs.push(told - killedAt);
    }
    report({
      bench: "recovery",
      metric: "control_back_max_ms",
      value: Math.max(...backMs),
      unit: "ms",
      limit: { name: "control_back_min_ms", value: Math.min(...backMs) },
    });
  } finally {
    await stage.close();
    await target.close();
  }
}
