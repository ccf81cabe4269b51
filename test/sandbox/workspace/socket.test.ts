import { App, LogLevel, SocketModeReceiver } from "@slack/bolt";
import { expect, test } from "vitest";
import { APP_TOKEN, BOT_TOKEN, clientOf, eventually, refusal, workspaceWith } from "./support.ts";

test("Socket Mode carries events, commands and their answers", async () => {
  const workspace = await workspaceWith();
  const clientOptions = { slackApiUrl: workspace.apiUrl };
  const receiver = new SocketModeReceiver({
    appToken: APP_TOKEN,
    logLevel: LogLevel.ERROR,
    installerOptions: { clientOptions },
  });
  const app = new App({ receiver, token: BOT_TOKEN, logLevel: LogLevel.ERROR, clientOptions });
  const heard: string[] = [];
  app.event("app_mention", async ({ event }) => {
    heard.push(event.text);
  });
  app.command("/sync", async ({ ack, command }) => ack(`You said ${command.text}.`));
  await workspace.say({ user: "asha", channel: "ops", text: "@nightdesk early" });
  await app.start();
  expect(workspace.workspace().app.connected).toBe(true);
  await workspace.say({ user: "asha", channel: "ops", text: "@nightdesk hello" });
  await workspace.settled();
  const mention = `<@${workspace.botUserId}>`;
  await eventually(() => heard).toEqual([`${mention} early`, `${mention} hello`]);
  const acted = await workspace.slash({ user: "asha", channel: "ops", text: "/sync jobs" });
  expect(acted.ok).toBe(true);
  expect(workspace.lastSeen("asha")?.text).toBe("You said jobs.");
  expect(workspace.counters().eventsLost).toBe(0);
  await app.stop();
  await eventually(() => workspace.workspace().app.connected).toBe(false);
});

test("Socket Mode opens for the app-level token only, and a ticket once", async () => {
  const workspace = await workspaceWith();
  expect(await refusal(clientOf(workspace, "xapp-other").apps.connections.open({}))).toBe("invalid_auth");
  const { url = "" } = await clientOf(workspace, APP_TOKEN).apps.connections.open({});
  const opens = (address: string) =>
    new Promise<boolean>((resolve) => {
      const socket = new WebSocket(address);
      socket.addEventListener("open", () => resolve(true));
      socket.addEventListener("error", () => resolve(false));
    });
  expect([await opens(url), await opens(url)]).toEqual([true, false]);
});
