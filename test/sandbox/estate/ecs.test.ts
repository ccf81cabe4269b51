import { expect, test } from "vitest";
import { hours, minutes, openTarget, seconds } from "./support.ts";

const FAMILY = "arn:aws:ecs:eu-west-2:111122223333:task-definition/ndw-etl";

async function etl(options: Record<string, unknown> = {}) {
  const opened = await openTarget("ecs", {
    cluster: "tis-prod",
    family: "ndw-etl",
    revisions: { 11: "ok", 12: { fail: "Unknown column 'permitToWork'" } },
    channel: "monitoring-ndw",
    duration: "70m",
    ...options,
  });
  const { aws, target } = opened;
  const ecs = (action: string, body: object) =>
    aws(`AmazonEC2ContainerServiceV20141113.${action}`, { cluster: "tis-prod", ...body });
  return {
    ...opened,
    ecs,
    events: (action: string, body: object) => aws(`AWSEvents.${action}`, body),
    logs: (body: object) => aws("Logs_20140328.GetLogEvents", { logGroupName: "/ecs/ndw-etl", ...body }),
    run: async (body: object = {}) => taskOf((await ecs("RunTask", { taskDefinition: "ndw-etl:11", ...body })).body),
    look: async (arn: string) => taskOf((await ecs("DescribeTasks", { tasks: [arn] })).body),
    counts: () => target.counts(),
  };
}

interface Task {
  readonly [key: string]: unknown;
  readonly taskArn: string;
}

function taskOf(body: unknown): Task {
  const { tasks } = body as { tasks: Task[] };
  return tasks[0] ?? { taskArn: "none" };
}

test("a task is provisioned, runs, ends, says so in Slack and is forgotten an hour later", async () => {
  const { run, look, ecs, advance, posts, counts } = await etl();
  const started = await run({ startedBy: "nightdesk/run-1" });
  expect(started).toMatchObject({
    lastStatus: "PROVISIONING",
    desiredStatus: "RUNNING",
    taskDefinitionArn: `${FAMILY}:11`,
    startedBy: "nightdesk/run-1",
    createdAt: Date.parse("2023-12-11T14:45:00Z") / 1_000,
  });
  await advance(seconds(2));
  expect(await look(started.taskArn)).toMatchObject({ lastStatus: "RUNNING", containers: [{ name: "ndw-etl" }] });
  expect(counts()).toMatchObject({ starts: 1, active: 1, lastRevision: 11 });
  await advance(minutes(70));
  expect(await look(started.taskArn)).toMatchObject({
    lastStatus: "STOPPED",
    stopCode: "EssentialContainerExited",
    stoppedAt: Date.parse("2023-12-11T15:55:02Z") / 1_000,
    containers: [{ exitCode: 0 }],
  });
  expect(counts()).toMatchObject({ active: 0, succeeded: 1, failed: 0, messages: 2 });
  expect(posts).toEqual(["#monitoring-ndw ETL [ndw-etl] started.", "#monitoring-ndw ETL [ndw-etl] completed."]);
  await advance(hours(1));
  expect((await ecs("DescribeTasks", { tasks: [started.taskArn] })).body).toEqual({
    tasks: [],
    failures: [{ arn: started.taskArn, reason: "MISSING" }],
  });
});

test("one client token is one task, and another request with it a conflict", async () => {
  const { run, ecs, advance, counts } = await etl({ duration: "1m" });
  const first = await run({ clientToken: "k1" });
  expect((await run({ clientToken: "k1" })).taskArn).toBe(first.taskArn);
  const other = await ecs("RunTask", { taskDefinition: "ndw-etl:12", clientToken: "k1" });
  expect(other).toMatchObject({ status: 400, body: { __type: "ConflictException", resourceIds: [first.taskArn] } });
  expect(counts()).toMatchObject({ starts: 1, startCalls: 3 });
  await advance(minutes(90));
  expect((await run({ clientToken: "k1" })).taskArn).not.toBe(first.taskArn);
});

test("tasks are found again by who started them", async () => {
  const { run, ecs, advance } = await etl({ duration: "1m" });
  const mine = await run({ startedBy: "nightdesk/1" });
  await run({ startedBy: "somebody" });
  const arns = async (filter: object) => (await ecs("ListTasks", filter)).body;
  expect(await arns({ startedBy: "nightdesk/1" })).toEqual({ taskArns: [mine.taskArn] });
  expect(await arns({ family: "ndw-etl" })).toMatchObject({ taskArns: [mine.taskArn, expect.anything()] });
  await advance(minutes(5));
  expect(await arns({ startedBy: "nightdesk/1" })).toEqual({ taskArns: [] });
  expect(await arns({ startedBy: "nightdesk/1", desiredStatus: "STOPPED" })).toEqual({ taskArns: [mine.taskArn] });
  expect(await ecs("ListTasks", { startedBy: "nightdesk/1", family: "ndw-etl" })).toMatchObject({ status: 400 });
});

test("a failing revision logs its error and exits non-zero", async () => {
  const { run, look, logs, advance, posts, counts } = await etl();
  const { taskArn } = await run({ taskDefinition: "ndw-etl:12" });
  const logStreamName = `ecs/ndw-etl/${taskArn.split("/").at(-1)}`;
  expect(await logs({ logStreamName })).toMatchObject({ status: 400, body: { __type: "ResourceNotFoundException" } });
  await advance(minutes(5));
  expect(await look(taskArn)).toMatchObject({ lastStatus: "STOPPED", containers: [{ exitCode: 1 }] });
  const read = (await logs({ logStreamName, startFromHead: true, limit: 1 })).body;
  expect(read).toMatchObject({ events: [{ message: "INFO  Starting ETL, revision 12" }], nextForwardToken: "f/1" });
  expect((await logs({ logStreamName, nextToken: "f/1" })).body).toMatchObject({
    events: [{ message: "ERROR Step [extract] failed, attempt 1: Unknown column 'permitToWork'" }],
    nextForwardToken: "f/2",
  });
  expect((await logs({ logStreamName, nextToken: "f/2" })).body).toMatchObject({ events: [], nextForwardToken: "f/2" });
  expect(counts()).toMatchObject({ failed: 1, active: 0 });
  expect(posts.at(-1)).toBe("#monitoring-ndw <!channel> ETL [ndw-etl] failed: Unknown column 'permitToWork'");
});

test("one that retries for ever never ends: a start without a completion, and the error again and again", async () => {
  const { run, look, logs, ecs, advance, target, posts, counts } = await etl({
    revisions: { 12: { fail: "Unknown column", retries: "forever" }, 13: { fail: "x", retries: 2 } },
  });
  const { taskArn } = await run({ taskDefinition: "ndw-etl:12" });
  await advance(hours(3));
  expect(await look(taskArn)).toMatchObject({ lastStatus: "RUNNING" });
  expect(target.nextDueAt()).toBeNull();
  const logStreamName = `ecs/ndw-etl/${taskArn.split("/").at(-1)}`;
  expect((await logs({ logStreamName, limit: 1 })).body).toMatchObject({
    events: [{ message: "ERROR Step [extract] failed, attempt 179: Unknown column" }],
  });
  expect(posts).toEqual(["#monitoring-ndw ETL [ndw-etl] started."]);
  await ecs("StopTask", { task: taskArn, reason: "run 1: asked by asha" });
  expect(await look(taskArn)).toMatchObject({ desiredStatus: "STOPPED", lastStatus: "DEPROVISIONING" });
  await advance(seconds(5));
  expect(await look(taskArn)).toMatchObject({
    lastStatus: "STOPPED",
    stopCode: "UserInitiated",
    stoppedReason: "run 1: asked by asha",
    containers: [{ exitCode: 143 }],
  });
  expect(counts()).toMatchObject({ stops: 1, active: 0, failed: 0, succeeded: 0 });
  await run({ taskDefinition: "ndw-etl:13" });
  await advance(minutes(4));
  expect(counts()).toMatchObject({ failed: 1 });
});

test("one that does not end when it is told to is killed after two minutes", async () => {
  const { run, look, ecs, advance } = await etl({ stopSeconds: 600 });
  const { taskArn } = await run();
  await advance(minutes(1));
  await ecs("StopTask", { task: taskArn });
  await ecs("StopTask", { task: taskArn });
  await advance(seconds(119));
  expect(await look(taskArn)).toMatchObject({ lastStatus: "DEPROVISIONING" });
  await advance(seconds(1));
  expect(await look(taskArn)).toMatchObject({ lastStatus: "STOPPED", containers: [{ exitCode: 137 }] });
});

test("the rule starts the revision that it points at, every night, and can be pinned to another", async () => {
  const { events, advance, target, counts } = await etl({ schedule: "0 2 * * *", revisions: { 11: "ok" } });
  await target.change({ revisions: { 12: { fail: "x" } }, scheduleRevision: 12 });
  await advance(hours(12));
  expect(counts()).toMatchObject({
    scheduleStarts: 1,
    failed: 1,
    lastRevision: 12,
    scheduleRevision: 12,
    apiStarts: 0,
  });
  expect((await events("DescribeRule", { Name: "ndw-etl-nightly" })).body).toMatchObject({
    State: "ENABLED",
    ScheduleExpression: "cron(0 2 * * ? *)",
  });
  const listed = (await events("ListTargetsByRule", { Rule: "ndw-etl-nightly" })).body;
  const { Targets } = listed as { Targets: { EcsParameters: object }[] };
  const pinned = Targets.map((one) => ({
    ...one,
    EcsParameters: { ...one.EcsParameters, TaskDefinitionArn: `${FAMILY}:11` },
  }));
  expect((await events("PutTargets", { Rule: "ndw-etl-nightly", Targets: pinned })).body).toMatchObject({
    FailedEntryCount: 0,
  });
  await advance(hours(25));
  expect(counts()).toMatchObject({ scheduleStarts: 2, succeeded: 1, lastRevision: 11, scheduleRevision: 11, pins: 1 });
  expect((await events("DescribeRule", { Name: "other" })).body).toMatchObject({ __type: "ResourceNotFoundException" });
});

test("a target that was put back without its role or network starts nothing when it is time", async () => {
  const { events, target, counts } = await etl();
  const careless = { Id: "etl", Arn: "arn:aws:ecs:eu-west-2:111122223333:cluster/tis-prod" };
  const EcsParameters = { TaskDefinitionArn: `${FAMILY}:11` };
  await events("PutTargets", { Rule: "ndw-etl-nightly", Targets: [{ ...careless, EcsParameters }] });
  await target.change({ start: true });
  expect(counts()).toMatchObject({ failedInvocations: 1, scheduleStarts: 0, starts: 0 });
});

test("somebody can stop everything in the console", async () => {
  const { run, look, advance, target, counts } = await etl();
  const { taskArn } = await run();
  await target.change({ stop: true });
  await advance(seconds(10));
  expect(await look(taskArn)).toMatchObject({ lastStatus: "STOPPED", stoppedReason: "Task stopped by user" });
  expect(counts()).toMatchObject({ stops: 1, active: 0 });
});

test("it describes its revisions", async () => {
  const { ecs } = await etl();
  expect((await ecs("DescribeTaskDefinition", { taskDefinition: "ndw-etl" })).body).toMatchObject({
    taskDefinition: {
      taskDefinitionArn: `${FAMILY}:12`,
      revision: 12,
      containerDefinitions: [{ name: "ndw-etl", logConfiguration: { options: { "awslogs-group": "/ecs/ndw-etl" } } }],
    },
  });
  expect(await ecs("DescribeTaskDefinition", { taskDefinition: "ndw-etl:13" })).toMatchObject({ status: 400 });
  expect((await ecs("ListTaskDefinitions", { familyPrefix: "ndw-etl", sort: "DESC" })).body).toEqual({
    taskDefinitionArns: [`${FAMILY}:12`, `${FAMILY}:11`],
  });
});

test("who does not sign, or for another service, cluster or revision, gets nowhere", async () => {
  const { aws, ecs, target, counts } = await etl();
  const list = "AmazonEC2ContainerServiceV20141113.ListTasks";
  expect((await aws(list, {}, { authorization: "" })).body).toMatchObject({
    __type: "MissingAuthenticationTokenException",
  });
  expect((await aws(list, {}, { authorization: "Bearer x" })).body).toMatchObject({
    __type: "IncompleteSignatureException",
  });
  const scoped = `AWS4-HMAC-SHA256 Credential=A/20231211/eu-west-2/sqs/aws4_request, SignedHeaders=host, Signature=${"a".repeat(64)}`;
  expect((await aws(list, {}, { authorization: scoped })).body).toMatchObject({ __type: "InvalidSignatureException" });
  expect((await ecs("RunTask", { taskDefinition: "ndw-etl", cluster: "tis-preprod" })).body).toMatchObject({
    __type: "ClusterNotFoundException",
  });
  expect((await ecs("RunTask", { taskDefinition: "ndw-etl:99" })).body).toMatchObject({ __type: "ClientException" });
  expect((await ecs("DropEverything", {})).body).toMatchObject({ __type: "UnknownOperationException" });
  await target.change({ denied: true });
  expect((await ecs("ListTasks", {})).body).toMatchObject({ __type: "AccessDeniedException" });
  await target.change({ denied: false, throttle: 1, capacity: false });
  expect((await ecs("ListTasks", {})).body).toMatchObject({ __type: "ThrottlingException" });
  expect((await ecs("RunTask", { taskDefinition: "ndw-etl" })).body).toMatchObject({
    tasks: [],
    failures: [{ reason: "Capacity is unavailable at this time." }],
  });
  expect(counts()).toMatchObject({ starts: 0, refused: 8 });
});

test("an answer can be lost after the start", async () => {
  const { run, counts } = await etl({ dropAnswers: 1 });
  await expect(run({ clientToken: "k1" })).rejects.toThrow("fetch failed");
  await run({ clientToken: "k1" });
  expect(counts()).toMatchObject({ starts: 1 });
});

test("a silent one posts nothing", async () => {
  const { run, advance, posts, counts } = await etl({ silent: true });
  await run();
  await advance(hours(2));
  expect(posts).toEqual([]);
  expect(counts()).toMatchObject({ succeeded: 1, messages: 0 });
});

test("a behaviour that it does not know is refused", async () => {
  const { target } = await etl();
  await expect(target.change({ revision: 12 })).rejects.toThrow(/revision/);
  await expect(target.change({ revisions: { 12: "fine" } })).rejects.toThrow(/revisions/);
  await expect(target.change({ schedule: "often" })).rejects.toThrow(/often/);
  await expect(target.change({ revisions: { 12: { fail: "x", retries: "often" } } })).rejects.toThrow(/retries/);
});
