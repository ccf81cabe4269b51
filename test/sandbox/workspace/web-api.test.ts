import { expect, test } from "vitest";
import { APP_TOKEN, clientOf, refusal, workspaceWith } from "./support.ts";

const section = (text: string) => ({ type: "section", text: { type: "mrkdwn", text } });

test("says who the bot is, and who nobody is", async () => {
  const workspace = await workspaceWith();
  const { botUserId, botId, teamId } = workspace;
  expect(await clientOf(workspace).auth.test()).toMatchObject({ user_id: botUserId, bot_id: botId, team_id: teamId });
  expect(await refusal(clientOf(workspace, "xoxb-other").auth.test())).toBe("invalid_auth");
  expect(await refusal(clientOf(workspace, "").auth.test())).toBe("not_authed");
  expect(await refusal(clientOf(workspace, APP_TOKEN).auth.test())).toBe("not_allowed_token_type");
  expect(await refusal(clientOf(workspace).apps.connections.open({}))).toBe("not_allowed_token_type");
  expect((await clientOf(workspace, "").api.test()).ok).toBe(true);
});

test("a message is posted, answered, changed and deleted", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const channel = workspace.channels["ops"]?.id ?? "";
  const root = await client.chat.postMessage({ channel: "#ops", text: "fell", blocks: [section("*Sync* failed")] });
  expect(root.channel).toBe(channel);
  expect(root.message).toMatchObject({ bot_id: workspace.botId, user: workspace.botUserId, text: "fell" });
  const ts = root.ts ?? "";
  await client.chat.postMessage({ channel, thread_ts: ts, text: "again" });
  const updated = await client.chat.update({ channel, ts, text: "rose" });
  expect(updated.text).toBe("rose");
  const [shown] = workspace.messages("ops");
  expect(shown).toMatchObject({ text: "rose", reply_count: 1, edited: { user: workspace.botUserId } });
  expect(shown?.blocks).toHaveLength(1);
  expect(shown?.replies.map(({ text }) => text)).toEqual(["again"]);
  await client.chat.delete({ channel, ts: shown?.replies[0]?.ts ?? "" });
  await client.chat.delete({ channel, ts });
  expect(workspace.messages("ops")).toEqual([]);
});

test("deleting the root of a thread leaves a tombstone until the last reply goes", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const channel = workspace.channels["ops"]?.id ?? "";
  const { ts = "" } = await client.chat.postMessage({ channel, text: "root" });
  const reply = await client.chat.postMessage({ channel, text: "reply", thread_ts: ts });
  await client.chat.delete({ channel, ts });
  expect(workspace.messages("ops")).toMatchObject([{ subtype: "tombstone", replies: [{ text: "reply" }] }]);
  expect(await refusal(client.chat.update({ channel, ts, text: "x" }))).toBe("message_not_found");
  await client.chat.delete({ channel, ts: reply.ts ?? "" });
  expect(workspace.messages("ops")).toEqual([]);
});

test("the same message sent twice is two messages", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  await client.apiCall("chat.postMessage", { channel: "ops", text: "a", client_msg_id: "one" });
  await client.apiCall("chat.postMessage", { channel: "ops", text: "a", client_msg_id: "one" });
  expect(workspace.messages("ops").map(({ client_msg_id }) => client_msg_id)).toEqual(["one", "one"]);
});

test.each([
  ["channel_not_found", { channel: "nowhere", text: "a" }],
  ["channel_not_found", { channel: "hidden", text: "a" }],
  ["not_in_channel", { channel: "elsewhere", text: "a" }],
  ["is_archived", { channel: "old", text: "a" }],
  ["no_text", { channel: "ops", text: " " }],
  ["invalid_arguments", { text: "a" }],
  ["msg_too_long", { channel: "ops", text: "a".repeat(40_001) }],
  ["thread_not_found", { channel: "ops", text: "a", thread_ts: "1700000000.000000" }],
  ["invalid_arguments", { channel: "ops", text: "a", thread_ts: "yesterday" }],
  ["invalid_blocks", { channel: "ops", text: "a", blocks: [section("a".repeat(3001))] }],
  ["invalid_blocks_format", { channel: "ops", text: "a", blocks: "[{" }],
  ["msg_blocks_too_long", { channel: "ops", text: "a", blocks: Array(5).fill(section("a".repeat(2900))) }],
  ["invalid_metadata_format", { channel: "ops", text: "a", metadata: "no" }],
])("chat.postMessage refuses with %s", async (error, given) => {
  const workspace = await workspaceWith();
  expect(await refusal(clientOf(workspace).apiCall("chat.postMessage", given))).toBe(error);
  expect(workspace.messages("ops")).toEqual([]);
  expect(workspace.counters().refusedBlocks).toBe(error.includes("blocks") ? 1 : 0);
});

test("says what is wrong with blocks, and where", async () => {
  const workspace = await workspaceWith();
  const answer = await fetch(`${workspace.apiUrl}chat.postMessage`, {
    method: "POST",
    headers: { authorization: "Bearer xoxb-sandbox", "content-type": "application/json" },
    body: JSON.stringify({ channel: "ops", blocks: [section("fine"), { type: "header" }] }),
  });
  expect(await answer.json()).toMatchObject({
    ok: false,
    error: "invalid_blocks",
    response_metadata: { messages: ["[ERROR] missing required field: text [json-pointer:/blocks/1/text]"] },
  });
});

test("only the app's own messages can be changed or deleted", async () => {
  const workspace = await workspaceWith();
  const { ts = "" } = await workspace.say({ user: "asha", channel: "ops", text: "mine" });
  const channel = workspace.channels["ops"]?.id ?? "";
  expect(await refusal(clientOf(workspace).chat.update({ channel, ts, text: "yours" }))).toBe("cant_update_message");
  expect(await refusal(clientOf(workspace).chat.delete({ channel, ts }))).toBe("cant_delete_message");
  expect(workspace.messages("ops")[0]?.text).toBe("mine");
});

test("a reply is no root", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const root = await client.chat.postMessage({ channel: "ops", text: "root" });
  const reply = await client.chat.postMessage({ channel: "ops", text: "reply", thread_ts: root.ts ?? "" });
  const under = client.chat.postMessage({ channel: "ops", text: "x", thread_ts: reply.ts ?? "" });
  expect(await refusal(under)).toBe("cannot_reply_to_message");
});

test("metadata comes back only to who asks for it", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const metadata = { event_type: "incident", event_payload: { number: 7 } };
  const { channel = "" } = await client.chat.postMessage({ channel: "ops", text: "a", metadata });
  const without = await client.conversations.history({ channel });
  expect(without.messages?.[0]?.metadata).toBeUndefined();
  const asked = await client.conversations.history({ channel, include_all_metadata: true });
  expect(asked.messages?.[0]?.metadata).toEqual(metadata);
});

test("a scope that was not given is missed by name", async () => {
  const workspace = await workspaceWith({ grantedScopes: ["channels:history"] });
  const client = clientOf(workspace);
  const channel = workspace.channels["ops"]?.id ?? "";
  await expect(client.chat.postMessage({ channel, text: "a" })).rejects.toMatchObject({
    data: {
      error: "missing_scope",
      needed: "chat:write",
      provided: "channels:history",
      response_metadata: { scopes: ["channels:history"], acceptedScopes: ["chat:write"] },
    },
  });
  expect((await client.conversations.history({ channel })).messages).toEqual([]);
  expect(await refusal(client.conversations.info({ channel }))).toBe("missing_scope");
  expect(workspace.counters().missingScopes).toBe(2);
});

test("there are no methods but Slack's", async () => {
  const workspace = await workspaceWith();
  expect(await refusal(clientOf(workspace).apiCall("chat.shout", {}))).toBe("unknown_method");
  expect(await refusal(clientOf(workspace).apiCall("constructor", {}))).toBe("unknown_method");
});

test("an ephemeral is seen by one person and kept from the others", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const user = workspace.people["asha"]?.id ?? "";
  await client.chat.postEphemeral({ channel: "ops", user, text: "psst *you*" });
  expect(workspace.lastSeen("asha")).toMatchObject({ kind: "ephemeral", text: "psst you" });
  expect(workspace.ephemerals("asha")).toMatchObject([{ text: "psst *you*", from: "app" }]);
  expect(workspace.ephemerals("ben")).toEqual([]);
  expect(workspace.messages("ops")).toEqual([]);
  const nobody = client.chat.postEphemeral({ channel: "ops", user: "U0NOBODY000", text: "x" });
  expect(await refusal(nobody)).toBe("user_not_in_channel");
});

test("message times follow the workspace's clock and never repeat", async () => {
  const at = Date.parse("2023-12-11T14:45:00Z");
  const workspace = await workspaceWith({ clock: () => at });
  const one = await workspace.say({ user: "asha", channel: "ops", text: "a" });
  const two = await workspace.say({ user: "asha", channel: "ops", text: "b" });
  expect(one.ts).toBe("1702305900.000000");
  expect(two.ts).toBe("1702305900.000100");
});

test("a permalink leads to the message in its thread", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const root = await client.chat.postMessage({ channel: "ops", text: "root" });
  const reply = await client.chat.postMessage({ channel: "ops", text: "reply", thread_ts: root.ts ?? "" });
  const channel = root.channel ?? "";
  const link = await client.chat.getPermalink({ channel, message_ts: reply.ts ?? "" });
  const digits = reply.ts?.replace(".", "");
  expect(link.permalink).toBe(`${workspace.url}/archives/${channel}/p${digits}?thread_ts=${root.ts}&cid=${channel}`);
});
