import { expect, onTestFinished, test } from "vitest";
import { startWorkspace } from "../../../sandbox/workspace/start.ts";
import { BOT_TOKEN, boltApp, clientOf, listener, MANIFEST, refusal, SECRET, workspaceWith } from "./support.ts";

test("people change and delete their own messages only", async () => {
  const workspace = await workspaceWith();
  const { ts = "" } = await workspace.say({ user: "asha", channel: "ops", text: "mine" });
  expect((await workspace.edit({ user: "ben", channel: "ops", ts, text: "yours" })).error).toBe("not_yours");
  expect((await workspace.delete({ user: "ben", channel: "ops", ts })).error).toBe("not_yours");
  expect((await workspace.delete({ user: "asha", channel: "ops", ts: "1.000000" })).error).toBe("message_not_found");
  expect(workspace.messages("ops")).toMatchObject([{ text: "mine" }]);
});

test("unless told, the app has three seconds to answer, and a trigger lives as long", async () => {
  const workspace = await startWorkspace({
    signingSecret: SECRET,
    botToken: BOT_TOKEN,
    manifest: MANIFEST,
    people: { asha: {} },
    channels: [{ name: "ops" }],
  });
  onTestFinished(() => workspace.close());
  const received = await listener(workspace, () => null);
  const acted = await workspace.slash({ user: "asha", channel: "ops", text: "/sync jobs" });
  expect(acted).toMatchObject({ ok: false, error: "operation_timeout" });
  expect(acted.ackedMs).toBeGreaterThan(2900);
  const trigger_id = new URLSearchParams(received[0]?.raw).get("trigger_id") ?? "";
  const view = { type: "modal" as const, title: { type: "plain_text" as const, text: "Late" }, blocks: [] };
  expect(await refusal(clientOf(workspace).views.open({ trigger_id, view }))).toBe("expired_trigger_id");
});

test("people speak only where they are", async () => {
  const workspace = await workspaceWith({
    channels: [
      { name: "ops", members: ["asha"] },
      { name: "old", archived: true },
    ],
  });
  const say = async (user: string, channel: string, threadTs?: string) =>
    (await workspace.say({ user, channel, text: "x", ...(threadTs !== undefined && { threadTs }) })).error;
  expect(await say("ben", "ops")).toBe("not_in_channel");
  expect(await say("ben", "old")).toBe("is_archived");
  expect(await say("ben", "nowhere")).toBe("channel_not_found");
  expect(await say("asha", "ops", "1.000000")).toBe("thread_not_found");
  await workspace.invite({ user: "asha", channel: "ops", who: "ben" });
  expect(await say("ben", "ops")).toBeUndefined();
  await expect(say("nobody", "ops")).rejects.toThrow(/No person nobody.*asha, ben/);
});

test("direct messages with the app are events of their own kind", async () => {
  const workspace = await workspaceWith();
  const received = await listener(workspace);
  await workspace.say({ user: "asha", channel: "@asha", text: "@nightdesk help" });
  await workspace.settled();
  expect(received.map(({ body }) => body.event)).toMatchObject([{ type: "message", channel_type: "im" }]);
});

test("a stranger's message says which workspace the stranger is of", async () => {
  const workspace = await workspaceWith();
  const received = await listener(workspace);
  await workspace.say({ user: "dev", channel: "ops", text: "hello" });
  await workspace.settled();
  expect(received[0]?.body["team_id"]).toBe(workspace.teamId);
  expect(received[0]?.body.event["team"]).not.toBe(workspace.teamId);
});

test("a root that was deleted under its replies is a change to a tombstone", async () => {
  const workspace = await workspaceWith();
  const { ts = "" } = await workspace.say({ user: "asha", channel: "ops", text: "root" });
  await workspace.say({ user: "ben", channel: "ops", text: "reply", threadTs: ts });
  const received = await listener(workspace);
  await workspace.settled();
  received.length = 0;
  await workspace.delete({ user: "asha", channel: "ops", ts });
  await workspace.settled();
  expect(received.map(({ body }) => body.event)).toMatchObject([
    { subtype: "message_changed", message: { subtype: "tombstone", ts }, previous_message: { text: "root" } },
  ]);
});

test("a bot that leaves a channel hears nothing more of it", async () => {
  const workspace = await workspaceWith();
  const received = await listener(workspace);
  expect(await workspace.invite({ user: "asha", channel: "ops", who: "@nightdesk", remove: true })).toMatchObject({
    ok: true,
  });
  await workspace.say({ user: "asha", channel: "ops", text: "alone at last" });
  await workspace.settled();
  expect(received).toEqual([]);
  expect(await refusal(clientOf(workspace).chat.postMessage({ channel: "ops", text: "a" }))).toBe("not_in_channel");
});

test("an archived channel takes no words until it is opened again", async () => {
  const workspace = await workspaceWith();
  const post = () => refusal(clientOf(workspace).chat.postMessage({ channel: "ops", text: "a" }));
  await workspace.archive({ user: "asha", channel: "ops" });
  expect(await post()).toBe("is_archived");
  await workspace.archive({ user: "asha", channel: "ops", undo: true });
  expect(await post()).toBe("ok");
});

test("a command that escapes gets ids for names, another the words as typed", async () => {
  const texts: string[] = [];
  for (const should_escape of [true, false]) {
    const manifest = { features: { slash_commands: [{ command: "/sync", should_escape }] } };
    const workspace = await workspaceWith({ manifest });
    await boltApp(workspace, (app) => {
      app.command("/sync", async ({ ack, command }) => {
        texts.push(command.text.replace(workspace.people["ben"]?.id ?? "", "BEN"));
        await ack();
      });
    });
    await workspace.slash({ user: "asha", channel: "ops", text: "/sync  permissions @ben\nprod " });
  }
  expect(texts).toEqual(["permissions <@BEN|ben>\nprod", "permissions @ben\nprod"]);
});

test("an answer that fits no block leaves the modal open, and says that it did not work", async () => {
  const workspace = await workspaceWith();
  await boltApp(workspace, (app) => {
    app.command("/sync", async ({ ack, client, command }) => {
      await ack();
      const title = { type: "plain_text" as const, text: "Sure?" };
      await client.views.open({
        trigger_id: command.trigger_id,
        view: { type: "modal", callback_id: "ask", title, submit: { type: "plain_text", text: "Yes" }, blocks: [] },
      });
    });
    app.view("ask", async ({ ack }) => {
      // A body that is no answer to a submission.
      await ack({ response_action: "errors", errors: { nothing: "There is no such block." } });
    });
  });
  await workspace.slash({ user: "asha", channel: "ops", text: "/sync run" });
  await workspace.until(() => workspace.modal("asha"));
  const submitted = await workspace.submit({ user: "asha", values: {} });
  expect(submitted).toMatchObject({ ok: false, error: "dispatch_failed", modal: { callback_id: "ask" } });
  expect(workspace.lastSeen("asha")?.text).toMatch(/trouble connecting/);
});

test("a modal without a submit button cannot be submitted", async () => {
  const workspace = await workspaceWith();
  let heard = 0;
  await boltApp(workspace, (app) => {
    app.command("/sync", async ({ ack, client, command }) => {
      await ack();
      const title = { type: "plain_text" as const, text: "Wait" };
      const view = { type: "modal" as const, callback_id: "wait", title, blocks: [] };
      await client.views.open({ trigger_id: command.trigger_id, view });
    });
    app.view("wait", async ({ ack }) => {
      heard += 1;
      await ack();
    });
  });
  await workspace.slash({ user: "asha", channel: "ops", text: "/sync run" });
  await workspace.until(() => workspace.modal("asha"));
  expect((await workspace.submit({ user: "asha", values: {} })).error).toBe("no_submit");
  expect(heard).toBe(0);
});
