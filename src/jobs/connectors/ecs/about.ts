import type { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import type { ECS, Task } from "@aws-sdk/client-ecs";
import type { EventBridge } from "@aws-sdk/client-eventbridge";
import { type AwsCalls, clientConfig, createAwsCalls } from "../aws/calls.ts";
import type { ConnectorContext, Intent } from "../contract.ts";
import { digestOf } from "../vendor/digest.ts";
import { filledName } from "../vendor/template.ts";
import type { EcsSettings } from "./settings.ts";

/** One target's clients, each loaded and made when it is first needed. */
export interface About extends Pick<ConnectorContext, "target" | "clock"> {
  readonly settings: EcsSettings;
  readonly calls: AwsCalls;
  ecs(): Promise<ECS>;
  events(): Promise<EventBridge>;
  logs(): Promise<CloudWatchLogs>;
}

export function aboutOf(settings: EcsSettings, { target, clock, redact }: ConnectorContext): About {
  const config = clientConfig(settings);
  let ecs: Promise<ECS> | undefined;
  let events: Promise<EventBridge> | undefined;
  let logs: Promise<CloudWatchLogs> | undefined;
  return {
    settings,
    target,
    clock,
    calls: createAwsCalls(settings, { target, redact }),
    ecs: () => {
      ecs ??= import("@aws-sdk/client-ecs").then((sdk) => new sdk.ECS(config));
      return ecs;
    },
    events: () => {
      events ??= import("@aws-sdk/client-eventbridge").then((sdk) => new sdk.EventBridge(config));
      return events;
    },
    logs: () => {
      logs ??= import("@aws-sdk/client-cloudwatch-logs").then((sdk) => new sdk.CloudWatchLogs(config));
      return logs;
    },
  };
}

export const clusterOf = ({ settings }: About, intent: Pick<Intent, "name">) => filledName(settings.cluster, intent);
export const familyOf = ({ settings }: About, intent: Pick<Intent, "name">) => filledName(settings.family, intent);

/** What ECS keeps of who started a task: at most 36 characters, the same for the same intent. */
export const startedByOf = (intent: Pick<Intent, "intentKey">): string =>
  `nightdesk/${digestOf(intent.intentKey).slice(0, 26)}`;

/** "etl:12" of an ARN, "etl" of one without a revision. */
export const definitionName = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1);

/** "12" of "etl:12" or its ARN; null without one. */
export const revisionOf = (definition: string): string | null =>
  /:(\d+)$/.exec(definitionName(definition))?.[1] ?? null;

/** Newest first is not promised; what ECS has forgotten (an hour after a task's end) is not there. */
export async function tasksOf(
  about: About,
  intent: Pick<Intent, "name">,
  filter: { readonly family: string } | { readonly startedBy: string },
): Promise<Task[]> {
  const cluster = clusterOf(about, intent);
  const ecs = await about.ecs();
  const arns: string[] = [];
  // By the state that is wanted of them: a task on its way to the end is listed as STOPPED and goes on meanwhile.
  for (const desiredStatus of ["RUNNING", "STOPPED"] as const) {
    let nextToken: string | undefined;
    do {
      const page = await about.calls.read(() =>
        ecs.listTasks({ cluster, desiredStatus, ...filter, ...(nextToken === undefined ? {} : { nextToken }) }),
      );
      arns.push(...(page.taskArns ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined && nextToken !== "");
  }
  const tasks: Task[] = [];
  for (let first = 0; first < arns.length; first += 100) {
    const some = arns.slice(first, first + 100);
    tasks.push(...((await about.calls.read(() => ecs.describeTasks({ cluster, tasks: some }))).tasks ?? []));
  }
  return tasks;
}

export const isUnderWay = (task: Task): boolean => task.lastStatus !== "STOPPED";
