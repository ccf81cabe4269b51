import { Cron } from "croner";
import { z } from "zod";
import { openAgenda } from "./agenda.ts";
import { ACCOUNT, type AwsService, answerAws, REGION } from "./aws.ts";
import type { EstateKind, EstateWorld, Target } from "./contract.ts";
import { duration } from "./duration.ts";
import { ecsActions } from "./ecs-api.ts";
import { logActions } from "./ecs-logs.ts";
import { openRule } from "./ecs-rule.ts";
import { openTasks, type Revision } from "./ecs-tasks.ts";
import { present } from "./present.ts";
import { listen } from "./server.ts";
import { token } from "./token.ts";

const name = z.string().min(1);
const OK: Revision = { fail: null, retries: 0, exitCode: 0 };
const revision = z.union([
  z.literal("ok").transform(() => OK),
  z
    .strictObject({
      fail: name,
      retries: z.union([z.int().min(0), z.literal("forever").transform(() => Number.POSITIVE_INFINITY)]).default(0),
      exitCode: z.int().min(1).max(255).default(1),
    })
    .transform((given): Revision => given),
]);
const revisions = z
  .record(z.string().regex(/^[1-9]\d*$/, { error: "a revision is a number" }), revision)
  .transform((given) => new Map(Object.entries(given).map(([key, how]) => [Number(key), how])));
const cron = z
  .string()
  .refine(readableCron, { error: (issue) => `"${String(issue.input)}" is no cron of five fields` });

const behaviour = {
  /** Revisions that there are besides those before: `ok`, or how it fails. */
  revisions,
  duration,
  /** From running to the first failure. */
  failAfter: duration,
  /** How long a failing step waits before it tries again. */
  retryEvery: duration,
  startSeconds: z.number().min(0),
  /** How long a task takes to end when it is stopped; after 120 it is killed. */
  stopSeconds: z.number().min(0),
  /** It posts nothing. */
  silent: z.boolean(),
  /** Where it posts that it has started and ended; null: nowhere. */
  channel: name.nullable(),
  /** Which revision the rule starts, as a deploy sets it. */
  scheduleRevision: z.int().min(1),
  /** Five fields, UTC; null: the rule is disabled. */
  schedule: cron.nullable(),
  /** false: there is no room for a task. */
  capacity: z.boolean(),
  /** Everybody is refused. */
  denied: z.boolean(),
  /** The next so many calls are told to come back later. */
  throttle: z.int().min(0),
  /** The next so many starts are carried out and their answers are lost. */
  dropAnswers: z.int().min(0),
};
const all = z.object(behaviour).partial();
const options = z.strictObject({
  token,
  environment: name.optional(),
  cluster: name.default("default"),
  family: z
    .string()
    .regex(/^[\w-]+$/)
    .optional(),
  rule: name.optional(),
  ...all.shape,
});
const changes = z.strictObject({
  ...all.shape,
  /** The rule fires now. */
  start: z.literal(true).optional(),
  /** Somebody stops every task in the console. */
  stop: z.literal(true).optional(),
});
type Change = z.output<typeof all>;

/**
 * Amazon ECS with one family of tasks, the EventBridge rule that starts it at night, and the log streams in CloudWatch:
 * three AWS JSON services behind one address. ECS does not mind a second task beside the first.
 */
export const ecs: EstateKind = {
  name: "ecs",
  options,
  changes,
  start: async (given, world) => {
    const { token, ...rest } = options.parse(given);
    const account = openAccount(rest, world);
    const server = await listen(account.answer);
    return {
      kind: "ecs",
      url: server.url,
      token,
      nextDueAt: account.agenda.nextDueAt,
      tick: account.agenda.tick,
      change: async (change) => {
        await account.agenda.tick();
        const { start, stop, ...changed } = changes.parse(change);
        account.change(changed);
        if (stop === true) account.stop();
        if (start === true) account.fire();
        await account.agenda.tick();
      },
      counts: account.counts,
      close: async () => {
        account.agenda.close();
        await server.close();
      },
    } satisfies Target;
  },
};

function openAccount(given: Omit<z.output<typeof options>, "token">, world: EstateWorld) {
  const agenda = openAgenda(world);
  const { cluster, family = world.name, rule = `${given.family ?? world.name}-nightly` } = given;
  const counts = { calls: 0, refused: 0, startCalls: 0, apiStarts: 0 };
  const manners = { capacity: true, denied: false, throttle: 0, dropAnswers: 0 };
  const tasks = openTasks(
    {
      revisions: given.revisions ?? new Map([[1, OK]]),
      durationMs: 60 * 60_000,
      failAfterMs: 60_000,
      retryEveryMs: 60_000,
      startSeconds: 2,
      stopSeconds: 5,
      silent: false,
      channel: null,
    },
    { world, agenda, cluster, family },
  );
  const clusterArn = `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/${cluster}`;
  const nightly = openRule(tasks, { agenda, now: world.now, rule, clusterArn, family });
  nightly.pointAt(tasks.latest());
  const logGroup = `/ecs/${family}`;
  const place = { tasks, cluster, family, logGroup, now: world.now, capacity: () => manners.capacity };
  const services: AwsService[] = [
    {
      target: "AmazonEC2ContainerServiceV20141113",
      signedAs: "ecs",
      version: "1.1",
      actions: ecsActions({ ...place, asked: (what) => counts[what]++ }),
    },
    { target: "AWSEvents", signedAs: "events", version: "1.1", actions: nightly.actions },
    {
      target: "Logs_20140328",
      signedAs: "logs",
      version: "1.1",
      actions: logActions(tasks, { group: logGroup, stream: ({ id }) => `ecs/${family}/${id}`, now: world.now }),
    },
  ];

  function change(changed: Change): void {
    const { revisions, duration: durationMs, failAfter: failAfterMs, retryEvery: retryEveryMs } = changed;
    const { startSeconds, stopSeconds, silent, channel, capacity, denied, throttle, dropAnswers } = changed;
    const times = { durationMs, failAfterMs, retryEveryMs, startSeconds, stopSeconds };
    tasks.change(present({ revisions, silent, channel, ...times }));
    Object.assign(manners, present({ capacity, denied, throttle, dropAnswers }));
    if (changed.scheduleRevision !== undefined) nightly.pointAt(changed.scheduleRevision);
    if (changed.schedule !== undefined) nightly.schedule(changed.schedule);
  }
  change(given);

  return {
    agenda,
    change,
    fire: nightly.fire,
    stop: () => {
      for (const task of tasks.all()) if (task.status !== "STOPPED") tasks.stop(task, null);
    },
    answer: async (asked: Parameters<typeof answerAws>[0]) => {
      await agenda.tick();
      counts.calls++;
      const throttled = () => manners.throttle > 0 && manners.throttle-- > 0;
      const started = counts.apiStarts;
      const answered = answerAws(asked, services, { denied: manners.denied, throttled });
      if (answered.status >= 400) counts.refused++;
      if (counts.apiStarts === started || manners.dropAnswers === 0) return answered;
      manners.dropAnswers--;
      return { status: 0, cut: true } as const;
    },
    counts: () => ({ ...counts, ...tasks.counts(), ...nightly.counts() }),
  };
}

function readableCron(given: string): boolean {
  if (given.trim().split(/\s+/).length !== 5) return false;
  try {
    new Cron(given, { paused: true });
    return true;
  } catch {
    return false;
  }
}
