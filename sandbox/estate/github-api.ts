import { z } from "zod";
import { type Run, type Runs, shaOf } from "./github-runs.ts";
import {
  branchOf,
  htmlUrl,
  jobShape,
  logOf,
  type Repository,
  repositoryShape,
  runShape,
  WORKFLOW_ID,
  workflowShape,
} from "./github-shapes.ts";
import type { Answered, Asked } from "./server.ts";

export interface Hub {
  readonly runs: Runs;
  readonly repository: Repository;
  readonly about: () => {
    readonly refs: readonly string[];
    /** The inputs that the workflow declares; null: whatever is given. */
    readonly inputs: readonly string[] | null;
    readonly runName: string;
    /** It tells the run's id when asked to; an older server refuses the question. */
    readonly returnsDetails: boolean;
    readonly disabled: boolean;
  };
}

const MOST_INPUTS = 25;
const dispatch = z.strictObject({
  ref: z.string().min(1),
  inputs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
  return_run_details: z.boolean().optional(),
});

/** The REST API of GitHub Actions as far as one workflow of one repository goes. */
export async function answerGithub(asked: Asked, hub: Hub): Promise<Answered> {
  const { repository, about } = hub;
  const path = asked.path.replace(/^\/api\/v3/, "");
  const prefix = `/repos/${repository.fullName}`.toLowerCase();
  if (path.toLowerCase() !== prefix && !path.toLowerCase().startsWith(`${prefix}/`)) return notFound();
  const rest = path
    .slice(prefix.length + 1)
    .split("/")
    .filter((part) => part !== "");
  const call = `${asked.method} ${rest.slice(0, 2).join("/")}`.trim();
  const [, , third, fourth, ...more] = rest;
  if (call === "GET" && rest.length === 0) return { status: 200, json: repositoryShape(repository) };
  if (asked.method === "GET" && rest[0] === "commits" && rest[1] !== undefined)
    return commit(rest.slice(1).join("/"), hub);
  if (more.length > 0) return notFound();
  if (call === "GET actions/runs") {
    return third === undefined ? list(asked, hub) : ofRun(asked, hub, { id: Number(third), what: fourth ?? "" });
  }
  if (call === "POST actions/runs") return ofRun(asked, hub, { id: Number(third), what: fourth ?? "" });
  if (call === "GET actions/jobs" && fourth === "logs") return log(Number(third), hub);
  if (call === "GET actions/workflows" && third === undefined) {
    return { status: 200, json: { total_count: 1, workflows: [workflowShape(repository, about().disabled)] } };
  }
  if (!/^\w+ actions\/workflows$/.test(call) || !isWorkflow(third, repository)) return notFound();
  if (asked.method === "GET" && fourth === undefined)
    return { status: 200, json: workflowShape(repository, about().disabled) };
  if (asked.method === "GET" && fourth === "runs") return list(asked, hub);
  return asked.method === "POST" && fourth === "dispatches" ? dispatched(asked, hub) : notFound();
}

export function said(status: number, message: string): Answered {
  return { status, json: { message, documentation_url: "https://docs.github.com/rest", status: String(status) } };
}

const notFound = () => said(404, "Not Found");
const isWorkflow = (given: string | undefined, { file }: Repository) => given === file || given === String(WORKFLOW_ID);

function dispatched(asked: Asked, { runs, repository, about }: Hub): Answered {
  const { refs, inputs: declared, runName, returnsDetails, disabled } = about();
  const read = dispatch.safeParse(jsonOf(asked.body));
  if (!read.success) return said(422, `Invalid request.\n\n${z.prettifyError(read.error)}`);
  const { ref, inputs, return_run_details: details } = read.data;
  if (details !== undefined && !returnsDetails) {
    return said(422, 'Invalid request.\n\n"return_run_details" is not a permitted key.');
  }
  if (disabled) return said(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow");
  if (!refs.includes(branchOf(ref))) return said(422, `No ref found for: ${ref}`);
  const unknown = declared === null ? [] : Object.keys(inputs).filter((name) => !declared.includes(name));
  if (unknown.length > 0) return said(422, `Unexpected inputs provided: ${JSON.stringify(unknown)}`);
  if (Object.keys(inputs).length > MOST_INPUTS) return said(422, `you may only define up to ${MOST_INPUTS} inputs`);
  const title = runName.replace(/\$\{\{\s*inputs\.([\w-]+)\s*\}\}/g, (_, name: string) => inputs[name] ?? "").trim();
  const run = runs.create({ title, ref, inputs, event: "workflow_dispatch" });
  if (details !== true) return { status: 204 };
  const { url } = runShape(run, repository);
  return { status: 200, json: { workflow_run_id: run.id, run_url: url, html_url: htmlUrl(run, repository) } };
}

async function ofRun(asked: Asked, hub: Hub, at: { id: number; what: string }): Promise<Answered> {
  const { runs, repository } = hub;
  const run = runs.find(at.id);
  if (run === null) return notFound();
  switch (`${asked.method} ${at.what}`.trim()) {
    case "GET":
      return { status: 200, json: runShape(run, repository) };
    case "GET jobs":
      return { status: 200, json: { total_count: 1, jobs: [jobShape(run, repository)] } };
    case "POST cancel":
      return runs.cancel(run)
        ? { status: 202, json: {} }
        : said(409, "Cannot cancel a workflow run that is completed.");
    case "POST force-cancel":
      return (await runs.forceCancel(run))
        ? { status: 202, json: {} }
        : said(409, "Cannot force cancel a workflow run that is completed.");
    case "POST rerun":
    case "POST rerun-failed-jobs":
      return runs.rerun(run) ? { status: 201, json: {} } : said(403, "This workflow is already running");
    default:
      return notFound();
  }
}

function list({ query }: Asked, { runs, repository }: Hub): Answered {
  const perPage = Math.min(100, Number(query.get("per_page") ?? 30) || 30);
  const page = Number(query.get("page") ?? 1) || 1;
  const created = createdFilter(query.get("created"));
  if (created === null) return said(422, "Invalid created filter");
  const wanted = (run: Run) =>
    (query.get("event") ?? run.event) === run.event &&
    [run.status, run.conclusion].includes(query.get("status") ?? run.status) &&
    (query.get("branch") ?? branchOf(run.ref)) === branchOf(run.ref) &&
    created(run.createdAt);
  const found = runs.newestFirst().filter(wanted);
  const shown = found.slice((page - 1) * perPage, page * perPage);
  return {
    status: 200,
    json: { total_count: found.length, workflow_runs: shown.map((run) => runShape(run, repository)) },
  };
}

/** `>=2023-12-11T14:45:00Z`, `<…`, `a..b` or a day; null when it is none. A run is compared by its second. */
function createdFilter(given: string | null): ((ms: number) => boolean) | null {
  if (given === null) return () => true;
  const [from, to] = given.includes("..") ? given.split("..") : [];
  const second = (ms: number) => Math.floor(ms / 1_000) * 1_000;
  if (from !== undefined && to !== undefined) {
    const [low, high] = [from === "*" ? -Infinity : Date.parse(from), to === "*" ? Infinity : Date.parse(to)];
    return Number.isNaN(low) || Number.isNaN(high) ? null : (ms) => second(ms) >= low && second(ms) <= high;
  }
  const match = /^(>=|<=|>|<)?(\d{4}-\d\d-\d\d.*)$/.exec(given);
  const at = Date.parse(match?.[2] ?? "");
  if (Number.isNaN(at)) return null;
  switch (match?.[1]) {
    case ">=":
      return (ms) => second(ms) >= at;
    case "<=":
      return (ms) => second(ms) <= at;
    case ">":
      return (ms) => second(ms) > at;
    case "<":
      return (ms) => second(ms) < at;
    default:
      return (ms) => ms >= at && ms < at + 86_400_000;
  }
}

/** The text itself is somewhere else, as it is at GitHub; and only when the job has ended. */
function log(jobId: number, { runs, repository }: Hub): Answered {
  const run = runs.byJob(jobId);
  if (run === null || run.status !== "completed") return notFound();
  return { status: 302, headers: { location: `${repository.url()}/_blobs/job-${jobId}.txt?sig=signed` } };
}

/** Where the redirect leads; nobody signs in there. */
export function blob({ path, query }: Asked, { runs }: Hub): Answered | null {
  const id = /^\/_blobs\/job-(\d+)\.txt$/.exec(path)?.[1];
  if (id === undefined || query.get("sig") !== "signed") return null;
  const run = runs.byJob(Number(id));
  return run === null ? null : { status: 200, text: logOf(run, runs.behaviour().log) };
}

function commit(ref: string, { about }: Hub): Answered {
  const branch = branchOf(ref.replace(/^(heads|tags)\//, ""));
  if (!about().refs.includes(branch)) return said(422, `No commit found for SHA: ${ref}`);
  return { status: 200, json: { sha: shaOf(branch), commit: { message: `The newest of ${branch}` } } };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
