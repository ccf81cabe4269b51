import { plug, type SourcePlugin } from "../plugin.ts";
import { alertmanager } from "./alertmanager.ts";
import { aws } from "./aws.ts";
import { deploy } from "./deploy.ts";
import { generic } from "./generic.ts";
import { github } from "./github.ts";
import { grafana } from "./grafana.ts";
import { job } from "./job.ts";
import { sentry } from "./sentry.ts";
import { slackMessage } from "./slack-message.ts";

/** Those that a catalogue names by `kind:` under `sources:`. */
export const HOOK_SOURCES: readonly SourcePlugin[] = [
  plug(sentry),
  plug(job),
  plug(generic),
  plug(github),
  plug(deploy),
  plug(alertmanager),
  plug(grafana),
  plug(aws),
];

/** Every source: the hooks, and Slack's messages, which come by events. */
export const SOURCES: readonly SourcePlugin[] = [...HOOK_SOURCES, plug(slackMessage)];
