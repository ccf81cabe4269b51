import {
  type AbortReply,
  type Capabilities,
  type Connection,
  type Connector,
  ConnectorError,
  type Handle,
  type Intent,
  NO_MORE,
  type Observation,
} from "./contract.ts";
import { type About, aboutOf, isUnderWay, runsOf, workflowOf } from "./github-actions/about.ts";
import { statusOf } from "./github-actions/api.ts";
import { observe, runIdOf } from "./github-actions/observe.ts";
import { askOwn, askPerson, preflight } from "./github-actions/preflight.ts";
import { type GithubActionsSettings, githubActionsSettings } from "./github-actions/settings.ts";
import { locate, start } from "./github-actions/start.ts";
import { resolveVersion } from "./github-actions/versions.ts";

/**
 * A job that is a workflow of GitHub Actions. A dispatch takes no key of its own, so that the workflow shows ours in its
 * run's name; two dispatches would be two runs, and none is sent before the list was looked through.
 */
export const githubActionsConnector: Connector<GithubActionsSettings> = {
  name: "github-actions",
  settings: githubActionsSettings,
  connect: (settings, context) => {
    const about = aboutOf(settings, context);
    return {
      capabilities: CAPABILITIES,
      plan: (intent) =>
        intent.resumeOf === undefined
          ? `dispatch ${workflowOf(about, intent)} of ${settings.repository} at ${intent.version ?? settings.ref}`
          : `run the failed jobs of run ${intent.resumeOf.externalId ?? "?"} of ${settings.repository} again`,
      preflight: (intent) => preflight(about, intent),
      start: (intent) => start(about, intent),
      locate: (intent) => locate(about, intent),
      look: (intent) => look(about, intent),
      observe: (handle, intent, cursor) => observe(about, handle, intent, cursor),
      abort: (handle, intent, mode) => abort(about, handle, intent, mode),
      resolveVersion: (intent, wanted) => resolveVersion(about, intent, wanted),
      ownPermission: (_, action) => askOwn(about, action),
      personPermission: (_, action, person) => askPerson(about, action, person.target),
    } satisfies Connection;
  },
};

const CAPABILITIES: Capabilities = {
  startKey: "echoed",
  abort: "hard",
  abortProof: "strong",
  evidence: "status",
  progress: true,
  ...NO_MORE,
  logs: true,
  versions: true,
  resumeFailed: true,
};

async function look(about: About, intent: Intent): Promise<Observation> {
  const { runs } = await runsOf(about, intent, { pages: 1 });
  const run = runs.find(isUnderWay);
  const name = workflowOf(about, intent);
  if (run === undefined) return { phase: "not_running", evidence: `${about.target} has no run of ${name} under way` };
  const evidence = `${about.target} says that run ${run.id} of ${name} is ${run.status}`;
  return { phase: "running", evidence, logUrl: run.html_url };
}

/** Soft lets the workflow clean up, and some do for minutes; hard does not. The proof is the conclusion `cancelled`. */
async function abort(about: About, handle: Handle, intent: Intent, mode: "soft" | "hard"): Promise<AbortReply> {
  const id = await runIdOf(about, handle, intent, null);
  if (id === null)
    throw new ConnectorError("retryable", `${about.target} does not list the run yet`, { afterMs: 5_000 });
  const how = mode === "soft" ? "cancel" : "force-cancel";
  try {
    await about.api.act(`POST /actions/runs/{run_id}/${how}`, { run_id: id });
    return "accepted";
  } catch (error) {
    if (statusOf(error) === 409) return "already_done";
    throw error;
  }
}
