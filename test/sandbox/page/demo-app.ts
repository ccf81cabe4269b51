import type { AddressInfo } from "node:net";
import { App, HTTPReceiver, LogLevel } from "@slack/bolt";
import type { Manifest } from "../../../sandbox/workspace/contract.ts";

export const signingSecret = "a-signing-secret-of-the-page-tests";
export const botToken = "xoxb-page-tests";

export const manifest: Manifest = {
  display_information: { name: "Nightdesk" },
  features: {
    bot_user: { display_name: "nightdesk" },
    slash_commands: [
      { command: "/demo", description: "Shows what the page can do", usage_hint: "run JOB ENV | hello" },
      { command: "/other", description: "Never called", usage_hint: "" },
    ],
    shortcuts: [
      { name: "Add to timeline", type: "message", callback_id: "add_to_timeline", description: "Keep this line" },
    ],
  },
  oauth_config: { scopes: { bot: ["commands", "chat:write", "channels:history", "reactions:read", "users:read"] } },
  settings: {
    event_subscriptions: { bot_events: ["message.channels", "reaction_added"] },
    interactivity: { is_enabled: true },
  },
};

/** A small app with one of each: an ephemeral with a button, a modal that validates, a message that others approve. */
export async function startDemoApp(slackApiUrl: string): Promise<{ url: string; close(): Promise<void> }> {
  const receiver = new HTTPReceiver({ signingSecret, logLevel: LogLevel.ERROR });
  const app = new App({ token: botToken, receiver, logLevel: LogLevel.ERROR, clientOptions: { slackApiUrl } });

  app.command("/demo", async ({ ack, command, client, respond }) => {
    await ack();
    if (command.text.startsWith("run")) {
      await client.views.open({ trigger_id: command.trigger_id, view: confirmView(command.channel_id) });
      return;
    }
    await respond({
      response_type: "ephemeral",
      text: "Hello",
      blocks: [
        { type: "section", text: { type: "mrkdwn", text: `Hello <@${command.user_id}>, you said *${command.text}*` } },
        { type: "actions", elements: [button("Wave", "wave", command.channel_id)] },
      ],
    });
  });

  app.action("wave", async ({ ack, body, client, respond }) => {
    await ack();
    await respond({ delete_original: true });
    await client.chat.postMessage({ channel: body.channel?.id ?? "", text: `<@${body.user.id}> waves` });
  });

  app.view("confirm", async ({ ack, view, body, client }) => {
    const typed = view.state.values["confirm"]?.["confirm"]?.value ?? "";
    if (typed !== "prod person-sync") {
      await ack({ response_action: "errors", errors: { confirm: `Type prod person-sync, not ${typed}.` } });
      return;
    }
    await ack();
    await client.chat.postMessage({
      channel: view.private_metadata,
      text: "INC-1",
      blocks: [
        { type: "header", text: { type: "plain_text", text: "INC-1 · person-sync is asked for in prod" } },
        {
          type: "section",
          text: {
            type: "mrkdwn",
            text: `:red_circle: :lock: *PROD*  ·  by <@${body.user.id}>  ·  <!date^1615935909^{date_num} {time}|16 March>`,
          },
        },
        {
          type: "actions",
          elements: [{ ...button("Approve", "approve", "1"), style: "primary" }, button("Reject", "reject", "1")],
        },
      ],
    });
  });

  app.action("approve", async ({ ack, body, client }) => {
    await ack();
    if (body.type !== "block_actions" || body.message === undefined) return;
    const channel = body.channel?.id ?? "";
    await client.chat.postMessage({
      channel,
      thread_ts: body.message.ts,
      text: `:white_check_mark: Approved by <@${body.user.id}>`,
    });
  });

  app.shortcut("add_to_timeline", async ({ ack, shortcut, client }) => {
    await ack();
    if (shortcut.type !== "message_action") return;
    const { channel, message, user } = shortcut;
    await client.chat.postEphemeral({
      channel: channel.id,
      user: user.id,
      text: `Kept a line of <@${message.user}>`,
    });
  });

  // What the page does besides reaches the app as events; it has nothing to say to them.
  app.event("reaction_added", async () => undefined);
  app.message(async () => undefined);

  const server = await receiver.start({ port: 0, host: "127.0.0.1" });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      await receiver.stop();
    },
  };
}

function button(label: string, action: string, value: string) {
  return { type: "button" as const, text: { type: "plain_text" as const, text: label }, action_id: action, value };
}

function confirmView(channel: string) {
  return {
    type: "modal" as const,
    callback_id: "confirm",
    private_metadata: channel,
    title: { type: "plain_text" as const, text: "Run in prod" },
    submit: { type: "plain_text" as const, text: "Run" },
    blocks: [
      { type: "section" as const, text: { type: "mrkdwn" as const, text: ":red_circle: :lock: *PROD* is protected." } },
      {
        type: "input" as const,
        block_id: "confirm",
        label: { type: "plain_text" as const, text: "Type prod person-sync" },
        element: { type: "plain_text_input" as const, action_id: "confirm" },
      },
      {
        type: "input" as const,
        block_id: "urgency",
        optional: true,
        label: { type: "plain_text" as const, text: "Urgency" },
        element: {
          type: "radio_buttons" as const,
          action_id: "urgency",
          options: [
            { text: { type: "plain_text" as const, text: "Tonight" }, value: "tonight" },
            { text: { type: "plain_text" as const, text: "Tomorrow" }, value: "tomorrow" },
          ],
        },
      },
    ],
  };
}
