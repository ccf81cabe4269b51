import { namesOf } from "../../../config/names.ts";
import { type Fields, fieldsOf, firstText, instantOf, tagsOf, textOf } from "../../reading.ts";
import type { Parsed, Signal } from "../contract.ts";
import { titleOf } from "../job.ts";
import { type About, consoleUrl, partsOf, placeOf } from "./places.ts";
import { nameIn } from "./sns.ts";
import { endOfTask } from "./tasks.ts";

/** What is wrong with the tasks of a service is one thing, over when the service is steady again. */
const TASKS = "ECS tasks";
const DEPLOYMENT = "ECS deployment";

const ignored = (reason: string): Parsed => ({ kind: "ignored", reason });
const signals = (...all: readonly Signal[]): Parsed => ({ kind: "signals", signals: all });

/** `ECS Task State Change`: an execution of a job that started or ended, a task of a service that failed. */
export function readTask(event: Fields, about: About, receivedAt: Signal["at"]): Parsed {
  const detail = fieldsOf(event, "detail");
  const arn = textOf(detail["taskArn"]);
  const status = textOf(detail["lastStatus"]);
  if (arn === undefined || status === undefined) return { kind: "refused", reason: "a task without ARN or status" };
  const definition = nameIn(textOf(detail["taskDefinitionArn"]) ?? "");
  const who = subjectOf(textOf(detail["group"]), definition, about);
  const cluster = nameIn(textOf(detail["clusterArn"]) ?? "");
  const parts = partsOf(arn);
  const region = firstText(event["region"], parts.region);
  const end =
    status === "STOPPED" ? endOfTask(detail, { ...about.settings, ofService: who.service !== undefined }) : null;
  const common = {
    ...who,
    ...placeOf(about, [firstText(event["account"], parts.account), cluster, who.service, who.job, definition], who.job),
    url: consoleUrl(region, `ecs/v2/clusters/${cluster}/tasks/${nameIn(arn)}?region=${region}`),
    tags: tagsOf({
      "aws.account": firstText(event["account"], parts.account),
      "aws.region": region,
      "ecs.cluster": cluster,
      "ecs.task": nameIn(arn),
      "ecs.definition": definition,
      "ecs.stop_code": detail["stopCode"],
      "ecs.started_by": detail["startedBy"],
      exit_code: end?.kind === "failed" ? end.exitCode : end?.kind === "finished" ? "0" : undefined,
    }),
    occurrence: `task ${arn}`,
  };
  const at = (...times: readonly unknown[]) =>
    [...times, event["time"]].map(instantOf).find((time) => time !== undefined) ?? receivedAt;

  if (end === null) {
    if (status !== "RUNNING" || who.job === undefined || !who.known) return ignored(`a task that is ${status}`);
    const title = titleOf(about.catalogue, { job: who.job, kind: "started" });
    return signals({
      ...signalOf(common),
      kind: "started",
      title,
      rid: arn,
      at: at(detail["startedAt"], detail["updatedAt"]),
    });
  }
  if (end.kind === "stopped") return ignored(`a task that was taken down: ${end.why}`);
  const endedAt = at(detail["executionStoppedAt"], detail["stoppedAt"], detail["updatedAt"]);
  const error = end.kind === "failed" ? end.why : undefined;
  if (who.job !== undefined) {
    const title = titleOf(about.catalogue, { job: who.job, kind: end.kind });
    return signals({ ...signalOf(common), kind: end.kind, title, rid: arn, at: endedAt, error });
  }
  if (end.kind === "finished") return ignored("a task of a service that ended well");
  const title = `A task of ${who.service} failed`;
  const condition = conditionOfService(cluster, who.service);
  return signals({ ...signalOf(common), kind: "failed", title, at: endedAt, error, cause: TASKS, condition });
}

type Common = Omit<Signal, "kind" | "title" | "at"> & { readonly known?: boolean };
const signalOf = ({ known: _, ...common }: Common): Omit<Signal, "kind" | "title" | "at"> => common;
const conditionOfService = (cluster: string, service: string | undefined) => `ecs ${cluster}/${service ?? ""}`;

interface Subject {
  readonly service: string | undefined;
  readonly job: string | undefined;
  /** Whether the catalogue has it. */
  readonly known: boolean;
}

/** `service:NAME`, or the family of what was run by itself: a job, unless the catalogue knows it as a service. */
function subjectOf(group: string | undefined, definition: string, { catalogue }: About): Subject {
  const names = namesOf(catalogue);
  const [, word, name] = /^(service|family):(.+)$/.exec(group ?? "") ?? [];
  if (word === "service" && name !== undefined)
    return { service: name, job: undefined, known: names.keyOf("service", name) !== null };
  const family = definition.replace(/:\d+$/, "");
  const called = [name, family, group].filter((one) => one !== undefined && one !== "");
  const job = called.find((one) => names.keyOf("job", one ?? "") !== null);
  if (job !== undefined) return { service: undefined, job: names.job(job), known: true };
  const service = called.find((one) => names.keyOf("service", one ?? "") !== null);
  if (service !== undefined) return { service, job: undefined, known: true };
  return { service: undefined, job: called[0] ?? "a task without a family", known: false };
}

/** `ECS Service Action`: what hinders a service, and that it is steady again. */
export function readServiceAction(event: Fields, about: About, receivedAt: Signal["at"]): Parsed {
  const detail = fieldsOf(event, "detail");
  const type = textOf(detail["eventType"]);
  const name = textOf(detail["eventName"]);
  const what = ofService(event, about);
  if (what === null || name === undefined)
    return { kind: "refused", reason: "a service action without service or name" };
  const said = name
    .toLowerCase()
    .replaceAll("_", " ")
    .replace(/^service /, "");
  const common = {
    ...what.common,
    cause: TASKS,
    condition: conditionOfService(what.cluster, what.service),
    at: instantOf(event["time"]) ?? instantOf(detail["createdAt"]) ?? receivedAt,
    title: `${what.service}: ${said}`,
  };
  if (name === "SERVICE_STEADY_STATE") return signals({ ...common, kind: "resolved" });
  if (type !== "WARN" && type !== "ERROR") return ignored(`${name} begins and ends nothing`);
  return signals({ ...common, kind: "firing", error: textOf(detail["reason"]) });
}

/** `ECS Deployment State Change`: what was deployed, or was not. */
export function readDeployment(event: Fields, about: About, receivedAt: Signal["at"]): Parsed {
  const detail = fieldsOf(event, "detail");
  const name = textOf(detail["eventName"]) ?? "";
  const what = ofService(event, about);
  if (what === null) return { kind: "refused", reason: "a deployment without a service" };
  const version = textOf(detail["taskDefinitionArn"]) ?? textOf(detail["taskDefinition"]);
  const ended = /_(COMPLETED|FAILED)$/.exec(name)?.[1];
  if (ended === undefined) return ignored(`${name} begins and ends nothing`);
  const common = {
    ...what.common,
    cause: DEPLOYMENT,
    condition: `ecs deployment of ${what.cluster}/${what.service}`,
    at: instantOf(detail["updatedAt"]) ?? instantOf(event["time"]) ?? receivedAt,
    tags: {
      ...what.common.tags,
      ...tagsOf({
        "deploy.version": version === undefined ? undefined : nameOfDefinition(version),
        "deploy.id": detail["deploymentId"],
        "deploy.status": ended === "FAILED" ? "failure" : "success",
      }),
    },
  };
  if (ended === "FAILED") {
    const title = `The deployment of ${what.service} failed`;
    return signals({ ...common, kind: "failed", title, error: textOf(detail["reason"]) });
  }
  const title = `${what.service} was deployed`;
  return signals({ ...common, kind: "deployed", title }, { ...common, kind: "resolved", title });
}

const nameOfDefinition = (arn: string): string => arn.split("/").at(-1) ?? arn;

/** The service that `resources` names: `…:service/CLUSTER/NAME`, of old `…:service/NAME`. */
function ofService(event: Fields, about: About) {
  const listed: unknown = event["resources"];
  const arn = (Array.isArray(listed) ? listed : []).map(textOf).find((one) => one?.includes(":service/"));
  if (arn === undefined) return null;
  const service = nameIn(arn);
  const cluster =
    /:service\/([^/]+)\/[^/]+$/.exec(arn)?.[1] ?? nameIn(textOf(fieldsOf(event, "detail")["clusterArn"]) ?? "");
  const parts = partsOf(arn);
  const account = firstText(event["account"], parts.account);
  const region = firstText(event["region"], parts.region);
  const common = {
    service,
    ...placeOf(about, [account, cluster, service], undefined),
    url: consoleUrl(region, `ecs/v2/clusters/${cluster}/services/${service}?region=${region}`),
    tags: tagsOf({ "aws.account": account, "aws.region": region, "ecs.cluster": cluster, "ecs.service": service }),
  };
  return { service, cluster, common };
}
