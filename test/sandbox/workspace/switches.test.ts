import { expect, test } from "vitest";
import { boltApp, clientOf, eventually, refusal, workspaceWith } from "./support.ts";

test("posts are limited for each channel, and say for how long", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const id = workspace.channels["ops"]?.id ?? "";
  for (let n = 0; n < 60; n++) await client.chat.postMessage({ channel: n % 2 ? "ops" : id, text: `${n}` });
  const limited = client.chat.postMessage({ channel: "ops", text: "one too many" });
  await expect(limited).rejects.toMatchObject({ retryAfter: expect.toSatisfy((s: number) => s > 50 && s <= 60) });
  await client.chat.postMessage({ channel: "secret", text: "another channel" });
  expect(workspace.messages("ops")).toHaveLength(60);
  expect(workspace.counters()).toMatchObject({ rateLimited: 1, calls: { "chat.postMessage": 62 }, total: 62 });
});

test("each method has its own tier", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  for (let n = 0; n < 20; n++) await client.users.list({});
  await expect(client.users.list({})).rejects.toMatchObject({ retryAfter: expect.any(Number) });
  expect((await client.usergroups.list({})).ok).toBe(true);
});

test("rates can be off, but not the limit switch", async () => {
  const workspace = await workspaceWith({ rates: "off" });
  const client = clientOf(workspace);
  for (let n = 0; n < 25; n++) await client.users.list({});
  workspace.limit({ method: "users.list", retryAfter: 7, times: 2 });
  for (const _ of [1, 2]) await expect(client.users.list({})).rejects.toMatchObject({ retryAfter: 7 });
  expect((await client.users.list({})).ok).toBe(true);
  workspace.limit({ method: "users.list", retryAfter: 7 });
  await expect(client.users.list({})).rejects.toMatchObject({ retryAfter: 7 });
  workspace.limit({ method: "users.list", retryAfter: 7, times: 0 });
  expect((await client.users.list({})).ok).toBe(true);
});

test("in an outage nothing answers, and no call is counted", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  workspace.outage(true);
  await expect(client.chat.postMessage({ channel: "ops", text: "a" })).rejects.toMatchObject({ statusCode: 503 });
  workspace.outage(20);
  await eventually(() => workspace.switches().outage).toBe(false);
  await client.chat.postMessage({ channel: "ops", text: "b" });
  expect(workspace.messages("ops").map(({ text }) => text)).toEqual(["b"]);
  expect(workspace.counters().calls).toEqual({ "chat.postMessage": 1 });
});

test("slowness delays the answer, not the work", async () => {
  const workspace = await workspaceWith();
  workspace.slow(300);
  const before = performance.now();
  const post = clientOf(workspace).chat.postMessage({ channel: "ops", text: "a" });
  const first = await Promise.race([
    post.then(() => "answer"),
    workspace.until(() => workspace.messages("ops").length === 1),
  ]);
  expect(first).toBe(true);
  await post;
  expect(performance.now() - before).toBeGreaterThan(290);
});

test("a dropped call was carried out, though nobody was told", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  workspace.dropAfterSend(1);
  await client.users.list({});
  expect(await refusal(client.chat.postMessage({ channel: "nowhere", text: "refused" }))).toBe("channel_not_found");
  await expect(client.chat.postMessage({ channel: "ops", text: "a" })).rejects.toThrow(/fetch failed|request/i);
  expect(workspace.messages("ops").map(({ text }) => text)).toEqual(["a"]);
  expect((await client.chat.postMessage({ channel: "ops", text: "b" })).ok).toBe(true);
});

test("a response URL suffers with the rest", async () => {
  const workspace = await workspaceWith();
  let url = "";
  await boltApp(workspace, (app) => {
    app.command("/sync", async ({ ack, command }) => {
      url = command.response_url;
      await ack();
    });
  });
  await workspace.slash({ user: "asha", channel: "ops", text: "/sync jobs" });
  const say = () =>
    fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: '{"text":"hi"}' });
  workspace.outage(true);
  expect((await say()).status).toBe(503);
  workspace.outage(false);
  workspace.dropAfterSend(1);
  await expect(say()).rejects.toThrow();
  expect(workspace.lastSeen("asha")?.text).toBe("hi");
});

test("the counters start again at a mark, and leave auth.test out", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  await client.auth.test();
  await client.chat.postMessage({ channel: "ops", text: "a" });
  expect(workspace.counters()).toMatchObject({ total: 1, calls: { "chat.postMessage": 1 } });
  workspace.mark();
  expect(workspace.counters()).toMatchObject({ total: 0, calls: {} });
});
