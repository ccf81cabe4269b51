import { z } from "zod";
import { awsSettings, ownCredentials } from "../aws/settings.ts";

const name = z.string().min(1);

/** A job that is a task of Amazon ECS. `${target.name}` may stand in every name, `${parameter.x}` in the overrides. */
export const ecsSettings = z
  .strictObject({
    connector: z.literal("ecs").optional(),
    ...awsSettings,
    /** Its name or its ARN. */
    cluster: name,
    /** The family of task definitions. */
    family: name.default("${target.name}"),
    launchType: z.enum(["EC2", "FARGATE", "EXTERNAL"]).optional(),
    networkConfiguration: z
      .strictObject({
        subnets: z.array(name).min(1),
        securityGroups: z.array(name).default([]),
        assignPublicIp: z.boolean().default(false),
      })
      .optional(),
    /** The container whose exit code and log are the job's; without it all of them have to end with 0. */
    container: name.optional(),
    /** A variable whose parameter is not given is not set; a command needs all of its parameters. */
    overrides: z
      .strictObject({
        command: z.array(z.string()).min(1).optional(),
        environment: z.record(name, z.string()).default({}),
      })
      .optional(),
    /** The EventBridge rule that is the job's own schedule. */
    rule: z.strictObject({ name, targetId: name.optional(), bus: name.default("default") }).optional(),
    /** Where the container's awslogs driver writes. */
    logs: z.strictObject({ group: name, streamPrefix: name }).optional(),
  })
  .transform(({ timeout, ...settings }) => ({ ...settings, timeoutMs: timeout }))
  .refine(ownCredentials.holds, { path: ["credentials"], error: ownCredentials.error })
  .refine(({ container, overrides, logs }) => container !== undefined || (overrides ?? logs) === undefined, {
    path: ["container"],
    error: "overrides and logs are those of one container: name it",
  });

export type EcsSettings = z.output<typeof ecsSettings>;
