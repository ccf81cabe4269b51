import { namesOf } from "../../../config/names.ts";
import { type Fields, fieldsOf, firstText, instantOf, isFields, tagsOf, textOf } from "../../reading.ts";
import type { Parsed, Signal } from "../contract.ts";
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
import { causeOf, jobsCondition } from "./workflow-run.ts";
import { workflowIn } from "./workflows.ts";

/** A job within a workflow's run. Its failure is told in the incident of the workflow, and only where that is asked for. */
export function ofWorkflowJob(told: Told): Parsed {
  if (!told.settings.jobs) return ignored("the end of a job is told by its workflow run (jobs: true tells it too)");
  const job = fieldsOf(told.body, "workflow_job");
  const name = textOf(job["name"]);
  const workflow = textOf(job["workflow_name"]);
  const branch = textOf(job["head_branch"]);
  const failure = failureOf(textOf(job["conclusion"]) ?? "");
  if (name === undefined) return refused("a workflow job without name");
  if (told.action !== "completed" || failure === undefined) return ignored("a workflow job that did not fail");
  if (workflow === undefined || branch === undefined) return ignored("a workflow job without workflow or branch");
  if (!anyMatches(told.settings.workflows, workflow)) return ignored(`workflow ${workflow} is none of workflows:`);
  const why = beside(told, branch);
  if (why !== null) return ignored(why);
  const step = stepThatFailed(job);
  return signals({
    kind: "failed",
    title: `Job ${name} of workflow ${workflow} ${failure} on ${branch} of ${told.repository}`,
    at: instantOf(job["completed_at"]) ?? told.delivery.receivedAt,
    service: told.service,
    cause: causeOf(workflow),
    condition: jobsCondition(told, workflow, branch),
    rid: `${textOf(job["run_id"]) ?? ""}.${textOf(job["run_attempt"]) ?? "1"}`,
    error: step === undefined ? undefined : `step "${step}" ${failure}`,
    url: webUrl(job["html_url"]),
    tags: tagsOf({
      "github.repository": told.repository,
      "github.workflow": workflow,
      "github.job": name,
      "github.branch": branch,
      "github.sha": job["head_sha"],
      "github.run": job["run_id"],
      "github.attempt": job["run_attempt"],
    }),
  });
}

function stepThatFailed(job: Fields): string | undefined {
  const steps: readonly unknown[] = Array.isArray(job["steps"]) ? job["steps"] : [];
  const failed = steps.find((step) => isFields(step) && failureOf(textOf(step["conclusion"]) ?? "") !== undefined);
  return isFields(failed) ? textOf(failed["name"]) : undefined;
}

/** A check of another app; those of GitHub Actions are the jobs of workflows. */
export function ofCheckRun(told: Told): Parsed {
  const check = fieldsOf(told.body, "check_run");
  const name = textOf(check["name"]);
  const app = firstText(fieldsOf(check, "app")["slug"], fieldsOf(check, "app")["name"]) ?? "an app";
  const branch = textOf(fieldsOf(check, "check_suite")["head_branch"]);
  const conclusion = textOf(check["conclusion"]) ?? "";
  const failure = failureOf(conclusion);
  if (name === undefined) return refused("a check run without name");
  if (app === "github-actions") return ignored("a check of GitHub Actions is told by its workflow run");
  if (told.action !== "completed" || (conclusion !== "success" && failure === undefined)) {
    return ignored(`a check run that is ${told.action} as ${conclusion || "nothing"} is no failure and no success`);
  }
  if (!anyMatches(told.settings.checks, name)) return ignored(`check ${name} is none of checks:`);
  const why = beside(told, branch);
  if (why !== null) return ignored(why);
  return signals({
    kind: failure === undefined ? "resolved" : "failed",
    title: `Check ${name} ${failure ?? "succeeded"} on ${branch} of ${told.repository}`,
    at: instantOf(check["completed_at"]) ?? told.delivery.receivedAt,
    asOf: instantOf(check["started_at"]),
    service: told.service,
    cause: `check ${name}`,
    condition: `${told.repository} check ${app} ${name} ${branch}`,
    rid: textOf(check["id"]),
    error: failure === undefined ? undefined : textOf(fieldsOf(check, "output")["title"]),
    url: webUrl(check["details_url"], check["html_url"]),
    tags: tagsOf({
      "github.repository": told.repository,
      "github.check": name,
      "github.app": app,
      "github.branch": branch,
      "github.sha": check["head_sha"],
    }),
  });
}

export function ofDeploymentStatus(told: Told): Parsed {
  const status = fieldsOf(told.body, "deployment_status");
  const deployment = fieldsOf(told.body, "deployment");
  const id = textOf(deployment["id"]);
  const named = firstText(status["environment"], deployment["environment"]);
  const state = textOf(status["state"]) ?? "";
  if (id === undefined || named === undefined) return refused("a deployment without id or environment");
  const environment = namesOf(told.catalogue).environment(named);
  const failed = state === "failure" || state === "error";
  if (!failed && state !== "success") return ignored(`a deployment that is ${state || "nothing"} has not ended`);
  const run = fieldsOf(told.body, "workflow_run");
  const ref = textOf(deployment["ref"]);
  const why = failed ? besidesEnvironment(told, { deployment, environment, ref }) : null;
  if (why !== null) return ignored(why);

  const sha = textOf(deployment["sha"]);
  const workflow = workflowIn(run, fieldsOf(told.body, "workflow"));
  const by = loginOf(
    ...[run["triggering_actor"], run["actor"], deployment["creator"], told.body["sender"]].map(asFields),
  );
  const version = versionOf(told, ref, sha);
  const what = [told.service, version].filter((word) => word !== undefined).join(" ");
  const common = {
    at: instantOf(status["updated_at"]) ?? instantOf(status["created_at"]) ?? told.delivery.receivedAt,
    asOf: instantOf(deployment["created_at"]),
    service: told.service,
    environment,
    cause: workflow === null ? "deployment" : causeOf(workflow.name),
    condition: `${told.repository} deployment to ${environment}`,
    rid: id,
    url: webUrl(status["log_url"], status["target_url"], run["html_url"], status["environment_url"]),
    error: failed ? textOf(status["description"]) : undefined,
    tags: deployTags(told, { id, status: failed ? "failed" : "succeeded", ref, sha, by }),
  } satisfies Partial<Signal>;
  if (failed) return signals({ ...common, kind: "failed", title: `Deployment of ${what} to ${environment} failed` });
  return signals(
    { ...common, kind: "resolved", title: `Deployment of ${what} to ${environment} succeeded` },
    { ...common, kind: "deployed", title: `${what} was deployed to ${environment}` },
  );
}

/** A place that is made for one branch and thrown away is nobody's trouble. */
function besidesEnvironment(
  told: Told,
  of: { deployment: Fields; environment: string; ref: string | undefined },
): string | null {
  if (namesOf(told.catalogue).keyOf("environment", of.environment) !== null) return null;
  if (of.deployment["transient_environment"] === true) return `environment ${of.environment} is a transient one`;
  const why = beside(told, of.ref?.replace(/^refs\/(heads|tags)\//, ""));
  return why === null ? null : `the catalogue has no environment ${of.environment}, and ${why}`;
}

const asFields = (value: unknown): Fields => (isFields(value) ? value : {});
