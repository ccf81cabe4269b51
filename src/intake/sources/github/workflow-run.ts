import { namesOf } from "../../../config/names.ts";
import { type Fields, fieldsOf, firstText, instantOf, tagsOf, textOf } from "../../reading.ts";
import type { Parsed, Signal } from "../contract.ts";
import { titleOf } from "../job.ts";
import {
  anyMatches,
  beside,
  deployTags,
  failureOf,
  ignored,
  loginOf,
  refused,
  signals,
  type Told,
  versionOf,
  webUrl,
} from "./about.ts";
import { deploysOf, jobOf, type Workflow, workflowIn } from "./workflows.ts";

/** A run's attempt, as far as it is told. */
interface Attempt {
  readonly told: Told;
  readonly run: Fields;
  readonly workflow: Workflow;
  readonly conclusion: string;
  readonly branch: string | undefined;
  /** What every signal of it carries. */
  readonly base: Pick<Signal, "at" | "rid" | "url" | "asOf"> & { readonly tags: Readonly<Record<string, string>> };
}

/** One attempt of a workflow: of a job of the catalogue, of a deployment, or of what is built from a branch. */
export function ofWorkflowRun(told: Told): Parsed {
  const run = fieldsOf(told.body, "workflow_run");
  const id = textOf(run["id"]);
  const workflow = workflowIn(run, fieldsOf(told.body, "workflow"));
  if (id === undefined || workflow === null) return refused("a workflow run without id or workflow");
  const number = textOf(run["run_attempt"]) ?? "1";
  const branch = textOf(run["head_branch"]);
  const foreign = ofOthers(told, run);
  if (foreign !== null) return ignored(foreign);
  // GitHub's times are whole seconds; of two attempts in one second the higher number is the newer.
  const begun = instantOf(run["run_started_at"]) ?? instantOf(run["created_at"]);
  const ended = told.action === "completed";
  const attempt: Attempt = {
    told,
    run,
    workflow,
    conclusion: textOf(run["conclusion"]) ?? "",
    branch,
    base: {
      at: (ended ? instantOf(run["updated_at"]) : begun) ?? told.delivery.receivedAt,
      asOf: begun?.add({ milliseconds: Math.min(Number(number) || 1, 999) }),
      rid: `${id}.${number}`,
      url: webUrl(run["html_url"]),
      tags: tagsOf({
        "github.repository": told.repository,
        "github.workflow": workflow.name,
        "github.branch": branch,
        "github.sha": run["head_sha"],
        "github.run": id,
        "github.attempt": number,
        "github.event": run["event"],
        "github.by": loginOf(fieldsOf(run, "triggering_actor"), fieldsOf(run, "actor")),
      }),
    },
  };
  const job = ofJob(attempt, { id, number });
  if (job !== null) return job;
  return ended ? ofEnd(attempt) : ignored(`a workflow run is only news when it is over, not ${told.action}`);
}

/** Why a run says nothing of what is ours: it tries what somebody proposes. Null when it does. */
function ofOthers(told: Told, run: Fields): string | null {
  const event = textOf(run["event"]) ?? "";
  if (/^pull_request/.test(event)) return "a run of a pull request is of what is not merged yet";
  const head = textOf(fieldsOf(run, "head_repository")["full_name"]);
  return head === undefined || head.toLowerCase() === told.repository.toLowerCase()
    ? null
    : `a run of the fork ${head}`;
}

/** What a job of the catalogue says of itself; null when the workflow is none. */
function ofJob(attempt: Attempt, execution: { id: string; number: string }): Parsed | null {
  const { told, run, base, conclusion } = attempt;
  const known = jobOf(told.catalogue, { repository: told.repository, workflow: attempt.workflow });
  if (known === null) return null;
  const [only, another] = known.environments;
  const of = (kind: Signal["kind"], over: Partial<Signal> = {}): Signal => ({
    ...base,
    kind,
    title: titleOf(told.catalogue, { job: known.job, kind }),
    job: known.job,
    ...(another === undefined ? { environment: only } : { environments: known.environments }),
    ...over,
    tags: {
      ...base.tags,
      "execution.scope": told.repository,
      "execution.id": execution.id,
      "execution.attempt": execution.number,
      ...tagsOf({ "execution.key": keyIn(run), "execution.ended": over.tags?.["execution.ended"] }),
    },
  });
  if (told.action === "in_progress") return signals(of("started"));
  if (told.action !== "completed") return ignored(`a job's run has not begun when it is ${told.action}`);
  if (conclusion === "success") return signals(of("finished"), ...deployed(attempt), ...jobsCleared(attempt));
  const failure = failureOf(conclusion);
  if (failure !== undefined) return signals(of("failed", { error: `the workflow ${failure}` }));
  const title = `${titleOf(told.catalogue, { job: known.job, kind: "progress" })}: ended as ${conclusion || "nothing"}`;
  return signals(of("progress", { title, tags: { "execution.ended": conclusion || "unknown" } }));
}

/** The key that Nightdesk gave the dispatch, where the workflow shows it in the run's name. */
function keyIn(run: Fields): string | undefined {
  const shown = [run["display_title"], run["name"]].map(textOf).filter((text) => text !== undefined);
  return /\bnd-[0-9a-f]{24}\b/.exec(shown.join(" "))?.[0];
}

function ofEnd(attempt: Attempt): Parsed {
  const { told, workflow, branch, conclusion } = attempt;
  const deploys = deploysOf(told.settings, { repository: told.repository, workflow });
  const failure = failureOf(conclusion);
  if (conclusion !== "success" && failure === undefined) {
    return ignored(`a workflow run that ended as ${conclusion || "nothing"} is neither a failure nor a success`);
  }
  if (deploys.length > 0) {
    return failure === undefined
      ? signals(...deployed(attempt), ...jobsCleared(attempt))
      : signals(...deploys.map((deploy) => deployFailed(attempt, deploy, failure)));
  }
  if (!anyMatches(told.settings.workflows, ...workflow.names)) {
    return ignored(`workflow ${workflow.name} is none of workflows:`);
  }
  const why = beside(told, branch);
  if (why !== null) return ignored(why);
  const common = {
    ...attempt.base,
    service: told.service,
    cause: causeOf(workflow.name),
    condition: `${told.repository} workflow ${workflow.identity} ${branch}`,
  };
  const where = `Workflow ${workflow.name}`;
  if (failure !== undefined) {
    return signals({ ...common, kind: "failed", title: `${where} ${failure} on ${branch} of ${told.repository}` });
  }
  const title = `${where} succeeded on ${branch} of ${told.repository}`;
  return signals({ ...common, kind: "resolved", title }, ...jobsCleared(attempt));
}

export const causeOf = (workflow: string): string => `workflow ${workflow}`;

type Deploy = Told["settings"]["deploys"][number];

/** Of every environment that a success of this workflow deploys to: the deployment, and the end of its trouble. */
function deployed(attempt: Attempt): Signal[] {
  const { told, workflow } = attempt;
  return deploysOf(told.settings, { repository: told.repository, workflow }).flatMap((deploy): Signal[] => {
    const { what, signal } = ofDeploy(attempt, deploy, "succeeded");
    return [
      { ...signal, kind: "resolved", title: `Workflow ${workflow.name} succeeded for ${signal.environment}` },
      { ...signal, kind: "deployed", title: `${what} was deployed to ${signal.environment}` },
    ];
  });
}

function deployFailed(attempt: Attempt, deploy: Deploy, failure: string): Signal {
  const { what, signal } = ofDeploy(attempt, deploy, "failed");
  return { ...signal, kind: "failed", title: `Deployment of ${what} to ${signal.environment} ${failure}` };
}

function ofDeploy({ told, run, workflow, base }: Attempt, deploy: Deploy, status: "succeeded" | "failed") {
  const sha = textOf(run["head_sha"]);
  const ref = textOf(run["head_branch"]);
  const names = namesOf(told.catalogue);
  const service = deploy.service === undefined ? told.service : names.service(deploy.service);
  const environment = names.environment(deploy.environment);
  const by = firstText(base.tags["github.by"]);
  const tags = { ...base.tags, ...deployTags(told, { id: base.rid, status, ref, sha, by }) };
  const condition = `${told.repository} workflow ${workflow.identity} to ${environment}`;
  const cause = causeOf(workflow.name);
  const signal = { ...base, tags, service, environment, cause, condition };
  const what = [service, versionOf(told, ref, sha)].filter((word) => word !== undefined).join(" ");
  return { what, signal };
}

/** What the jobs of a workflow told before its end is over when it succeeds: it may go on after a job that failed. */
function jobsCleared({ told, workflow, branch, base }: Attempt): Signal[] {
  if (!told.settings.jobs || branch === undefined) return [];
  const { asOf: _, ...rest } = base;
  const condition = jobsCondition(told, workflow.name, branch);
  const title = `Workflow ${workflow.name} succeeded in spite of a failed job`;
  return [{ ...rest, kind: "resolved", title, service: told.service, cause: causeOf(workflow.name), condition }];
}

export const jobsCondition = (told: Told, workflow: string, branch: string): string =>
  `${told.repository} jobs of ${workflow} ${branch}`;
