import type { RunTaskRequest } from "@aws-sdk/client-ecs";
import { ConnectorError, type Handle, type Intent } from "../contract.ts";
import { digestOf } from "../vendor/digest.ts";
import { filled, filledName, valuesOf } from "../vendor/template.ts";
import { type About, clusterOf, startedByOf } from "./about.ts";
import { othersUnderWay } from "./preflight.ts";
import { definitionToRun } from "./versions.ts";

export async function start(about: About, intent: Intent): Promise<Handle> {
  const { target, calls } = about;
  // ECS starts as many as it is asked for. Between this look and the start there is room for another one: the lease is
  // what keeps Nightdesk's own apart.
  const others = await othersUnderWay(about, intent);
  if (others !== null)
    throw new ConnectorError("conflict", `${others}: an execution that is not this run's is under way`);
  const request = requestOf(about, intent, await definitionToRun(about, intent));
  const ecs = await about.ecs();
  const answer = await calls
    .act(() => ecs.runTask(request))
    .catch((error: unknown) => {
      const taskArn = arnOfSameToken(error);
      if (taskArn === null) throw error;
      return { tasks: [{ taskArn }], failures: [] };
    });
  const taskArn = answer.tasks?.[0]?.taskArn;
  if (taskArn !== undefined) return { scope: clusterOf(about, intent), externalId: taskArn };
  const [failure] = answer.failures ?? [];
  if (failure === undefined) throw new ConnectorError("ambiguous", `${target} answered without a task`);
  const why = [failure.reason, failure.detail].filter((text) => text !== undefined).join(": ");
  // No room for it now is the one refusal that time mends.
  const noRoom = /^(RESOURCE|AGENT|Capacity)/i.test(failure.reason ?? "");
  throw new ConnectorError(
    noRoom ? "retryable" : "invalid",
    `${target} did not place a task (${calls.words.quote(why)})`,
  );
}

/** The token is this intent's alone: a start under it, be it with an older wording, is this start. */
function arnOfSameToken(error: unknown): string | null {
  const cause = error instanceof ConnectorError ? error.cause : null;
  if (!(cause instanceof Error) || cause.name !== "ConflictException" || !("resourceIds" in cause)) return null;
  const ids: unknown = cause.resourceIds;
  return Array.isArray(ids) && typeof ids[0] === "string" ? ids[0] : null;
}

function requestOf(about: About, intent: Intent, taskDefinition: string): RunTaskRequest {
  const { launchType, networkConfiguration, container, overrides } = about.settings;
  const values = valuesOf(intent);
  const command = overrides?.command?.map((part) => filled(part, values));
  if (command?.includes(null)) {
    throw new ConnectorError("invalid", `the command of ${intent.job} needs parameters that were not given`);
  }
  const environment = Object.entries(overrides?.environment ?? {}).flatMap(([name, template]) => {
    const value = filled(template, values);
    return value === null ? [] : [{ name, value }];
  });
  const tag = (text: string) => text.replace(/[^\p{L}\p{N}\s+\-=._:/@]/gu, "_").slice(0, 256);
  const { requestedBy, reason } = intent;
  return {
    cluster: clusterOf(about, intent),
    taskDefinition,
    count: 1,
    clientToken: digestOf(intent.intentKey),
    startedBy: startedByOf(intent),
    ...(launchType === undefined ? {} : { launchType }),
    ...(networkConfiguration === undefined
      ? {}
      : {
          networkConfiguration: {
            awsvpcConfiguration: {
              subnets: networkConfiguration.subnets,
              securityGroups: networkConfiguration.securityGroups,
              assignPublicIp: networkConfiguration.assignPublicIp ? "ENABLED" : "DISABLED",
            },
          },
        }),
    ...(container === undefined || overrides === undefined
      ? {}
      : {
          overrides: {
            containerOverrides: [
              {
                name: filledName(container, intent),
                ...(command === undefined ? {} : { command: command.filter((part) => part !== null) }),
                environment,
              },
            ],
          },
        }),
    tags: [
      { key: "nightdesk:requested-by", value: tag(`${requestedBy.name} / ${requestedBy.key}`) },
      { key: "nightdesk:job", value: tag(`${intent.job} ${intent.environment}`) },
      ...(reason === undefined ? [] : [{ key: "nightdesk:reason", value: tag(reason) }]),
    ],
  };
}
