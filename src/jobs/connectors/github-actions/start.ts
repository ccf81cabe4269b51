import { z } from "zod";
import { ConnectorError, type Handle, type Intent, type Located } from "../contract.ts";
import { fieldAt } from "../http/fields.ts";
import { filled, valuesOf } from "../vendor/template.ts";
import {
  type About,
  echoOf,
  handleOf,
  isOurs,
  isUnderWay,
  readAs,
  runsOf,
  type WorkflowRun,
  workflowOf,
  workflowRun,
} from "./about.ts";
import { statusOf } from "./api.ts";
import { echoes } from "./echo.ts";

/** A dispatched run may be listed only some seconds later; before this, not being there proves nothing. */
const LISTED_AFTER_MS = 2 * 60_000;
/** How far GitHub's clock and ours may be apart, and more. */
const WINDOW_MS = 24 * 60 * 60_000;

export async function start(about: About, intent: Intent): Promise<Handle> {
  if (intent.resumeOf !== undefined) return rerunFailed(about, intent.resumeOf);
  const { runs } = await runsOf(about, intent, { pages: 1 });
  const own = runs.find((run) => isOurs(run, intent));
  if (own !== undefined) return handleOf(about, own);
  const other = otherOf(about, runs);
  if (other !== null)
    throw new ConnectorError("conflict", `${other}: an execution that is not this run's is under way`);
  const id = await dispatch(about, intent);
  if (id !== null) return handleOf(about, { id });
  // An older server does not tell which run it has made; often it is listed at once, else `observe` finds it.
  const listed = await runsOf(about, intent, { pages: 1 }).catch(() => null);
  const found = listed?.runs.find((run) => isOurs(run, intent));
  return found === undefined ? { scope: about.settings.repository, externalId: null } : handleOf(about, found);
}

const details = z.object({ workflow_run_id: z.number() });

/** The new run's id; null when the server does not tell it. */
async function dispatch(about: About, intent: Intent): Promise<number | null> {
  const { settings, api } = about;
  const values = valuesOf(intent);
  const given = Object.entries(settings.inputs).flatMap(([name, template]) => {
    const value = filled(template, values);
    return value === null ? [] : [[name, value]];
  });
  const request = {
    workflow_id: workflowOf(about, intent),
    ref: intent.version ?? settings.ref,
    inputs: { ...Object.fromEntries(given), [settings.input]: echoOf(intent) },
  };
  const route = "POST /actions/workflows/{workflow_id}/dispatches";
  const reply = await api.act(route, { ...request, return_run_details: true }).catch((error: unknown) => {
    // Refused for the question alone, by a server that does not know it: nothing was started.
    const status = statusOf(error);
    const unknown = (status === 400 || status === 422) && String(error).includes("return_run_details");
    if (!unknown) throw error;
    return api.act(route, request);
  });
  if (reply.status === 204) return null;
  const read = details.safeParse(reply.data);
  if (read.success) return read.data.workflow_run_id;
  throw new ConnectorError("ambiguous", `${about.target} answered the dispatch with something that cannot be read`);
}

/** Another run of the workflow that keeps this one from starting, in words. */
export function otherOf({ settings, target }: About, runs: readonly WorkflowRun[]): string | null {
  const other = settings.others === "ignore" ? undefined : runs.find(isUnderWay);
  return other === undefined ? null : `${target} says that run ${other.id} of the workflow is ${other.status}`;
}

/** The failed jobs of the same run again, as its next attempt. */
async function rerunFailed(about: About, before: Handle): Promise<Handle> {
  const run = await runOf(about, before);
  if (isUnderWay(run) || run.run_attempt > attemptOf(before)) {
    throw new ConnectorError("conflict", `run ${run.id} is already at attempt ${run.run_attempt} (${run.status})`);
  }
  await about.api.act("POST /actions/runs/{run_id}/rerun-failed-jobs", { run_id: run.id });
  return handleOf(about, { id: run.id, attempt: run.run_attempt + 1 });
}

export async function locate(about: About, intent: Intent): Promise<Located> {
  if (intent.resumeOf !== undefined) return locateRerun(about, intent, intent.resumeOf);
  const { calledAt } = intent;
  const since = calledAt?.subtract({ milliseconds: WINDOW_MS }).round("second");
  const filter = since === undefined ? {} : { filter: { created: `>=${since.toString()}` } };
  const { runs, whole } = await runsOf(about, intent, { pages: since === undefined ? 3 : 10, ...filter });
  const own = runs.find((run) => isOurs(run, intent));
  if (own !== undefined) return { kind: "found", handle: handleOf(about, own) };
  if (calledAt === undefined) return { kind: "not_found" };
  if (!whole) return { kind: "unknown", why: `${about.target} lists too many runs to look through` };
  if (isFresh(about, calledAt)) {
    return { kind: "unknown", why: `${about.target} does not list it yet, which it does some time after the start` };
  }
  return (await echoes(about, intent)) === true
    ? { kind: "not_found" }
    : { kind: "unknown", why: `no run of that key is listed, and it is not certain that the workflow shows the key` };
}

async function locateRerun(about: About, { calledAt }: Intent, before: Handle): Promise<Located> {
  const run = await runOf(about, before);
  const next = attemptOf(before) + 1;
  if (run.run_attempt < next) {
    return calledAt === undefined || !isFresh(about, calledAt)
      ? { kind: "not_found" }
      : { kind: "unknown", why: `${about.target} does not show a new attempt of run ${run.id} yet` };
  }
  if (run.run_attempt === next && calledAt !== undefined) {
    return { kind: "found", handle: handleOf(about, { id: run.id, attempt: next }) };
  }
  return { kind: "unknown", why: `run ${run.id} is at attempt ${run.run_attempt}, and nothing tells who began that` };
}

const isFresh = ({ clock }: About, calledAt: NonNullable<Intent["calledAt"]>): boolean =>
  clock.now().epochMilliseconds - calledAt.epochMilliseconds < LISTED_AFTER_MS;

async function runOf(about: About, handle: Handle): Promise<WorkflowRun> {
  if (handle.externalId === null) {
    throw new ConnectorError("invalid", "the run that is to be continued was never seen at GitHub");
  }
  return readAs(about, workflowRun, await about.api.read("GET /actions/runs/{run_id}", { run_id: handle.externalId }));
}

/** Which attempt of its run a handle means; the first when it does not say. */
export function attemptOf(handle: Handle): number {
  const attempt = fieldAt(handle.opaque, "attempt");
  return typeof attempt === "number" ? attempt : 1;
}
