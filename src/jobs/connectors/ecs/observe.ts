import type { Container, Task } from "@aws-sdk/client-ecs";
import { UnreadableAnswer } from "../aws/calls.ts";
import type { Handle, Intent, Observation } from "../contract.ts";
import { filledName } from "../vendor/template.ts";
import { type About, clusterOf, definitionName, revisionOf } from "./about.ts";
import { lastLines, newLines } from "./log.ts";

/** The container never ran, or was taken away from under it: the same start may do better. */
const MAY_DO_BETTER = new Set(["TaskFailedToStart", "SpotInterruption", "TerminationNotice"]);

/** What ECS shows as the reason of a stop that Nightdesk asked for begins so. */
export const STOPPED_BY_US = "Stopped by Nightdesk";

export async function observe(about: About, handle: Handle, intent: Intent, cursor: unknown): Promise<Observation> {
  const { target } = about;
  if (handle.externalId === null) return { phase: "unknown", evidence: `${target} gave no task to look at` };
  const ecs = await about.ecs();
  const tasks = [handle.externalId];
  const answer = await about.calls
    .read(() => ecs.describeTasks({ cluster: clusterOf(about, intent), tasks }))
    .catch((error: unknown) => {
      if (error instanceof UnreadableAnswer) return { unreadable: error.message };
      throw error;
    });
  if ("unreadable" in answer) return { phase: "unknown", evidence: answer.unreadable };
  const [task] = answer.tasks ?? [];
  if (task?.lastStatus === undefined) {
    return (answer.failures ?? []).some((failure) => failure.reason === "MISSING")
      ? { phase: "not_found", evidence: `${target} no longer knows the task ${idOf(handle.externalId)}` }
      : { phase: "unknown", evidence: `${target} did not say what the task ${idOf(handle.externalId)} does` };
  }
  const { trouble, ...log } = await newLines(about, intent, task, cursor);
  const seen =
    task.lastStatus === "STOPPED"
      ? ended(about, intent, task, await lastLines(about, intent, task))
      : ({ phase: "running", evidence: `${target} says that the task ${nameOf(task)} is ${task.lastStatus}` } as const);
  const version = task.taskDefinitionArn === undefined ? null : revisionOf(task.taskDefinitionArn);
  return {
    ...seen,
    ...log,
    ...(trouble === undefined || trouble === "" ? {} : { evidence: `${seen.evidence}; ${trouble}` }),
    ...(version === null ? {} : { version }),
  };
}

function ended(
  { settings, calls, target }: About,
  intent: Intent,
  task: Task,
  lines: readonly string[],
): Pick<Observation, "phase" | "evidence" | "error"> {
  const own = settings.container === undefined ? null : filledName(settings.container, intent);
  const judged = (task.containers ?? []).filter((container) => own === null || container.name === own);
  const exits = judged.map(exitOf).join(", ") || "no container";
  const why = calls.words.quote(task.stoppedReason ?? "");
  const evidence = `${target} says that the task ${nameOf(task)} stopped: ${exits}${why === "" ? "" : ` (${why})`}`;
  // Told to stop while it still ran: what the container made of the signal, exit code 0 too, is no success.
  if (isStop(task)) return { phase: "aborted", evidence };
  if (judged.length > 0 && judged.every((container) => container.exitCode === 0)) {
    return { phase: "succeeded", evidence };
  }
  const reasons = judged.flatMap(({ reason }) => (reason === undefined ? [] : [calls.words.quote(reason)]));
  const message = [why, ...reasons, exits].find((text) => text !== "") ?? exits;
  return {
    phase: "failed",
    evidence: lines.length === 0 ? evidence : `${evidence}. Its last lines: ${lines.join(" | ")}`,
    error: {
      kind: task.stopCode ?? "exit",
      message: [message, exits === message ? "" : exits, ...lines.slice(-1)].filter((text) => text !== "").join("; "),
      retryable: MAY_DO_BETTER.has(task.stopCode ?? "") || neverRan(task, judged),
    },
  };
}

const isStop = ({ stopCode, stoppedReason }: Task): boolean =>
  stopCode === "UserInitiated" || (stopCode === undefined && stoppedReason?.startsWith(STOPPED_BY_US) === true);

const neverRan = (task: Task, judged: readonly Container[]): boolean =>
  task.startedAt === undefined && judged.every((container) => container.exitCode === undefined);

const exitOf = (container: Container): string =>
  container.exitCode === undefined
    ? `${container.name ?? "a container"} without an exit code`
    : `${container.name ?? "a container"} with exit code ${container.exitCode}`;

const idOf = (arn: string): string => arn.split("/").at(-1) ?? arn;
const nameOf = (task: Task): string =>
  `${idOf(task.taskArn ?? "")} (${definitionName(task.taskDefinitionArn ?? "of no definition")})`;
