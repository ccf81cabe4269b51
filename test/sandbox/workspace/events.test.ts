import { expect, test } from "vitest";
import { sign } from "../../../sandbox/workspace/outbound/post.ts";
import { clientOf, eventually, listener, SECRET, workspaceWith } from "./support.ts";

test("the signature is the HMAC of version, timestamp and body", () => {
  // printf 'v0:1700000000:{"type":"x"}' | openssl dgst -sha256 -hmac an-example-secret
  expect(sign("an-example-secret", "1700000000", '{"type":"x"}')).toBe(
    "v0=1dbfa3ec12e1d40dbcbc4adc4920c17dc79ff279b8f90882e0512c099e6fbd97",
  );
});

test("a mention is two signed events in the documented shape", async () => {
  const workspace = await workspaceWith();
  const received = await listener(workspace);
  const { ts } = await workspace.say({ user: "asha", channel: "ops", text: "@Nightdesk sync jobs & @ben <3" });
  await workspace.settled();
  expect(received.map(({ body }) => body.event["type"]).sort()).toEqual(["app_mention", "message"]);
  const message = received.find(({ body }) => body.event["type"] === "message");
  const { botUserId, people, channels, teamId, appId } = workspace;
  expect(message?.body).toMatchObject({
    type: "event_callback",
    team_id: teamId,
    api_app_id: appId,
    event_id: expect.stringMatching(/^Ev\w+$/),
    event_time: expect.any(Number),
    authorizations: [{ team_id: teamId, user_id: botUserId, is_bot: true, is_enterprise_install: false }],
    event: {
      user: people["asha"]?.id,
      text: `<@${botUserId}> sync jobs &amp; <@${people["ben"]?.id}> &lt;3`,
      channel: channels["ops"]?.id,
      channel_type: "channel",
      ts,
      event_ts: ts,
      team: teamId,
      client_msg_id: expect.any(String),
      blocks: [{ type: "rich_text" }],
    },
  });
  const timestamp = String(message?.headers["x-slack-request-timestamp"]);
  expect(message?.headers["x-slack-signature"]).toBe(sign(SECRET, timestamp, message?.raw ?? ""));
  expect(message?.headers["x-slack-retry-num"]).toBeUndefined();
});

test("each kind of message event carries what Slack's carries", async () => {
  const workspace = await workspaceWith();
  const received = await listener(workspace);
  const events = async () => {
    await workspace.settled();
    return received.splice(0).map(({ body }) => body.event);
  };
  const { ts = "" } = await workspace.say({ user: "asha", channel: "ops", text: "root" });
  await events();

  const reply = await workspace.say({ user: "ben", channel: "ops", text: "reply", threadTs: ts });
  expect(await events()).toMatchObject([
    { type: "message", thread_ts: ts, parent_user_id: workspace.people["asha"]?.id },
  ]);

  await workspace.say({ user: "ben", channel: "ops", text: "all", threadTs: ts, broadcast: true });
  expect(await events()).toMatchObject([{ subtype: "thread_broadcast", thread_ts: ts, root: { ts, reply_count: 2 } }]);

  await workspace.edit({ user: "ben", channel: "ops", ts: reply.ts ?? "", text: "better" });
  expect(await events()).toMatchObject([
    {
      subtype: "message_changed",
      hidden: true,
      message: { ts: reply.ts, text: "better", thread_ts: ts, edited: { user: workspace.people["ben"]?.id } },
      previous_message: { ts: reply.ts, text: "reply" },
    },
  ]);

  await workspace.delete({ user: "ben", channel: "ops", ts: reply.ts ?? "" });
  expect(await events()).toMatchObject([
    {
      subtype: "message_deleted",
      hidden: true,
      deleted_ts: reply.ts,
      previous_message: { text: "better", thread_ts: ts },
    },
  ]);

  await workspace.upload({ user: "ben", channel: "ops", name: "ids.csv", text: "1\n2", threadTs: ts, comment: "ids" });
  const shared = await events();
  expect(shared.find(({ type }) => type === "message")).toMatchObject({
    subtype: "file_share",
    text: "ids",
    thread_ts: ts,
    files: [{ name: "ids.csv", mimetype: "text/csv", user: workspace.people["ben"]?.id }],
  });
  expect(shared.some(({ type }) => type === "file_shared")).toBe(true);

  await workspace.postAs({ bot: "TIS-SYNC", channel: "ops", text: "Sync [PersonSync] started." });
  const [said] = await events();
  expect(said).toMatchObject({ subtype: "bot_message", username: "TIS-SYNC", bot_id: expect.stringMatching(/^B/) });
  expect(said?.["user"]).toBeUndefined();

  await workspace.react({ user: "ben", channel: "ops", ts, emoji: "pushpin" });
  await workspace.react({ user: "ben", channel: "ops", ts, emoji: "pushpin", remove: true });
  const item = { type: "message", channel: workspace.channels["ops"]?.id, ts };
  const item_user = workspace.people["asha"]?.id;
  expect((await events()).sort(byType)).toMatchObject([
    { type: "reaction_added", reaction: "pushpin", item, item_user },
    { type: "reaction_removed", reaction: "pushpin", item, item_user },
  ]);

  await workspace.pin({ user: "ben", channel: "ops", ts });
  expect(await events()).toMatchObject([{ type: "pin_added", channel_id: item.channel, item: { message: { ts } } }]);
});

test("the app hears its own posts, and nothing from channels it is not in", async () => {
  const workspace = await workspaceWith();
  const received = await listener(workspace);
  await clientOf(workspace).chat.postMessage({ channel: "ops", text: "mine" });
  await workspace.say({ user: "asha", channel: "elsewhere", text: "@nightdesk hello" });
  await workspace.say({ user: "asha", channel: "secret", text: "private" });
  await workspace.settled();
  expect(received.map(({ body }) => body.event).sort(byText)).toMatchObject([
    { text: "mine", bot_id: workspace.botId, app_id: workspace.appId, user: workspace.botUserId },
    { text: "private", channel_type: "group" },
  ]);
  await workspace.invite({ user: "asha", channel: "elsewhere", who: "@nightdesk" });
  await workspace.say({ user: "asha", channel: "elsewhere", text: "now" });
  await workspace.settled();
  const heard = received.slice(2).map(({ body }) => body.event["type"]);
  expect(heard.sort()).toEqual(["member_joined_channel", "message"]);
});

test("an event that is not subscribed to, or lacks its scope, is not sent", async () => {
  const workspace = await workspaceWith({ grantedScopes: ["app_mentions:read"] });
  const received = await listener(workspace);
  await workspace.say({ user: "asha", channel: "ops", text: "@nightdesk hello" });
  await workspace.settled();
  expect(received.map(({ body }) => body.event["type"])).toEqual(["app_mention"]);
});

test("an event is tried four times, each retry saying why", async () => {
  const workspace = await workspaceWith({ eventRetryDelaysMs: [0, 20, 40] });
  const received = await listener(workspace, () => ({ status: 500 }));
  await workspace.say({ user: "asha", channel: "ops", text: "a" });
  await workspace.settled();
  expect(received.map(({ headers }) => headers["x-slack-retry-num"])).toEqual([undefined, "1", "2", "3"]);
  expect(received[1]?.headers["x-slack-retry-reason"]).toBe("http_error");
  expect(new Set(received.map(({ body }) => body.event_id)).size).toBe(1);
  expect(workspace.counters()).toMatchObject({ eventsSent: 4, eventsLost: 1 });
});

test("a retry that is taken is the last, and No-Retry is obeyed", async () => {
  const taken = await workspaceWith({ eventRetryDelaysMs: [0, 0, 0], ackTimeoutMs: 1000 });
  const received = await listener(taken, (nth) => (nth === 1 ? null : { status: 200 }));
  await taken.say({ user: "asha", channel: "ops", text: "a" });
  await taken.settled();
  expect(received.map(({ headers }) => headers["x-slack-retry-reason"])).toEqual([undefined, "http_timeout"]);
  expect(taken.counters().eventsLost).toBe(0);

  const refused = await workspaceWith({ eventRetryDelaysMs: [0, 0, 0] });
  const once = await listener(refused, () => ({ status: 500, headers: { "x-slack-no-retry": "1" } }));
  await refused.say({ user: "asha", channel: "ops", text: "a" });
  await refused.settled();
  expect(once).toHaveLength(1);
});

test("an app that is away is tried again when it is back", async () => {
  const workspace = await workspaceWith({ eventRetryDelaysMs: [0, 1500] });
  workspace.connectApp("http://127.0.0.1:9");
  await workspace.say({ user: "asha", channel: "ops", text: "a" });
  await eventually(() => workspace.counters().eventsSent).toBe(2);
  const received = await listener(workspace);
  await eventually(() => received.length).toBe(1);
  expect(received[0]?.headers).toMatchObject({ "x-slack-retry-num": "2", "x-slack-retry-reason": "connection_failed" });
});

test("events wait for the app, and for the end of an outage", async () => {
  const workspace = await workspaceWith();
  await workspace.say({ user: "asha", channel: "ops", text: "early" });
  const received = await listener(workspace);
  await workspace.settled();
  workspace.outage(true);
  await workspace.say({ user: "asha", channel: "ops", text: "late" });
  await workspace.settled();
  expect(received).toHaveLength(1);
  workspace.outage(false);
  await workspace.settled();
  workspace.eventsDown(true);
  await workspace.say({ user: "asha", channel: "ops", text: "later" });
  await workspace.settled();
  expect(received).toHaveLength(2);
  workspace.eventsDown(false);
  await workspace.settled();
  expect(received.map(({ body }) => body.event["text"])).toEqual(["early", "late", "later"]);
});

function byType(a: Record<string, unknown>, b: Record<string, unknown>): number {
  return String(a["type"]).localeCompare(String(b["type"]));
}

function byText(a: Record<string, unknown>, b: Record<string, unknown>): number {
  return String(a["text"]).localeCompare(String(b["text"]));
}
