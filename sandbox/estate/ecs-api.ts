import { z } from "zod";
import { ACCOUNT, type Actions, AwsError, action, REGION } from "./aws.ts";
import { STOP_TIMEOUT_S, type Task, type Tasks } from "./ecs-tasks.ts";

export interface EcsPlace {
  readonly tasks: Tasks;
  readonly cluster: string;
  readonly family: string;
  readonly logGroup: string;
  readonly now: () => number;
  /** Whether there is room for another task. */
  readonly capacity: () => boolean;
  readonly asked: (what: "startCalls" | "apiStarts") => void;
}

const text = z.string();
const runTask = z.object({
  cluster: text.optional(),
  taskDefinition: text,
  count: z.int().min(1).max(10).default(1),
  clientToken: z
    .string()
    .regex(/^[!-~]{1,64}$/)
    .optional(),
  startedBy: z.string().max(128).optional(),
  group: text.optional(),
  overrides: z.unknown().optional(),
  tags: z.array(z.unknown()).default([]),
});
const listTasks = z.object({
  cluster: text.optional(),
  family: text.optional(),
  startedBy: text.optional(),
  desiredStatus: z.enum(["RUNNING", "PENDING", "STOPPED"]).default("RUNNING"),
  serviceName: text.optional(),
});

/** A stopped task is told of for an hour; a token is good for a day, or for as long as its tasks are. */
const STOPPED_SHOWN_MS = 3_600_000;
const TOKEN_LIVES_MS = 24 * 3_600_000;

export function ecsActions(place: EcsPlace): Actions {
  const { tasks, family, now } = place;
  const tokens = new Map<string, { input: string; at: number; ids: readonly string[] }>();
  const shown = (task: Task) => task.stoppedAt === null || now() - task.stoppedAt < STOPPED_SHOWN_MS;
  const needCluster = (given: string | undefined) => {
    const name = given?.split("/").at(-1) ?? "default";
    if (name !== place.cluster) throw new AwsError("ClusterNotFoundException", "Cluster not found.");
  };
  const find = (given: string) => {
    const task = tasks.find(given.split("/").at(-1) ?? "");
    return task !== null && shown(task) ? task : null;
  };

  /** The tasks that this token has started already; null when it is new. */
  function startedBefore(token: string, input: string): readonly Task[] | null {
    const known = tokens.get(token);
    if (known === undefined || now() - known.at >= TOKEN_LIVES_MS) return null;
    const found = known.ids.flatMap((id) => find(id) ?? []);
    if (found.length === 0) return null;
    if (known.input === input) return found;
    const taken = "The provided clientToken is already in use with a different RunTask request.";
    throw new AwsError("ConflictException", taken, { resourceIds: found.map(({ arn }) => arn) });
  }

  return {
    RunTask: action(runTask, (input) => {
      needCluster(input.cluster);
      place.asked("startCalls");
      const revision = revisionOf(input.taskDefinition, family, tasks);
      if (revision === null) throw new AwsError("ClientException", "TaskDefinition not found.");
      const { clientToken: token, count, startedBy = null, group = null, overrides = {}, tags } = input;
      const { clientToken: _, ...same } = input;
      const before = token === undefined ? null : startedBefore(token, JSON.stringify(same));
      if (before !== null) return { tasks: before.map((task) => shape(task, place)), failures: [] };
      if (!place.capacity()) return { tasks: [], failures: [{ reason: "Capacity is unavailable at this time." }] };
      const launch = { revision, startedBy, group, overrides, tags };
      const started = Array.from({ length: count }, () => tasks.launch(launch)).filter((task) => task !== null);
      for (const _ of started) place.asked("apiStarts");
      if (token !== undefined) {
        tokens.set(token, { input: JSON.stringify(same), at: now(), ids: started.map(({ id }) => id) });
      }
      return { tasks: started.map((task) => shape(task, place)), failures: [] };
    }),
    DescribeTasks: action(
      z.object({ cluster: text.optional(), tasks: z.array(text).min(1).max(100) }),
      ({ cluster, tasks: wanted }) => {
        needCluster(cluster);
        const missing = wanted.filter((one) => find(one) === null);
        return {
          tasks: wanted.flatMap((one) => find(one) ?? []).map((task) => shape(task, place)),
          failures: missing.map((one) => ({ arn: arnOf(one, place), reason: "MISSING" })),
        };
      },
    ),
    ListTasks: action(listTasks, ({ cluster, family: wanted, startedBy, desiredStatus, serviceName }) => {
      needCluster(cluster);
      if (startedBy !== undefined && (wanted !== undefined || serviceName !== undefined)) {
        throw new AwsError("InvalidParameterException", "startedBy must be the only filter.");
      }
      const found = tasks
        .all()
        .filter((task) => shown(task) && task.desired === desiredStatus && serviceName === undefined);
      const mine = found.filter(
        (task) => (startedBy ?? task.startedBy) === task.startedBy && (wanted === undefined || wanted === family),
      );
      return { taskArns: mine.map(({ arn }) => arn) };
    }),
    StopTask: action(
      z.object({ cluster: text.optional(), task: text, reason: text.optional() }),
      ({ cluster, task, reason }) => {
        needCluster(cluster);
        const found = find(task);
        if (found === null) throw new AwsError("InvalidParameterException", "The referenced task was not found.");
        tasks.stop(found, reason ?? null);
        return { task: shape(found, place) };
      },
    ),
    DescribeTaskDefinition: action(z.object({ taskDefinition: text }), ({ taskDefinition }) => {
      const revision = revisionOf(taskDefinition, family, tasks);
      if (revision === null) throw new AwsError("ClientException", "Unable to describe task definition.");
      return { taskDefinition: definition(revision, place), tags: [] };
    }),
    ListTaskDefinitions: action(
      z.object({
        familyPrefix: text.optional(),
        sort: z.enum(["ASC", "DESC"]).default("ASC"),
        maxResults: z.int().optional(),
      }),
      ({ familyPrefix, sort, maxResults }) => {
        const known = familyPrefix === undefined || familyPrefix === family;
        const ascending = known ? [...tasks.behaviour().revisions.keys()].sort((a, b) => a - b) : [];
        const sorted = sort === "ASC" ? ascending : ascending.reverse();
        return { taskDefinitionArns: sorted.slice(0, maxResults).map((revision) => definitionArn(family, revision)) };
      },
    ),
  };
}

/** `family`, `family:revision` or the whole ARN -> a revision that exists; null when there is none. */
export function revisionOf(given: string, family: string, tasks: Tasks): number | null {
  const [name, revision] = (given.split("/").at(-1) ?? "").split(":");
  if (name !== family) return null;
  const wanted = revision === undefined ? tasks.latest() : Number(revision);
  return tasks.behaviour().revisions.has(wanted) ? wanted : null;
}

const definitionArn = (family: string, revision: number) =>
  `arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/${family}:${revision}`;

const clusterArn = (cluster: string) => `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/${cluster}`;

const arnOf = (task: string, { cluster }: EcsPlace) =>
  task.startsWith("arn:") ? task : `arn:aws:ecs:${REGION}:${ACCOUNT}:task/${cluster}/${task}`;

function definition(revision: number, { family, logGroup }: EcsPlace): unknown {
  const options = { "awslogs-group": logGroup, "awslogs-region": REGION, "awslogs-stream-prefix": "ecs" };
  return {
    taskDefinitionArn: definitionArn(family, revision),
    family,
    revision,
    status: "ACTIVE",
    networkMode: "awsvpc",
    requiresCompatibilities: ["FARGATE"],
    containerDefinitions: [
      {
        name: family,
        image: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/${family}:build-${revision}`,
        essential: true,
        stopTimeout: STOP_TIMEOUT_S,
        logConfiguration: { logDriver: "awslogs", options },
      },
    ],
  };
}

function shape(task: Task, { cluster, family }: EcsPlace): unknown {
  const seconds = (ms: number | null) => (ms === null ? {} : ms / 1_000);
  const at = (name: string, ms: number | null) => (ms === null ? {} : { [name]: seconds(ms) });
  const status = task.status;
  return {
    taskArn: task.arn,
    clusterArn: clusterArn(cluster),
    taskDefinitionArn: definitionArn(family, task.revision),
    lastStatus: status,
    desiredStatus: task.desired,
    launchType: "FARGATE",
    group: task.group,
    ...(task.startedBy === null ? {} : { startedBy: task.startedBy }),
    overrides: task.overrides,
    tags: task.tags,
    ...at("createdAt", task.createdAt),
    ...at("startedAt", task.startedAt),
    ...at("stoppingAt", task.stoppingAt),
    ...at("stoppedAt", task.stoppedAt),
    ...(task.stopCode === null ? {} : { stopCode: task.stopCode, stoppedReason: task.stoppedReason }),
    containers: [
      {
        name: family,
        taskArn: task.arn,
        lastStatus: status === "PROVISIONING" ? "PENDING" : status === "DEPROVISIONING" ? "RUNNING" : status,
        ...(task.exitCode === null ? {} : { exitCode: task.exitCode }),
      },
    ],
  };
}
