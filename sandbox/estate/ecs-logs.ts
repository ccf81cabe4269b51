import { z } from "zod";
import { type Actions, AwsError, action } from "./aws.ts";
import type { EcsBehaviour, Task, Tasks } from "./ecs-tasks.ts";

const STEPS = ["extract", "transform", "load", "publish"];

interface Line {
  readonly timestamp: number;
  readonly message: string;
}

/** What a task has logged by now, worked out when it is read: one that fails for ever costs nothing while it does. */
function linesOf(task: Task, behaviour: EcsBehaviour, now: number): Line[] {
  const { startedAt, how, quietAt } = task;
  if (startedAt === null) return [];
  const lines: Line[] = [{ timestamp: startedAt, message: `INFO  Starting ETL, revision ${task.revision}` }];
  const until = Math.min(now, quietAt ?? now);
  if (how.fail === null) {
    for (const [index, step] of STEPS.entries()) {
      const timestamp = startedAt + Math.round((behaviour.durationMs * (index + 1)) / STEPS.length);
      lines.push({ timestamp, message: `INFO  Step [${step}] finished` });
    }
  } else {
    const { failAfterMs, retryEveryMs } = behaviour;
    for (let attempt = 0; attempt <= how.retries; attempt++) {
      const timestamp = startedAt + failAfterMs + attempt * retryEveryMs;
      if (timestamp > until) break;
      lines.push({ timestamp, message: `ERROR Step [extract] failed, attempt ${attempt + 1}: ${how.fail}` });
    }
  }
  return lines.filter(({ timestamp }) => timestamp <= until);
}

const MOST_EVENTS = 10_000;
const getLogEvents = z.object({
  logGroupName: z.string().optional(),
  logGroupIdentifier: z.string().optional(),
  logStreamName: z.string(),
  startFromHead: z.boolean().default(false),
  nextToken: z.string().optional(),
  limit: z.int().min(1).max(MOST_EVENTS).default(MOST_EVENTS),
});

/** CloudWatch Logs as far as a task's own stream goes. */
export function logActions(
  tasks: Tasks,
  around: { group: string; stream: (task: Task) => string; now: () => number },
): Actions {
  const notFound = (what: string) =>
    new AwsError("ResourceNotFoundException", `The specified log ${what} does not exist.`);
  return {
    GetLogEvents: action(getLogEvents, (asked) => {
      if ((asked.logGroupName ?? asked.logGroupIdentifier) !== around.group) throw notFound("group");
      const task = tasks.all().find((one) => around.stream(one) === asked.logStreamName && one.startedAt !== null);
      if (task === undefined) throw notFound("stream");
      const lines = linesOf(task, tasks.behaviour(), around.now());
      const [from, to] = range(asked, lines.length);
      return {
        events: lines.slice(from, to).map((line) => ({ ...line, ingestionTime: line.timestamp })),
        nextForwardToken: `f/${to}`,
        nextBackwardToken: `b/${from}`,
      };
    }),
  };
}

/** The page that a token or the end to begin at asks for, as positions. */
function range(asked: z.output<typeof getLogEvents>, count: number): [from: number, to: number] {
  const { nextToken, limit, startFromHead } = asked;
  if (nextToken === undefined) return startFromHead ? [0, Math.min(count, limit)] : [Math.max(0, count - limit), count];
  const match = /^([fb])\/(\d+)$/.exec(nextToken);
  if (match === null) throw new AwsError("InvalidParameterException", "The specified nextToken is invalid.");
  const at = Number(match[2]);
  return match[1] === "f" ? [at, Math.min(count, at + limit)] : [Math.max(0, at - limit), at];
}
