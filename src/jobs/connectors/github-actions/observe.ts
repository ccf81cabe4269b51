import { z } from "zod";
import { ConnectorError, type Handle, type Intent, type Observation, type Progress } from "../contract.ts";
import { fieldAt } from "../http/fields.ts";
import {
  type About,
  isOurs,
  isUnderWay,
  readAs,
  runsOf,
  UnreadableAnswer,
  type WorkflowRun,
  workflowRun,
} from "./about.ts";
import { lastLines } from "./log.ts";
import { attemptOf } from "./start.ts";

const step = z.object({ name: z.string(), status: z.string(), conclusion: z.string().nullish() });
const job = z.object({
  id: z.number(),
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullish(),
  steps: z.array(step).default([]),
});
const jobsPage = z.object({ jobs: z.array(job) });
export type Job = z.output<typeof job>;

/** `run`: found since the start; `told`: the log's lines were. */
interface Cursor {
  readonly run?: string;
  readonly told?: boolean;
}

export async function observe(about: About, handle: Handle, intent: Intent, given: unknown): Promise<Observation> {
  try {
    return await look(about, handle, intent, given);
  } catch (error) {
    if (error instanceof UnreadableAnswer) return { phase: "unknown", evidence: error.message };
    throw error;
  }
}

async function look(about: About, handle: Handle, intent: Intent, given: unknown): Promise<Observation> {
  const { target } = about;
  const id = await runIdOf(about, handle, intent, given);
  if (id === null) {
    return { phase: "unknown", evidence: `${target} has taken the dispatch and does not list the run yet` };
  }
  const run = await attempt(about, id, attemptOf(handle));
  if (run === null) return { phase: "not_found", evidence: `${target} does not know run ${id}` };
  const cursor: Cursor = { run: id, ...(fieldAt(given, "told") === true ? { told: true } : {}) };
  const more = { cursor, logUrl: run.html_url, ...(run.head_branch ? { version: run.head_branch } : {}) };
  const name = `run ${run.id} (commit ${run.head_sha.slice(0, 7)})`;
  if (run.run_attempt < attemptOf(handle)) {
    return {
      phase: "running",
      evidence: `${target} has not yet begun attempt ${attemptOf(handle)} of ${name}`,
      ...more,
    };
  }
  if (run.run_attempt > attemptOf(handle)) {
    const evidence = `${name} was started again by somebody (attempt ${run.run_attempt}), and its own end is not shown`;
    return { phase: "unknown", evidence, ...more };
  }
  const jobs = await jobsOf(about, id);
  if (isUnderWay(run)) {
    const evidence = `${target} says that ${name} is ${run.status}`;
    return { phase: "running", evidence, ...more, ...progressOf(jobs) };
  }
  return { ...more, ...progressOf(jobs), ...(await ended(about, run, jobs, cursor)) };
}

/** The run's id, once it is known; one that was dispatched without an answer is looked up by its key. */
export async function runIdOf(about: About, handle: Handle, intent: Intent, cursor: unknown): Promise<string | null> {
  const known = handle.externalId ?? fieldAt(cursor, "run");
  if (typeof known === "string") return known;
  const { runs } = await runsOf(about, intent, { pages: 3 });
  const own = runs.find((run) => isOurs(run, intent));
  return own === undefined ? null : String(own.id);
}

/** The run at that attempt; as it is now when GitHub does not show the attempt by itself. Null: not known. */
async function attempt(about: About, id: string, number: number): Promise<WorkflowRun | null> {
  const read = async (route: string) => {
    try {
      return readAs(about, workflowRun, await about.api.read(route, { run_id: id, attempt_number: number }));
    } catch (error) {
      if (error instanceof ConnectorError && error.kind === "not_found") return null;
      throw error;
    }
  };
  const now = await read("GET /actions/runs/{run_id}");
  if (now === null || now.run_attempt <= number) return now;
  return (await read("GET /actions/runs/{run_id}/attempts/{attempt_number}")) ?? now;
}

/** A run without its jobs is still a run: what cannot be read is left out. */
async function jobsOf(about: About, id: string): Promise<readonly Job[]> {
  try {
    const reply = await about.api.read("GET /actions/runs/{run_id}/jobs", { run_id: id, per_page: 100 });
    return readAs(about, jobsPage, reply).jobs;
  } catch (error) {
    if (error instanceof ConnectorError) return [];
    throw error;
  }
}

function progressOf(jobs: readonly Job[]): { progress?: Progress } {
  if (jobs.length === 0) return {};
  const steps = jobs.flatMap((one) => one.steps);
  const ended = jobs.filter((one) => one.status === "completed").length;
  const current = jobs.find((one) => one.status === "in_progress");
  const name = current?.steps.find((one) => one.status === "in_progress")?.name ?? current?.name;
  return {
    progress: {
      stage: Math.min(ended + 1, jobs.length),
      stages: jobs.length,
      ...(name === undefined ? {} : { stageName: name }),
      ...(steps.length === 0
        ? {}
        : { done: steps.filter((one) => one.status === "completed").length, total: steps.length, unit: "steps" }),
    },
  };
}

async function ended(
  about: About,
  run: WorkflowRun,
  jobs: readonly Job[],
  cursor: Cursor,
): Promise<Pick<Observation, "phase" | "evidence"> & Partial<Observation>> {
  const { words } = about.api;
  const conclusion = run.conclusion ?? "nothing";
  const evidence = `${about.target} says that run ${run.id} (commit ${run.head_sha.slice(0, 7)}) ended: ${conclusion}`;
  if (conclusion === "success") return { phase: "succeeded", evidence };
  if (conclusion === "cancelled") return { phase: "aborted", evidence };
  const broken = jobs.filter((one) => one.conclusion !== "success" && one.conclusion !== "skipped");
  const lines = await lastLines(about, broken);
  const failing = broken[0]?.steps.find((one) => one.conclusion === "failure")?.name;
  const where = [broken[0]?.name, failing].filter((text) => text !== undefined).join(", step ");
  const said = lines.filter((line) => line.startsWith("##[error]")).map((line) => line.slice("##[error]".length))[0];
  const message = [where, said ?? conclusion].filter((text) => text !== "").join(": ");
  return {
    phase: "failed",
    evidence,
    error: { kind: conclusion, message: words.quote(message) },
    ...(lines.length === 0 || cursor.told === true ? {} : { logLines: lines, cursor: { ...cursor, told: true } }),
  };
}
