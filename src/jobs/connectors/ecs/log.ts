import type { GetLogEventsRequest, GetLogEventsResponse } from "@aws-sdk/client-cloudwatch-logs";
import type { Task } from "@aws-sdk/client-ecs";
import { ConnectorError, type Intent } from "../contract.ts";
import { filledName } from "../vendor/template.ts";
import type { About } from "./about.ts";

/** So many lines of the log stand beside a failure. */
const LAST_LINES = 5;

/** New lines since the cursor, and where a person reads them all. Empty when the target keeps no log that we know of. */
export interface LogPart {
  readonly logLines?: readonly string[];
  readonly logUrl?: string;
  readonly cursor?: unknown;
  /** Said beside the evidence: a log that cannot be read is no reason to lose sight of the task. */
  readonly trouble?: string;
}

export async function newLines(about: About, intent: Intent, task: Task, cursor: unknown): Promise<LogPart> {
  const stream = streamOf(about, intent, task);
  if (stream === null) return {};
  const since = typeof cursor === "string" ? cursor : undefined;
  const logUrl = urlOf(about, stream);
  const page = await eventsOf(about, {
    ...stream,
    startFromHead: true,
    limit: 200,
    ...(since === undefined ? {} : { nextToken: since }),
  });
  if ("trouble" in page) return { ...logUrl, trouble: page.trouble };
  const lines = (page.events ?? []).map((event) => about.calls.words.line(event.message ?? ""));
  const next = page.nextForwardToken;
  return {
    ...logUrl,
    ...(lines.length === 0 ? {} : { logLines: lines }),
    ...(next === undefined ? {} : { cursor: next }),
  };
}

/** The end of the log, oldest first; nothing when it cannot be read. */
export async function lastLines(about: About, intent: Intent, task: Task): Promise<readonly string[]> {
  const stream = streamOf(about, intent, task);
  if (stream === null) return [];
  const page = await eventsOf(about, { ...stream, startFromHead: false, limit: LAST_LINES });
  if ("trouble" in page) return [];
  return (page.events ?? []).slice(-LAST_LINES).map((event) => about.calls.words.quote(event.message ?? ""));
}

async function eventsOf(
  about: About,
  asked: GetLogEventsRequest,
): Promise<GetLogEventsResponse | { readonly trouble: string }> {
  const logs = await about.logs();
  try {
    return await about.calls.read(() => logs.getLogEvents(asked));
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    // Before the container has written its first line there is no stream.
    return { trouble: error.kind === "not_found" ? "" : `its log cannot be read: ${error.message}` };
  }
}

interface Stream {
  readonly logGroupName: string;
  readonly logStreamName: string;
}

/** The awslogs driver names a stream by its prefix, the container and the task's id. */
function streamOf({ settings }: About, intent: Intent, task: Task): Stream | null {
  const { logs, container } = settings;
  const id = task.taskArn?.split("/").at(-1);
  if (logs === undefined || container === undefined || id === undefined) return null;
  const name = (template: string) => filledName(template, intent);
  return {
    logGroupName: name(logs.group),
    logStreamName: `${name(logs.streamPrefix)}/${name(container)}/${id}`,
  };
}

/** Nobody's console shows what an endpoint of one's own keeps. */
function urlOf({ settings }: About, { logGroupName, logStreamName }: Stream): { logUrl?: string } {
  if (settings.endpoint !== undefined) return {};
  const part = (text: string) => encodeURIComponent(encodeURIComponent(text)).replaceAll("%", "$");
  const { region } = settings;
  return {
    logUrl: `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#logsV2:log-groups/log-group/${part(logGroupName)}/log-events/${part(logStreamName)}`,
  };
}
