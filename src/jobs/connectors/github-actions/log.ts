import { HttpFailure } from "../../../base/http.ts";
import { ConnectorError } from "../contract.ts";
import type { About } from "./about.ts";
import type { Job } from "./observe.ts";

/** A job's log is there when the job has ended, and the failure is at its end. */
const LINES = 30;
const JOBS = 3;
const TIME = /^\uFEFF?\d{4}-\d\d-\d\dT[\d:.]+Z ?/;

/** The end of each failed job's log, oldest line first, without times and secrets; what cannot be read is left out. */
export async function lastLines(about: About, jobs: readonly Job[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const job of jobs.slice(0, JOBS)) {
    const text = await textOf(about, job.id);
    const own = text.split("\n").map((line) => about.api.words.line(line.replace(TIME, "")));
    const last = own.filter((line) => line !== "").slice(-LINES);
    lines.push(...(jobs.length > 1 && last.length > 0 ? [`${about.api.words.line(job.name)}:`] : []), ...last);
  }
  return lines;
}

async function textOf({ api, http, settings }: About, jobId: number): Promise<string> {
  try {
    const { status, data, headers } = await api.read("GET /actions/jobs/{job_id}/logs", { job_id: jobId });
    if (status === 200) return typeof data === "string" ? data : "";
    const location = headers["location"];
    if (typeof location !== "string" || !/^https?:\/\//.test(location)) return "";
    // A signed address of somebody's storage: Nightdesk's token is not for it.
    const answer = await http({ method: "GET", url: location, timeoutMs: settings.timeoutMs });
    return answer.status === 200 ? answer.body : "";
  } catch (error) {
    if (error instanceof ConnectorError || error instanceof HttpFailure) return "";
    throw error;
  }
}
