import { Cron } from "croner";
import { z } from "zod";
import type { Agenda } from "./agenda.ts";
import { ACCOUNT, type Actions, AwsError, action, REGION } from "./aws.ts";
import { revisionOf } from "./ecs-api.ts";
import type { Tasks } from "./ecs-tasks.ts";

const ecsParameters = z.looseObject({
  TaskDefinitionArn: z.string(),
  TaskCount: z.int().min(1).optional(),
  LaunchType: z.string().optional(),
  NetworkConfiguration: z.unknown().optional(),
});
const target = z.looseObject({
  Id: z.string().min(1).max(64),
  Arn: z.string(),
  RoleArn: z.string().optional(),
  EcsParameters: ecsParameters.optional(),
});
type RuleTarget = z.output<typeof target>;
const ofRule = { EventBusName: z.string().optional() };

/** The EventBridge rule that starts the family's task by a schedule, and its target. */
export function openRule(
  tasks: Tasks,
  around: { agenda: Agenda; now: () => number; rule: string; clusterArn: string; family: string },
) {
  const { agenda, now, rule, clusterArn, family } = around;
  const targets = new Map<string, RuleTarget>();
  const counts = { scheduleStarts: 0, failedInvocations: 0, pins: 0 };
  let cron: string | null = null;
  let cancel = () => {};

  const definitionArn = (revision: number) => `arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/${family}:${revision}`;

  /** As whoever deploys does it. */
  function pointAt(revision: number): void {
    targets.set("etl", {
      Id: "etl",
      Arn: clusterArn,
      RoleArn: `arn:aws:iam::${ACCOUNT}:role/ecsEventsRole`,
      EcsParameters: {
        TaskDefinitionArn: definitionArn(revision),
        TaskCount: 1,
        LaunchType: "FARGATE",
        NetworkConfiguration: { awsvpcConfiguration: { Subnets: ["subnet-0a1b2c3d"], AssignPublicIp: "DISABLED" } },
      },
    });
  }

  function fire(): void {
    for (const one of targets.values()) {
      const parameters = one.EcsParameters;
      const revision = parameters === undefined ? null : revisionOf(parameters.TaskDefinitionArn, family, tasks);
      // What a careless PutTargets has dropped is missing when the night comes.
      const whole =
        one.RoleArn !== undefined && one.Arn === clusterArn && parameters?.NetworkConfiguration !== undefined;
      const startedBy = `events-rule/${rule}`.slice(0, 36);
      const launch = { startedBy, group: null, overrides: {}, tags: [] };
      const started = whole && revision !== null ? tasks.launch({ ...launch, revision }) : null;
      counts[started === null ? "failedInvocations" : "scheduleStarts"]++;
    }
  }

  function schedule(given: string | null): void {
    cancel();
    cron = given;
    const next = given === null ? null : new Cron(given, { timezone: "UTC", paused: true }).nextRun(new Date(now()));
    if (next === null) return;
    cancel = agenda.at(next.getTime(), () => {
      fire();
      schedule(given);
    });
  }

  const need = (name: string, bus: string | undefined) => {
    if (name === rule && (bus ?? "default") === "default") return;
    throw new AwsError("ResourceNotFoundException", `Rule ${name} does not exist on EventBus ${bus ?? "default"}.`);
  };
  const actions: Actions = {
    DescribeRule: action(z.object({ Name: z.string(), ...ofRule }), ({ Name, EventBusName }) => {
      need(Name, EventBusName);
      return {
        Name,
        Arn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/${rule}`,
        EventBusName: "default",
        State: cron === null ? "DISABLED" : "ENABLED",
        ScheduleExpression: expressionOf(cron ?? "0 2 * * *"),
      };
    }),
    ListTargetsByRule: action(z.object({ Rule: z.string(), ...ofRule }), ({ Rule, EventBusName }) => {
      need(Rule, EventBusName);
      return { Targets: [...targets.values()] };
    }),
    PutTargets: action(
      z.object({ Rule: z.string(), Targets: z.array(target).min(1).max(100), ...ofRule }),
      ({ Rule, EventBusName, Targets }) => {
        need(Rule, EventBusName);
        // A target of that id is replaced whole.
        for (const one of Targets) targets.set(one.Id, one);
        counts.pins++;
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
    ),
  };
  const scheduleRevision = () => {
    const arn = [...targets.values()].find((one) => one.EcsParameters !== undefined)?.EcsParameters?.TaskDefinitionArn;
    return arn === undefined ? null : revisionOf(arn, family, tasks);
  };
  return { actions, pointAt, fire, schedule, counts: () => ({ ...counts, scheduleRevision: scheduleRevision() }) };
}

/** Five fields as people write them, as EventBridge writes them. */
function expressionOf(cron: string): string {
  const [minute = "0", hour = "0", day = "*", month = "*", weekday = "*"] = cron.trim().split(/\s+/);
  return weekday === "*"
    ? `cron(${minute} ${hour} ${day} ${month} ? *)`
    : `cron(${minute} ${hour} ? ${month} ${weekday} *)`;
}
