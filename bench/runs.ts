import type { BenchStage } from "./stage.ts";

/** So many jobs at the target `steady`: their entries in the catalogue, and their names. */
export function runningJobs(name: string, count: number) {
  const names = Array.from({ length: count }, (_, n) => `${name}-${n + 1}`);
  const entry = { maxAttempts: 1, environments: { prod: { target: "steady" } } };
  return { names, catalogue: Object.fromEntries(names.map((job) => [job, entry])) };
}

/** Starts each job and waits until all are running. */
export async function startRuns(stage: BenchStage, jobs: readonly string[]) {
  const runs = await Promise.all(
    jobs.map(async (job) => {
      const { data, answer } = await stage.command(`sync run ${job} prod`);
      const number = numberIn(data);
      if (number === null) throw new Error(`${job} was not started: ${answer}`);
      return { job, number };
    }),
  );
  const deadline = Date.now() + 60_000;
  for (const { number } of runs) {
    while ((await stateOf(stage, number)) !== "running") {
      if (Date.now() > deadline) throw new Error(`run ${number} is ${await stateOf(stage, number)} after a minute`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }
  return runs;
}

export async function stateOf(stage: BenchStage, run: number): Promise<string> {
  const { json } = await stage.api.get(`/api/runs/${run}`);
  return typeof json === "object" && json !== null && "state" in json ? String(json.state) : "not known";
}

function numberIn(data: unknown): number | null {
  if (typeof data !== "object" || data === null || !("run" in data)) return null;
  const { run } = data;
  return typeof run === "object" && run !== null && "number" in run ? Number(run.number) : null;
}
