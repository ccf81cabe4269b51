import { expect, test } from "vitest";
import { clientOf, refusal, workspaceWith } from "./support.ts";

test("a thread is read page by page, its root on each", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const root = await client.chat.postMessage({ channel: "ops", text: "root" });
  const { channel = "", ts = "" } = root;
  for (const text of ["1", "2", "3"]) await client.chat.postMessage({ channel, thread_ts: ts, text });
  const first = await client.conversations.replies({ channel, ts, limit: 2 });
  expect(first.messages?.map(({ text }) => text)).toEqual(["root", "1", "2"]);
  expect(first.has_more).toBe(true);
  const cursor = first.response_metadata?.next_cursor ?? "";
  const second = await client.conversations.replies({ channel, ts, limit: 2, cursor });
  expect(second.messages?.map(({ text }) => text)).toEqual(["root", "3"]);
  expect(second.has_more).toBe(false);
  expect(await refusal(client.conversations.replies({ channel, ts: "1.000000" }))).toBe("thread_not_found");
});

test("history has the roots, newest first, between two times", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const posted: { ts: string; channel: string }[] = [];
  for (const text of ["a", "b", "c"]) {
    const { ts = "", channel = "" } = await client.chat.postMessage({ channel: "ops", text });
    posted.push({ ts, channel });
  }
  const [a, b, c] = posted;
  const channel = a?.channel ?? "";
  await client.chat.postMessage({ channel, thread_ts: b?.ts ?? "", text: "reply" });
  const texts = async (given: { oldest?: string; latest?: string; inclusive?: boolean }) =>
    (await client.conversations.history({ channel, ...given })).messages?.map(({ text }) => text);
  expect(await texts({})).toEqual(["c", "b", "a"]);
  expect(await texts({ oldest: a?.ts ?? "", latest: c?.ts ?? "" })).toEqual(["b"]);
  expect(await texts({ oldest: a?.ts ?? "", inclusive: true })).toEqual(["c", "b", "a"]);
});

test("the bot sees public channels, and private ones that it is in", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const names = async (types: string, exclude_archived = false) =>
    (await client.conversations.list({ types, exclude_archived })).channels?.map(({ name }) => name);
  expect(await names("public_channel")).toEqual(["ops", "elsewhere", "old"]);
  expect(await names("public_channel", true)).toEqual(["ops", "elsewhere"]);
  expect(await names("private_channel")).toEqual(["secret"]);
  const own = await client.users.conversations({ types: "public_channel,private_channel", exclude_archived: true });
  expect(own.channels?.map(({ name }) => name)).toEqual(["ops", "secret"]);
  const hidden = workspace.channels["hidden"]?.id ?? "";
  expect(await refusal(client.conversations.info({ channel: hidden }))).toBe("channel_not_found");
  const elsewhere = workspace.channels["elsewhere"]?.id ?? "";
  expect((await client.conversations.info({ channel: elsewhere })).channel).toMatchObject({ is_member: false });
  expect(await refusal(client.conversations.history({ channel: elsewhere }))).toBe("not_in_channel");
  await client.conversations.join({ channel: elsewhere });
  expect((await client.conversations.info({ channel: elsewhere })).channel).toMatchObject({ is_member: true });
  expect((await client.conversations.members({ channel: elsewhere })).members).toContain(workspace.botUserId);
});

test("direct messages open once for each person", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const users = workspace.people["asha"]?.id ?? "";
  const one = await client.conversations.open({ users });
  const two = await client.conversations.open({ users });
  expect(one.channel?.id).toMatch(/^D/);
  expect(two.channel?.id).toBe(one.channel?.id);
  await client.chat.postMessage({ channel: users, text: "hello" });
  expect(workspace.messages("@asha").map(({ text }) => text)).toEqual(["hello"]);
  expect(await refusal(client.conversations.open({ users: "U0NOBODY000" }))).toBe("user_not_found");
});

test("people, guests and strangers are told apart, and addresses need their own scope", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const info = async (key: string) => (await client.users.info({ user: workspace.people[key]?.id ?? "" })).user;
  expect(await info("asha")).toMatchObject({ name: "asha", tz: "America/New_York", is_restricted: false });
  expect((await info("asha"))?.profile?.email).toBe("asha@example.org");
  expect(await info("carla")).toMatchObject({ is_restricted: true, is_ultra_restricted: true });
  expect(await info("dev")).toMatchObject({ is_stranger: true });
  expect((await info("dev"))?.team_id).not.toBe(workspace.teamId);
  expect((await client.users.lookupByEmail({ email: "BEN@example.org" })).user?.name).toBe("ben");
  expect(await refusal(client.users.lookupByEmail({ email: "no@example.org" }))).toBe("users_not_found");
  expect((await client.users.list({})).members).toHaveLength(5);
  const blind = await workspaceWith({ grantedScopes: ["users:read"] });
  const user = blind.people["asha"]?.id ?? "";
  expect((await clientOf(blind).users.info({ user })).user?.profile?.email).toBeUndefined();
});

test("a group has its members", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const group = (await client.usergroups.list({ include_users: true })).usergroups?.[0];
  const ids = [workspace.people["asha"]?.id, workspace.people["ben"]?.id];
  expect(group).toMatchObject({ handle: "data-oncall", users: ids });
  expect((await client.usergroups.users.list({ usergroup: group?.id ?? "" })).users).toEqual(ids);
});

test("reactions and pins are there once, or not at all", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const { channel = "", ts: timestamp = "" } = await client.chat.postMessage({ channel: "ops", text: "a" });
  const eyes = { channel, timestamp, name: "eyes" };
  await client.reactions.add(eyes);
  expect(await refusal(client.reactions.add(eyes))).toBe("already_reacted");
  await workspace.react({ user: "asha", channel: "ops", ts: timestamp, emoji: "eyes" });
  const seen = await client.reactions.get({ channel, timestamp });
  expect(seen.message?.reactions).toMatchObject([{ name: "eyes", count: 2 }]);
  await client.reactions.remove(eyes);
  expect(await refusal(client.reactions.remove(eyes))).toBe("no_reaction");
  expect(await refusal(client.reactions.add({ ...eyes, name: "Not An Emoji" }))).toBe("invalid_name");
  await client.pins.add({ channel, timestamp });
  expect(await refusal(client.pins.add({ channel, timestamp }))).toBe("already_pinned");
  expect((await client.pins.list({ channel })).items).toHaveLength(1);
  await client.pins.remove({ channel, timestamp });
  expect(await refusal(client.pins.remove({ channel, timestamp }))).toBe("no_pin");
  expect(await refusal(client.reactions.add({ ...eyes, timestamp: "1.000000" }))).toBe("message_not_found");
});

test("a file goes up in Slack's three steps, into the thread", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const { channel = "", ts = "" } = await client.chat.postMessage({ channel: "ops", text: "root" });
  await client.filesUploadV2({
    channel_id: channel,
    thread_ts: ts,
    initial_comment: "the export",
    filename: "INC-1.md",
    content: "# INC-1 é",
  });
  const [file] = workspace.files();
  expect(file).toMatchObject({ name: "INC-1.md", mimetype: "text/markdown", size: 10, channels: [channel] });
  expect(workspace.fileText(file?.id ?? "")).toBe("# INC-1 é");
  expect(workspace.thread("ops", ts)[1]).toMatchObject({ subtype: "file_share", text: "the export" });
  const info = await client.files.info({ file: file?.id ?? "" });
  const bytes = await fetch(info.file?.url_private ?? "", { headers: { authorization: "Bearer xoxb-sandbox" } });
  expect(await bytes.text()).toBe("# INC-1 é");
  expect((await fetch(info.file?.url_private ?? "", { redirect: "manual" })).status).toBe(302);
  await client.files.delete({ file: file?.id ?? "" });
  expect(await refusal(client.files.info({ file: file?.id ?? "" }))).toBe("file_not_found");
});

test("a file whose bytes never came cannot be shared", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const { file_id = "" } = await client.files.getUploadURLExternal({ filename: "a.txt", length: 3 });
  const completion = client.files.completeUploadExternal({ files: [{ id: file_id, title: "a" }], channel_id: "ops" });
  expect(await refusal(completion)).toBe("file_not_found");
  expect(workspace.messages("ops")).toEqual([]);
});
