import {
  type AbortReply,
  type Connection,
  type Connector,
  ConnectorError,
  type Handle,
  type Intent,
  type Located,
  type Observation,
} from "./contract.ts";
import { fieldAt, jsonOf } from "./http/fields.ts";
import { executionAnswer, readAs } from "./job-contract/answers.ts";
import { bulkOf } from "./job-contract/bulk.ts";
import { type Calls, createCalls, executionPath, jobPath } from "./job-contract/calls.ts";
import { observationOf } from "./job-contract/observation.ts";
import { preflight } from "./job-contract/preflight.ts";
import { capabilitiesOf, type JobContractSettings, jobContractSettings } from "./job-contract/settings.ts";
import { snapshotsOf } from "./job-contract/snapshots.ts";
import { versionsOf } from "./job-contract/versions.ts";

/**
 * A target that keeps Nightdesk's own job contract (docs/job-contract): it takes the intent key, proves its ends, and can
 * stop, pause, keep and bring back, as far as the catalogue says.
 */
export const jobContractConnector: Connector<JobContractSettings> = {
  name: "contract",
  settings: jobContractSettings,
  connect: (settings, { http, target, redact, clock, namesOf = (environment) => [environment] }) => {
    const calls = createCalls(settings, { http, target, redact });
    const about = { calls, settings, target };
    const capabilities = capabilitiesOf(settings);
    return {
      capabilities,
      plan: (intent) => {
        const version = intent.version === null ? "" : `, version ${intent.version}`;
        const from = intent.resumeOf?.externalId ? `, going on from ${intent.resumeOf.externalId}` : "";
        return `POST ${jobPath(intent.name)}/executions at ${target}${version}${from}`;
      },
      preflight: (intent) => preflight({ ...about, clock, namesOf }, intent),
      start: (intent) => start(about, intent),
      locate: (intent) => locate(about, intent),
      look: (intent) => look(about, intent),
      observe: (handle, intent, cursor) => observe(about, { handle, intent, cursor }),
      abort: async (handle, intent, mode) => {
        if (capabilities.abort === "none" || (mode === "hard" && capabilities.abort === "soft")) return "unsupported";
        return tell(about, { handle, intent, verb: "abort", body: { mode, reason: intent.reason ?? null } });
      },
      ...(capabilities.pause
        ? {
            pause: (handle: Handle, intent: Intent) => tell(about, { handle, intent, verb: "pause" }),
            resume: (handle: Handle, intent: Intent) => tell(about, { handle, intent, verb: "resume" }),
          }
        : {}),
      ...versionsOf(about, capabilities),
      ...snapshotsOf(about, capabilities),
      ...bulkOf(about, capabilities),
      ownPermission: async ({ name }, action) => {
        try {
          await calls.job(name, "nightdesk");
        } catch (error) {
          if (!(error instanceof ConnectorError)) throw error;
          return error.kind === "auth"
            ? { kind: "no", evidence: error.message, wayOut: `Give Nightdesk a token that ${target} accepts.` }
            : { kind: "not_known", why: error.message };
        }
        return action === "view"
          ? { kind: "yes", evidence: `${target} accepts Nightdesk's token` }
          : {
              kind: "not_known",
              why: `${target} accepts Nightdesk's token, and tells no more before it is asked to act`,
            };
      },
      personPermission: async () => ({
        kind: "not_known",
        why: `${target} is told who asks with every call, and decides by itself`,
      }),
    } satisfies Connection;
  },
};

interface About {
  readonly calls: Calls;
  readonly settings: JobContractSettings;
  readonly target: string;
}

async function start({ calls, target }: About, intent: Intent): Promise<Handle> {
  const body = {
    parameters: intent.parameters,
    version: intent.version,
    resumeFrom: intent.resumeOf?.externalId ?? null,
    reason: intent.reason ?? null,
  };
  const answer = await calls.post(`${jobPath(intent.name)}/executions`, intent, { body, key: intent.intentKey });
  const execution = readAs(executionAnswer, calls.need(answer, "possible"));
  if (execution === null || (execution.key ?? intent.intentKey) !== intent.intentKey) {
    throw new ConnectorError("ambiguous", `${target} accepted the start, and what it answered is not this execution`);
  }
  return { scope: target, externalId: execution.id };
}

async function locate({ calls, target }: About, intent: Intent): Promise<Located> {
  const { executions } = await calls.executionsOf(intent.intentKey, intent.requestedBy.key);
  const [mine, ...others] = executions.filter((one) => one.key === intent.intentKey);
  if (executions.length === 0) return { kind: "not_found" };
  if (mine === undefined) return { kind: "unknown", why: `${target} answered with executions of other keys` };
  if (others.length > 0) return { kind: "unknown", why: `${target} has ${others.length + 1} executions of one key` };
  return { kind: "found", handle: { scope: target, externalId: mine.id } };
}

async function look({ calls, target }: About, intent: Intent): Promise<Observation> {
  try {
    const { state, execution } = await calls.job(intent.name, intent.requestedBy.key);
    const which = execution ? ` (${calls.exchange.quote(execution)})` : "";
    const evidence = `${target} says that ${intent.name} is ${state === "idle" ? "not running" : `${state}${which}`}`;
    return { phase: state === "idle" ? "not_running" : state, evidence };
  } catch (error) {
    return unknownJob(error, `${target} does not know a job ${intent.name}`);
  }
}

async function observe(
  about: About,
  { handle, intent, cursor }: { handle: Handle; intent: Intent; cursor: unknown },
): Promise<Observation> {
  const { calls, target } = about;
  if (handle.externalId === null) return look(about, intent);
  const after = typeof cursor === "string" ? `?after=${encodeURIComponent(cursor)}` : "";
  try {
    const answer = await calls.get(`${executionPath(handle.externalId)}${after}`, intent.requestedBy.key);
    const execution = readAs(executionAnswer, answer);
    return execution === null || execution.id !== handle.externalId
      ? { phase: "unknown", evidence: `${target} answered something that does not tell of ${handle.externalId}` }
      : observationOf(execution, { exchange: calls.exchange, target, logs: about.settings.logs });
  } catch (error) {
    return unknownJob(error, `${target} does not know ${handle.externalId}`);
  }
}

function unknownJob(error: unknown, evidence: string): Observation {
  if (error instanceof ConnectorError && error.kind === "not_found") return { phase: "not_found", evidence };
  throw error;
}

/** abort, pause, resume: asked, and proved by a later look. */
async function tell(
  { calls, target }: About,
  told: { handle: Handle; intent: Intent; verb: "abort" | "pause" | "resume"; body?: Record<string, unknown> },
): Promise<AbortReply> {
  const { externalId } = told.handle;
  if (externalId === null) throw new ConnectorError("invalid", `nobody knows which execution at ${target} it is`);
  const answer = await calls.post(`${executionPath(externalId)}/${told.verb}`, told.intent, { body: told.body ?? {} });
  if (answer.status === 405 || answer.status === 501) return "unsupported";
  if (answer.status === 409 && fieldAt(jsonOf(answer.body), "error.code") === "ended") return "already_done";
  calls.need(answer, "possible");
  return "accepted";
}
