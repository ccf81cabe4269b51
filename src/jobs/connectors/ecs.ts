import {
  type AbortReply,
  type Capabilities,
  type Connection,
  type Connector,
  ConnectorError,
  type Handle,
  type Intent,
  type Located,
  NO_MORE,
  type Observation,
} from "./contract.ts";
import * as known from "./ecs/about.ts";
import { observe, STOPPED_BY_US } from "./ecs/observe.ts";
import { preflight } from "./ecs/preflight.ts";
import { type EcsSettings, ecsSettings } from "./ecs/settings.ts";
import { start } from "./ecs/start.ts";
import { pin, pinned, resolveVersion } from "./ecs/versions.ts";

type About = known.About;

/** ECS forgets a stopped task after an hour; from a little before that on, not being there proves nothing. */
const FORGETS_AFTER_MS = 50 * 60_000;

/**
 * A job that is a task of Amazon ECS. The client token makes a second start the same start, `startedBy` finds it again,
 * and a stopped task is proved by ECS itself.
 */
export const ecsConnector: Connector<EcsSettings> = {
  name: "ecs",
  settings: ecsSettings,
  connect: (settings, context) => {
    const about = known.aboutOf(settings, context);
    const { target } = context;
    return {
      capabilities: capabilitiesOf(settings),
      plan: (intent) => {
        const revision = intent.version === null ? "" : `:${intent.version}`;
        return `run a task of ${known.familyOf(about, intent)}${revision} in ${known.clusterOf(about, intent)} at ${target}`;
      },
      preflight: (intent) => preflight(about, intent),
      start: (intent) => start(about, intent),
      locate: (intent) => locate(about, intent),
      look: (intent) => look(about, intent),
      observe: (handle, intent, cursor) => observe(about, handle, intent, cursor),
      abort: (handle, intent, mode) => abort(about, handle, intent, mode),
      resolveVersion: (intent, wanted) => resolveVersion(about, intent, wanted),
      ...(settings.rule === undefined
        ? {}
        : {
            pinned: (intent: Intent) => pinned(about, intent),
            pin: (intent: Intent, version: string) => pin(about, intent, version),
          }),
      ownPermission: async () => ({
        kind: "not_known",
        why: `${target} tells only by trying what a role may do there`,
      }),
      personPermission: async () => ({ kind: "not_known", why: `${target} knows roles, not people` }),
    } satisfies Connection;
  },
};

function capabilitiesOf(settings: EcsSettings): Capabilities {
  return {
    startKey: "native",
    abort: "soft",
    abortProof: "strong",
    evidence: "status",
    progress: false,
    ...NO_MORE,
    logs: settings.logs !== undefined,
    versions: true,
    pins: settings.rule !== undefined,
  };
}

async function locate(about: About, intent: Intent): Promise<Located> {
  const [task] = await known.tasksOf(about, intent, { startedBy: known.startedByOf(intent) });
  if (task?.taskArn !== undefined) {
    return { kind: "found", handle: { scope: known.clusterOf(about, intent), externalId: task.taskArn } };
  }
  const { calledAt } = intent;
  const agoMs = calledAt === undefined ? 0 : about.clock.now().epochMilliseconds - calledAt.epochMilliseconds;
  return agoMs < FORGETS_AFTER_MS
    ? { kind: "not_found" }
    : { kind: "unknown", why: `${about.target} does not list it, and it forgets a task an hour after its end` };
}

async function look(about: About, intent: Intent): Promise<Observation> {
  const family = known.familyOf(about, intent);
  const tasks = await known.tasksOf(about, intent, { family });
  const task = tasks.find(known.isUnderWay);
  if (task === undefined) return { phase: "not_running", evidence: `${about.target} runs no task of ${family}` };
  const name = known.definitionName(task.taskDefinitionArn ?? family);
  return { phase: "running", evidence: `${about.target} says that ${name} is ${task.lastStatus ?? "under way"}` };
}

/** SIGTERM, and after the container's stop timeout SIGKILL, by ECS itself: there is nothing harder to ask for. */
async function abort(about: About, handle: Handle, intent: Intent, mode: "soft" | "hard"): Promise<AbortReply> {
  const task = handle.externalId;
  if (mode === "hard" || task === null) return "unsupported";
  const ecs = await about.ecs();
  const reason = `${STOPPED_BY_US} for ${intent.job} ${intent.environment}`;
  try {
    const answer = await about.calls.act(() => ecs.stopTask({ cluster: known.clusterOf(about, intent), task, reason }));
    return answer.task?.lastStatus === "STOPPED" ? "already_done" : "accepted";
  } catch (error) {
    // "The referenced task was not found": what ECS has forgotten ended an hour ago.
    if (error instanceof ConnectorError && /\btask was not found\b/.test(error.message)) return "already_done";
    throw error;
  }
}
