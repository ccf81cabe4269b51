import { createServer, type IncomingHttpHeaders } from "node:http";
import { App, HTTPReceiver, type Logger, LogLevel } from "@slack/bolt";
import { WebClient } from "@slack/web-api";
import { expect, onTestFinished } from "vitest";
import type { Manifest, Workspace, WorkspaceOptions } from "../../../sandbox/workspace/contract.ts";
import { startWorkspace } from "../../../sandbox/workspace/start.ts";

export const SECRET = "a-signing-secret-of-the-sandbox";
export const BOT_TOKEN = "xoxb-sandbox";
export const APP_TOKEN = "xapp-sandbox";

export const MANIFEST: Manifest = {
  display_information: { name: "Nightdesk" },
  features: {
    bot_user: { display_name: "nightdesk" },
    slash_commands: [
      { command: "/sync", description: "Runs jobs", usage_hint: "run JOB ENV" },
      { command: "/incident" },
    ],
    shortcuts: [
      { name: "Add to timeline", type: "message", callback_id: "add_to_timeline" },
      { name: "Open incident", type: "global", callback_id: "open_incident" },
    ],
  },
  oauth_config: {
    scopes: {
      bot: [
        ...["chat:write", "commands", "channels:read", "channels:history", "channels:join", "app_mentions:read"],
        ...["reactions:read", "reactions:write", "pins:read", "pins:write", "files:read", "files:write", "users:read"],
      ],
      bot_optional: ["groups:read", "groups:history", "usergroups:read", "users:read.email", "im:write", "im:history"],
    },
  },
  settings: {
    event_subscriptions: {
      bot_events: [
        ...["app_mention", "message.channels", "message.groups", "message.im", "reaction_added", "reaction_removed"],
        ...["pin_added", "pin_removed", "member_joined_channel", "file_shared", "app_home_opened"],
      ],
    },
  },
};

/** Retries an expectation for as long as a loaded machine may need. */
export const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 10_000, interval: 10 });

/** A workspace of its own for a test, closed when the test ends. */
export async function workspaceWith(given: Partial<WorkspaceOptions> = {}): Promise<Workspace> {
  const workspace = await startWorkspace({
    // Slack's three seconds are for the one test that is about them.
    ackTimeoutMs: 15_000,
    triggerLifeMs: 15_000,
    signingSecret: SECRET,
    botToken: BOT_TOKEN,
    appToken: APP_TOKEN,
    manifest: MANIFEST,
    people: { asha: { timezone: "America/New_York" }, ben: {}, carla: { guest: true }, dev: { foreign: true } },
    groups: { "data-oncall": ["asha", "ben"] },
    channels: [
      { name: "ops" },
      { name: "secret", private: true },
      { name: "elsewhere", bot: false },
      { name: "hidden", private: true, bot: false },
      { name: "old", archived: true },
    ],
    ...given,
  });
  onTestFinished(() => workspace.close());
  return workspace;
}

/** Refusals are what many tests are about: no line for each. */
const SILENT: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  setLevel: () => {},
  getLevel: () => LogLevel.ERROR,
  setName: () => {},
};

/** Slack's own client, which tries once and says at once that it was limited. */
export function clientOf(workspace: Workspace, token: string | undefined = BOT_TOKEN): WebClient {
  return new WebClient(token, {
    slackApiUrl: workspace.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: SILENT,
  });
}

/** The error code with which Slack refused a call; "ok" when it did not. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    const data: unknown = error instanceof Error && "data" in error ? error.data : undefined;
    if (typeof data === "object" && data !== null && "error" in data) return String(data.error);
    throw error;
  }
}

/** A Bolt app on a port of its own, connected to the workspace. */
export async function boltApp(workspace: Workspace, listen: (app: App) => void): Promise<App> {
  const receiver = new HTTPReceiver({ signingSecret: SECRET, logLevel: LogLevel.ERROR });
  const app = new App({
    receiver,
    token: BOT_TOKEN,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: workspace.apiUrl, retryConfig: { retries: 0 } },
  });
  listen(app);
  const port = await freePort();
  await app.start(port);
  onTestFinished(async () => {
    await app.stop();
  });
  workspace.connectApp(`http://127.0.0.1:${port}`);
  return app;
}

export interface Received {
  headers: IncomingHttpHeaders;
  raw: string;
  body: { event_id: string; event: Record<string, unknown>; [key: string]: unknown };
}

/** An app that only writes down what it gets, and answers as told (`null`: not at all). */
export async function listener(
  workspace: Workspace,
  answer: (nth: number) => { status: number; headers?: Record<string, string> } | null = () => ({ status: 200 }),
): Promise<Received[]> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let raw = "";
    request.on("data", (chunk: Buffer) => {
      raw += chunk.toString("utf8");
    });
    request.on("end", () => {
      received.push({ headers: request.headers, raw, body: raw.startsWith("{") ? JSON.parse(raw) : {} });
      const said = answer(received.length);
      if (said !== null) response.writeHead(said.status, said.headers).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  workspace.connectApp(`http://127.0.0.1:${portOf(server)}`);
  return received;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
