import { namesOf } from "../../../config/names.ts";
import { type Fields, fieldsOf, firstText, instantOf, isFields, textOf } from "../../reading.ts";
import type { Parsed, Signal } from "../contract.ts";
import { beside, deployTags, ignored, loginOf, refused, signals, type Told, versionOf, webUrl } from "./about.ts";
import { causeOf } from "./workflow-run.ts";
import { workflowIn } from "./workflows.ts";

/** A deployment that has ended, well or badly. */
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
