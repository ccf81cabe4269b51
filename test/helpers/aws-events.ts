/** Events of Amazon's, invented, in the shape that its documentation gives. */

const ACCOUNT = "111122223333";
const REGION = "eu-west-2";
export const ALARM_ARN = `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:esr-notifier-lag`;

type Fields = Readonly<Record<string, unknown>>;

export const alarmMessage = (over: Fields = {}): Fields => ({
  AlarmName: "esr-notifier-lag",
  AlarmDescription: "The outbound queue is not read",
  AWSAccountId: ACCOUNT,
  NewStateValue: "ALARM",
  NewStateReason: "Threshold Crossed: 1 datapoint was greater than the threshold (600.0).",
  StateChangeTime: "2021-03-16T14:40:00.123+0000",
  Region: "EU (London)",
  AlarmArn: ALARM_ARN,
  OldStateValue: "OK",
  Trigger: {
    MetricName: "ApproximateAgeOfOldestMessage",
    Namespace: "AWS/SQS",
    Dimensions: [{ value: "outbound", name: "QueueName" }],
  },
  ...over,
});

const event = (type: string, source: string, over: Fields): Fields => ({
  version: "0",
  id: "5c2f1a10-0000-4000-8000-000000000001",
  "detail-type": type,
  source,
  account: ACCOUNT,
  time: "2021-03-16T14:40:30Z",
  region: REGION,
  ...over,
});

export const alarmEvent = (value = "ALARM", over: Fields = {}): Fields =>
  event("CloudWatch Alarm State Change", "aws.cloudwatch", {
    resources: [ALARM_ARN],
    detail: {
      alarmName: "esr-notifier-lag",
      configuration: {
        description: "The outbound queue is not read",
        metrics: [
          { id: "e1", expression: "m1 / 60" },
          {
            id: "m1",
            metricStat: {
              metric: { dimensions: { QueueName: "outbound" }, name: "Age", namespace: "AWS/SQS" },
              period: 60,
            },
          },
        ],
      },
      previousState: { value: "OK", timestamp: "2021-03-16T14:00:00.000+0000" },
      state: { value, reason: "Threshold Crossed", timestamp: "2021-03-16T14:40:00.123+0000" },
    },
    ...over,
  });

const TASK = `arn:aws:ecs:${REGION}:${ACCOUNT}:task/tis-prod/0f1e2d`;

export const taskEvent = (detail: Fields = {}, over: Fields = {}): Fields =>
  event("ECS Task State Change", "aws.ecs", {
    resources: [TASK],
    detail: {
      clusterArn: `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/tis-prod`,
      containers: [{ name: "etl", exitCode: 1, lastStatus: "STOPPED", image: "etl:7" }],
      desiredStatus: "STOPPED",
      group: "family:personElasticSearchSyncJob",
      lastStatus: "STOPPED",
      startedAt: "2021-03-16T14:10:00.000Z",
      stopCode: "EssentialContainerExited",
      stoppedAt: "2021-03-16T14:40:00.000Z",
      stoppedReason: "Essential container in task exited",
      taskArn: TASK,
      taskDefinitionArn: `arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/personElasticSearchSyncJob:7`,
      version: 5,
      ...detail,
    },
    ...over,
  });

const SERVICE = `arn:aws:ecs:${REGION}:${ACCOUNT}:service/tis-prod/esr-notifier`;

export const serviceEvent = (eventType: string, eventName: string, detail: Fields = {}): Fields =>
  event("ECS Service Action", "aws.ecs", {
    resources: [SERVICE],
    detail: { eventType, eventName, clusterArn: `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/tis-prod`, ...detail },
  });

export const deploymentEvent = (eventName: string, detail: Fields = {}): Fields =>
  event("ECS Deployment State Change", "aws.ecs", {
    resources: [SERVICE],
    detail: {
      eventType: eventName.endsWith("FAILED") ? "ERROR" : "INFO",
      eventName,
      deploymentId: "ecs-svc/123",
      updatedAt: "2021-03-16T14:39:00Z",
      reason: "ECS deployment ecs-svc/123 ended.",
      ...detail,
    },
  });
