import type { TaskDefinition } from "@aws-sdk/client-ecs";
import { ConnectorError, type Finding, type Intent } from "../contract.ts";
import { filledName, missingIn, valuesOf } from "../vendor/template.ts";
import { type About, definitionName, familyOf, isUnderWay, startedByOf, tasksOf } from "./about.ts";
import { definitionToRun, describe, pinned } from "./versions.ts";

/**
 * Is it the right account, are we let in, what would run, is it free. What blocks ends the look: behind a closed door
 * every further answer would only be the door again.
 */
export async function preflight(about: About, intent: Intent): Promise<Finding[]> {
  const found: Finding[] = parameters(about, intent);
  if (found.length > 0) return found;
  try {
    const definition = await describe(about, await definitionToRun(about, intent));
    found.push(...identity(about, definition));
    if (found.some(isBlock)) return found;
    found.push({ check: "credential", level: "info", text: `${about.target} lets Nightdesk read task definitions` });
    found.push(...job(about, intent, definition), ...(await version(about, intent, definition)));
    if (found.some(isBlock)) return found;
    return [...found, ...(await free(about, intent))];
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    const block = blockOf(about, intent, error);
    if (block === null) throw error;
    return [...found, block];
  }
}

const isBlock = (finding: Finding): boolean => finding.level === "block";

function blockOf({ target }: About, intent: Intent, error: ConnectorError): Finding | null {
  switch (error.kind) {
    case "auth":
      return {
        check: "credential",
        level: "block",
        text: error.message,
        wayOut: `Give Nightdesk's role at ${target} ecs:RunTask, ecs:StopTask, ecs:ListTasks, ecs:DescribeTasks and ecs:DescribeTaskDefinition (and events:ListTargetsByRule for the schedule).`,
      };
    case "invalid":
    case "not_found":
      return {
        check: intent.version === null ? "job" : "version",
        level: "block",
        text: error.message,
        wayOut: `Correct cluster, family or rule of targets.${target}, or \`name\` of ${intent.job} in ${intent.environment}.`,
      };
    default:
      return null;
  }
}

function parameters({ settings }: About, intent: Intent): Finding[] {
  const missing = missingIn(settings.overrides?.command ?? [], valuesOf(intent));
  if (missing.length === 0) return [];
  return [
    {
      check: "parameters",
      level: "block",
      text: `the command of ${intent.job} needs ${missing.join(", ")}`,
      wayOut: `Give it: ${missing.map((name) => `${name}=…`).join(" ")}`,
    },
  ];
}

function identity({ settings, target }: About, { taskDefinitionArn }: TaskDefinition): Finding[] {
  const [, , , region = "nowhere", account = "no account"] = (taskDefinitionArn ?? "").split(":");
  if (settings.account === undefined) {
    return [
      {
        check: "identity",
        level: "warn",
        text: `${target} is account ${account} in ${region}; the catalogue does not say which it has to be`,
      },
    ];
  }
  return [
    account === settings.account && region === settings.region
      ? { check: "identity", level: "info", text: `${target} is account ${account} in ${region}` }
      : {
          check: "identity",
          level: "block",
          text: `${target} is account ${account} in ${region}, and the catalogue says ${settings.account} in ${settings.region}: this is not the same place`,
          wayOut: `Correct the credentials, the region or the account of targets.${target} in the catalogue.`,
        },
  ];
}

function job({ settings, target }: About, intent: Intent, definition: TaskDefinition): Finding[] {
  const containers = definition.containerDefinitions ?? [];
  const own = settings.container === undefined ? null : filledName(settings.container, intent);
  const container = containers.find((one) => one.name === own) ?? (own === null ? containers[0] : undefined);
  if (container === undefined) {
    const names = containers.map((one) => one.name).join(", ") || "none";
    return [
      {
        check: "job",
        level: "block",
        text: `${definitionName(definition.taskDefinitionArn ?? "")} has no container ${own ?? ""} (it has ${names})`,
        wayOut: `Correct container of targets.${target} in the catalogue.`,
      },
    ];
  }
  const seconds = container.stopTimeout ?? 30;
  return [{ check: "stopping", level: "info", text: `told to stop, it gets ${seconds} s before ECS kills it` }];
}

async function version(about: About, intent: Intent, definition: TaskDefinition): Promise<Finding[]> {
  const name = definitionName(definition.taskDefinitionArn ?? "");
  if (definition.status !== "ACTIVE") {
    return [
      {
        check: "version",
        level: "block",
        text: `${name} is ${definition.status ?? "of no state"}: it cannot be run`,
        wayOut: "Name a revision that is active.",
      },
    ];
  }
  const schedule = about.settings.rule === undefined ? null : await pinned(about, intent);
  const differs =
    schedule !== null && schedule.version !== "latest" && schedule.version !== String(definition.revision);
  const beside = schedule === null ? "" : `; ${schedule.evidence}`;
  return [{ check: "version", level: differs ? "warn" : "info", text: `${name} would run${beside}` }];
}

async function free(about: About, intent: Intent): Promise<Finding[]> {
  const others = await othersUnderWay(about, intent);
  if (others === null) {
    return [{ check: "running", level: "info", text: `${about.target} runs no task of ${familyOf(about, intent)}` }];
  }
  return [
    {
      check: "running",
      level: "block",
      text: `${others}; this run did not start that`,
      wayOut: "Wait until it has ended, then ask again.",
    },
  ];
}

/** A task of the same family that is not this intent's, in words; null when there is none. */
export async function othersUnderWay(about: About, intent: Intent): Promise<string | null> {
  const own = startedByOf(intent);
  const tasks = await tasksOf(about, intent, { family: familyOf(about, intent) });
  const [other] = tasks.filter((task) => isUnderWay(task) && task.startedBy !== own);
  if (other === undefined) return null;
  const by = other.startedBy === undefined ? "" : `, started by ${about.calls.words.quote(other.startedBy)}`;
  const name = definitionName(other.taskDefinitionArn ?? familyOf(about, intent));
  return `${about.target} says that ${name} is ${other.lastStatus ?? "under way"}${by}`;
}
