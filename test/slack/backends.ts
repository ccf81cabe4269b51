import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { createEmulator } from "emulate";
import { onTestFinished } from "vitest";
import { parse } from "yaml";
import type { Manifest, Workspace } from "../../sandbox/workspace/contract.ts";
import { startWorkspace } from "../../sandbox/workspace/start.ts";
import { startGate, type Trouble } from "./gate.ts";

export const BOT_TOKEN = "xoxb-test-token";
export const APP_TOKEN = "xapp-test-token";
export const SIGNING_SECRET = "a-signing-secret-for-tests";

const manifestFile = fileURLToPath(new URL("../../manifest.yml", import.meta.url));
export const manifest: Manifest = parse(readFileSync(manifestFile, "utf8"));

export interface PostedMessage {
  readonly ts: string;
  readonly text: string;
  readonly thread_ts?: string;
  readonly blocks?: readonly unknown[];
}

/** A Slack to post to. Two that share no code, so that a test does not only prove one misunderstanding twice. */
export interface Backend {
  readonly apiUrl: string;
  readonly token: string;
  channelId(name: string): Promise<string>;
  /** The messages at the top of a channel, oldest first. */
  roots(channel: string): Promise<PostedMessage[]>;
  /** A thread, the root first. */
  thread(channel: string, ts: string): Promise<PostedMessage[]>;
  remove(channel: string, ts: string): Promise<void>;
  archive(channel: string): Promise<void>;
  readonly trouble: Trouble;
}

export const BACKENDS: Readonly<Record<"twin" | "emulate", () => Promise<Backend>>> = { twin, emulate };

async function twin(): Promise<Backend> {
  const workspace = await startTwin();
  const trouble: Trouble = {
    limitOnce: (method, retryAfter) => workspace.limit({ method, retryAfter, times: 1 }),
    outage: workspace.outage,
    dropAfterSend: () => workspace.dropAfterSend(1),
  };
  const archive = async (channel: string) => void (await workspace.archive({ user: "asha", channel }));
  return { ...overApi(workspace.apiUrl, BOT_TOKEN, archive), trouble };
}

/** The emulated workspace with two people, #ops and #monitoring, and #elsewhere without Nightdesk. */
export async function startTwin(options: { appUrl?: string; clock?: () => number } = {}): Promise<Workspace> {
  const workspace = await startWorkspace({
    signingSecret: SIGNING_SECRET,
    botToken: BOT_TOKEN,
    appToken: APP_TOKEN,
    manifest,
    people: {
      asha: { realName: "Asha Rao" },
      ben: { realName: "Ben Lee" },
      guest: { guest: true },
    },
    channels: [{ name: "ops" }, { name: "monitoring" }, { name: "elsewhere", bot: false }],
    rates: "off",
    eventRetryDelaysMs: [300, 1_000, 1_000],
    ...options,
  });
  onTestFinished(() => workspace.close());
  return workspace;
}

async function emulate(): Promise<Backend> {
  const port = await freePort();
  const token = "xoxb-emulate-token";
  const emulator = await createEmulator({
    service: "slack",
    port,
    seed: {
      slack: {
        team: { name: "Example", domain: "example" },
        users: [{ name: "asha", real_name: "Asha Rao" }],
        channels: [{ name: "ops" }, { name: "monitoring" }],
        tokens: [{ token, user: "asha", type: "bot", scopes: ["chat:write"] }],
      },
    },
  });
  onTestFinished(() => emulator.close());
  // It is never out and limits nobody: what stands before it does.
  const gate = await startGate(`${emulator.url}/api/`);
  const archive = async (channel: string) =>
    void (await call(gate.apiUrl, token, "conversations.archive", { channel }));
  return { ...overApi(gate.apiUrl, token, archive), trouble: gate };
}

function overApi(
  apiUrl: string,
  token: string,
  archive: (channelId: string) => Promise<void>,
): Omit<Backend, "trouble"> {
  const channelId = async (name: string): Promise<string> => {
    const { channels = [] } = await call(apiUrl, token, "conversations.list", { limit: 100 });
    const found = channels.find((channel) => channel.name === name);
    if (found === undefined) throw new Error(`no channel ${name}`);
    return found.id;
  };
  const messages = async (method: string, args: Record<string, unknown>): Promise<PostedMessage[]> => {
    const answer = await call(apiUrl, token, method, { limit: 200, ...args });
    return (answer.messages ?? []).sort((a, b) => Number(a.ts) - Number(b.ts));
  };
  return {
    apiUrl,
    token,
    channelId,
    roots: async (name) => {
      const all = await messages("conversations.history", { channel: await channelId(name) });
      return all.filter((message) => message.thread_ts === undefined || message.thread_ts === message.ts);
    },
    thread: async (name, ts) => messages("conversations.replies", { channel: await channelId(name), ts }),
    remove: async (name, ts) => {
      await call(apiUrl, token, "chat.delete", { channel: await channelId(name), ts });
    },
    archive: async (name) => archive(await channelId(name)),
  };
}

interface ApiAnswer {
  readonly ok: boolean;
  readonly channels?: readonly { id: string; name: string }[];
  readonly messages?: PostedMessage[];
}

async function call(apiUrl: string, token: string, method: string, args: Record<string, unknown>): Promise<ApiAnswer> {
  const response = await fetch(`${apiUrl}${method}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json; charset=utf-8" },
    body: JSON.stringify(args),
  });
  return (await response.json()) as ApiAnswer;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}
