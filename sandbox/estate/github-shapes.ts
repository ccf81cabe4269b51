import { type Run, shaOf } from "./github-runs.ts";

/** The one repository and workflow that a target has. */
export interface Repository {
  /** `owner/name`. */
  readonly fullName: string;
  readonly url: () => string;
  /** The file below `.github/workflows`. */
  readonly file: string;
  readonly workflowName: string;
}

export const WORKFLOW_ID = 71_000_001;
const second = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

export function repositoryShape({ fullName, url }: Repository) {
  const [login = "", name = ""] = fullName.split("/");
  return {
    id: 501_000_001,
    name,
    full_name: fullName,
    owner: { login, id: 601_000_001, type: "Organization" },
    private: true,
    default_branch: "main",
    url: `${url()}/repos/${fullName}`,
    html_url: `${url()}/${fullName}`,
  };
}

export function workflowShape(repository: Repository, disabled: boolean) {
  const { fullName, url, file, workflowName } = repository;
  return {
    id: WORKFLOW_ID,
    name: workflowName,
    path: `.github/workflows/${file}`,
    state: disabled ? "disabled_manually" : "active",
    url: `${url()}/repos/${fullName}/actions/workflows/${WORKFLOW_ID}`,
    html_url: `${url()}/${fullName}/blob/main/.github/workflows/${file}`,
  };
}

export function runShape(run: Run, repository: Repository) {
  const { fullName, url, file, workflowName } = repository;
  const api = `${url()}/repos/${fullName}/actions/runs/${run.id}`;
  const actor = { login: "nightdesk[bot]", id: 701_000_001, type: "Bot" };
  return {
    id: run.id,
    name: workflowName,
    display_title: run.title,
    head_branch: branchOf(run.ref),
    head_sha: shaOf(branchOf(run.ref)),
    path: `.github/workflows/${file}`,
    run_number: run.number,
    run_attempt: run.attempt,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: WORKFLOW_ID,
    url: api,
    html_url: htmlUrl(run, repository),
    created_at: second(run.createdAt),
    updated_at: second(run.updatedAt),
    run_started_at: second(run.startedAt ?? run.createdAt),
    jobs_url: `${api}/jobs`,
    logs_url: `${api}/logs`,
    cancel_url: `${api}/cancel`,
    rerun_url: `${api}/rerun`,
    actor,
    triggering_actor: actor,
    repository: repositoryShape(repository),
  };
}

export const htmlUrl = ({ id }: Run, { fullName, url }: Repository) => `${url()}/${fullName}/actions/runs/${id}`;

const STEPS = ["Set up job", "Run sync", "Complete job"];

export function jobShape(run: Run, repository: Repository) {
  const ended = run.status === "completed";
  return {
    id: run.jobId,
    run_id: run.id,
    run_attempt: run.attempt,
    name: "sync",
    workflow_name: repository.workflowName,
    status: run.status,
    conclusion: run.conclusion,
    created_at: second(run.createdAt),
    started_at: second(run.startedAt ?? run.createdAt),
    completed_at: ended ? second(run.updatedAt) : null,
    html_url: `${htmlUrl(run, repository)}/job/${run.jobId}`,
    steps: STEPS.map((name, index) => ({
      name,
      number: index + 1,
      status: ended
        ? "completed"
        : run.status === "queued" || index > 1
          ? "queued"
          : index === 1
            ? "in_progress"
            : "completed",
      conclusion: ended
        ? index === 1
          ? run.conclusion
          : "success"
        : run.status === "in_progress" && index === 0
          ? "success"
          : null,
    })),
  };
}

/** The log of the one job, a line each with its time as GitHub writes it. */
export function logOf(run: Run, lines: readonly string[]): string {
  const started = new Date(run.startedAt ?? run.createdAt).toISOString().replace("Z", "0000Z");
  const ended = new Date(run.updatedAt).toISOString().replace("Z", "0000Z");
  const end =
    run.error === null
      ? [`Sync ended: ${run.conclusion ?? "?"}`]
      : [`##[error]${run.error}`, "##[error]Process completed with exit code 1."];
  const before = [`Run sync with ${JSON.stringify(run.inputs)}`, ...lines];
  return `${[...before.map((line) => `${started} ${line}`), ...end.map((line) => `${ended} ${line}`)].join("\n")}\n`;
}

/** `refs/heads/main` and `main` are the same branch. */
export const branchOf = (ref: string): string => ref.replace(/^refs\/(heads|tags)\//, "");
