import type { HookRequest } from "../../src/intake/sources/contract.ts";
import { hmac } from "./hear.ts";

/** What GitHub sends, invented: the fields that are read, and some that are not. */

type Over = Readonly<Record<string, unknown>>;

export function githubRequest(
  event: string,
  body: unknown,
  options: { secret?: string; guid?: string; form?: boolean } = {},
): HookRequest {
  const json = typeof body === "string" ? body : JSON.stringify(body);
  const raw = Buffer.from(options.form === true ? new URLSearchParams({ payload: json }).toString() : json);
  return {
    method: "POST",
    path: "",
    query: {},
    headers: {
      "content-type": options.form === true ? "application/x-www-form-urlencoded" : "application/json",
      "x-github-event": event,
      "x-github-delivery": options.guid ?? "5f0c1a52-0000-4000-8000-000000000001",
      "x-hub-signature-256": `sha256=${hmac(options.secret ?? "github-secret", raw)}`,
    },
    body: raw,
  };
}

const repository = (fullName: string, over: Over = {}) => ({
  id: 501,
  name: fullName.split("/")[1],
  full_name: fullName,
  default_branch: "main",
  html_url: `https://github.example.org/${fullName}`,
  ...over,
});

/** `over` is of the run; `more` of the event. */
export function workflowRun(over: Over = {}, more: Over = {}) {
  const repo = repository("acme/esr-gen");
  return {
    action: "completed",
    workflow_run: {
      id: 9001,
      name: "CI",
      path: ".github/workflows/ci.yml",
      display_title: "Map the permit as text",
      event: "push",
      status: "completed",
      conclusion: "failure",
      head_branch: "main",
      head_sha: "3f786850e387550fdab836ed7e6dc881de23001b",
      run_attempt: 1,
      run_started_at: "2021-03-16T14:30:00Z",
      updated_at: "2021-03-16T14:40:00Z",
      html_url: "https://github.example.org/acme/esr-gen/actions/runs/9001",
      actor: { login: "asha-gh" },
      head_repository: { full_name: "acme/esr-gen" },
      ...over,
    },
    workflow: { id: 71, name: "CI", path: ".github/workflows/ci.yml" },
    repository: repo,
    sender: { login: "asha-gh" },
    ...more,
  };
}

export function workflowJob(over: Over = {}, more: Over = {}) {
  return {
    action: "completed",
    workflow_job: {
      id: 9101,
      run_id: 9001,
      run_attempt: 1,
      name: "integration",
      workflow_name: "CI",
      status: "completed",
      conclusion: "failure",
      head_branch: "main",
      head_sha: "3f786850e387550fdab836ed7e6dc881de23001b",
      completed_at: "2021-03-16T14:38:00Z",
      html_url: "https://github.example.org/acme/esr-gen/actions/runs/9001/job/9101",
      steps: [
        { name: "Set up job", conclusion: "success" },
        { name: "Run the tests", conclusion: "failure" },
      ],
      ...over,
    },
    repository: repository("acme/esr-gen"),
    ...more,
  };
}

export function checkRun(over: Over = {}, more: Over = {}) {
  return {
    action: "completed",
    check_run: {
      id: 9201,
      name: "quality-gate",
      status: "completed",
      conclusion: "failure",
      head_sha: "3f786850e387550fdab836ed7e6dc881de23001b",
      started_at: "2021-03-16T14:31:00Z",
      completed_at: "2021-03-16T14:36:00Z",
      details_url: "https://quality.example.org/9201",
      output: { title: "3 new blockers", summary: null },
      app: { slug: "quality-cloud", name: "Quality Cloud" },
      check_suite: { head_branch: "main" },
      pull_requests: [],
      ...over,
    },
    repository: repository("acme/esr-gen"),
    ...more,
  };
}

/** `over` is of the status, `deployment` of the deployment. */
export function deploymentStatus(over: Over = {}, deployment: Over = {}, more: Over = {}) {
  return {
    action: "created",
    deployment_status: {
      id: 9302,
      state: "success",
      environment: "production",
      description: "",
      log_url: "https://github.example.org/acme/esr-gen/actions/runs/9003",
      created_at: "2021-03-16T14:34:00Z",
      updated_at: "2021-03-16T14:34:00Z",
      ...over,
    },
    deployment: {
      id: 9301,
      sha: "3f786850e387550fdab836ed7e6dc881de23001b",
      ref: "v6.2",
      environment: "production",
      created_at: "2021-03-16T14:31:00Z",
      creator: { login: "asha-gh" },
      ...deployment,
    },
    workflow: null,
    workflow_run: null,
    repository: repository("acme/esr-gen"),
    ...more,
  };
}
