import { z } from "zod";
import { type ConnectorContext, ConnectorError, type Handle, type Intent } from "../contract.ts";
import { digestOf } from "../vendor/digest.ts";
import { filledName } from "../vendor/template.ts";
import { type Api, createApi, type Reply } from "./api.ts";
import type { GithubActionsSettings } from "./settings.ts";

export interface About extends Pick<ConnectorContext, "target" | "clock" | "http"> {
  readonly settings: GithubActionsSettings;
  readonly api: Api;
}

export function aboutOf(settings: GithubActionsSettings, { target, clock, http, redact }: ConnectorContext): About {
  return { settings, target, clock, http, api: createApi(settings, { target, clock, redact }) };
}

/** A run as far as it is looked at. `head_branch` is the branch or the tag. */
export const workflowRun = z.object({
  id: z.number(),
  name: z.string().nullish(),
  display_title: z.string().nullish(),
  status: z.string(),
  conclusion: z.string().nullish(),
  head_branch: z.string().nullish(),
  head_sha: z.string(),
  run_attempt: z.number().default(1),
  run_started_at: z.string().nullish(),
  html_url: z.string(),
});
export type WorkflowRun = z.output<typeof workflowRun>;

/** It answered, and the answer tells nothing. */
export class UnreadableAnswer extends ConnectorError {
  constructor(target: string) {
    super("unavailable", `${target} answered something that cannot be read`);
  }
}

export function readAs<T>(about: Pick<About, "target">, schema: z.ZodType<T>, reply: Reply): T {
  if (reply.status >= 300 && reply.status < 400) {
    throw new ConnectorError(
      "invalid",
      `${about.target} answered ${reply.status}: it is somewhere else now; correct url or repository`,
    );
  }
  const read = schema.safeParse(reply.data);
  if (!read.success) throw new UnreadableAnswer(about.target);
  return read.data;
}

/** What the workflow gets as its input and shows in its run's name: the same for the same intent, and no other's part. */
export const echoOf = (intent: Pick<Intent, "intentKey">): string => `nd-${digestOf(intent.intentKey).slice(0, 24)}`;

export const workflowOf = ({ settings }: Pick<About, "settings">, intent: Pick<Intent, "name">): string =>
  filledName(settings.workflow, intent);

export const handleOf = ({ settings }: About, run: { readonly id: number; readonly attempt?: number }): Handle => ({
  scope: settings.repository,
  externalId: String(run.id),
  ...(run.attempt === undefined ? {} : { opaque: { attempt: run.attempt } }),
});

const runsPage = z.object({ total_count: z.number(), workflow_runs: z.array(workflowRun) });
const PER_PAGE = 100;

/** Runs of the workflow, newest first, at most so many pages; `whole`: there are no more. */
export async function runsOf(
  about: About,
  intent: Pick<Intent, "name">,
  asked: { readonly pages: number; readonly filter?: Readonly<Record<string, string>> },
): Promise<{ readonly runs: readonly WorkflowRun[]; readonly whole: boolean }> {
  const runs: WorkflowRun[] = [];
  for (let page = 1; page <= asked.pages; page++) {
    const reply = await about.api.read("GET /actions/workflows/{workflow_id}/runs", {
      workflow_id: workflowOf(about, intent),
      per_page: PER_PAGE,
      page,
      ...asked.filter,
    });
    const got = readAs(about, runsPage, reply);
    runs.push(...got.workflow_runs);
    if (got.workflow_runs.length < PER_PAGE) return { runs, whole: true };
  }
  return { runs, whole: false };
}

export const isUnderWay = (run: WorkflowRun): boolean => run.status !== "completed";

export function isOurs(run: WorkflowRun, intent: Pick<Intent, "intentKey">): boolean {
  const echo = echoOf(intent);
  return (run.display_title ?? "").includes(echo) || (run.name ?? "").includes(echo);
}
