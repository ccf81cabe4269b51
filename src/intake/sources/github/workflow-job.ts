import { type Fields, fieldsOf, instantOf, isFields, tagsOf, textOf } from "../../reading.ts";
import type { Parsed } from "../contract.ts";
import { anyMatches, beside, failureOf, ignored, refused, signals, type Told, webUrl } from "./about.ts";
import { causeOf, jobsCondition } from "./workflow-run.ts";

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
