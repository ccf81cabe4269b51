import { expect, test } from "vitest";
import { boltApp, clientOf, eventually, refusal, workspaceWith } from "./support.ts";

const plain = (text: string) => ({ type: "plain_text" as const, text });
const button = (label: string, value: string, action_id = "decide") => ({
  type: "button" as const,
  text: plain(label),
  action_id,
  value,
});
const modal = (blocks: object[] = [{ type: "divider" }]) => ({
  type: "modal" as const,
  callback_id: "ask",
  title: plain("Sure?"),
  submit: plain("Yes"),
  blocks: blocks as { type: string }[],
});
const input = (block_id: string, more: object = {}) => ({
  type: "input",
  block_id,
  label: plain(block_id),
  element: { type: "plain_text_input", action_id: `${block_id}_text` },
  ...more,
});

test("a slash command reaches Bolt with all its fields, and its answer the person", async () => {
  const workspace = await workspaceWith();
  let body: Record<string, unknown> = {};
  await boltApp(workspace, (app) => {
    app.command("/sync", async ({ command, ack }) => {
      body = { ...command };
      await ack({ text: `On it, <@${command.user_id}>`, response_type: "ephemeral" });
    });
  });
  const acted = await workspace.slash({ user: "asha", channel: "ops", text: "/sync run person-sync prod" });
  expect(acted).toMatchObject({ ok: true, status: 200 });
  expect(acted.ackedMs).toBeLessThan(1000);
  expect(body).toMatchObject({
    command: "/sync",
    text: "run person-sync prod",
    user_id: workspace.people["asha"]?.id,
    user_name: "asha",
    channel_id: workspace.channels["ops"]?.id,
    channel_name: "ops",
    team_id: workspace.teamId,
    api_app_id: workspace.appId,
    trigger_id: expect.any(String),
    response_url: expect.stringContaining(workspace.url),
  });
  expect(workspace.lastSeen("asha")).toMatchObject({ kind: "response", text: "On it, @asha" });
  expect(workspace.lastSeen("ben")).toBeNull();
});

test("a command that nobody declared, or that nobody answers, is told by Slack itself", async () => {
  const workspace = await workspaceWith({ ackTimeoutMs: 60 });
  expect((await workspace.slash({ user: "asha", channel: "ops", text: "/dance" })).error).toBe("no_such_command");
  const away = await workspace.slash({ user: "asha", channel: "ops", text: "/sync jobs" });
  expect(away).toMatchObject({ ok: false, error: "dispatch_failed" });
  await boltApp(workspace, (app) => app.command("/sync", async () => {}));
  const late = await workspace.slash({ user: "asha", channel: "ops", text: "/sync jobs" });
  expect(late).toMatchObject({ ok: false, error: "operation_timeout" });
  expect(workspace.lastSeen("asha")?.text).toBe('/sync failed with the error "operation_timeout"');
  expect(workspace.ephemerals("asha").every(({ from }) => from === "slack")).toBe(true);
});

test("a response URL works five times, then no more", async () => {
  const workspace = await workspaceWith();
  const statuses: unknown[] = [];
  await boltApp(workspace, (app) => {
    app.command("/sync", async ({ ack, respond }) => {
      await ack();
      for (let n = 1; n <= 6; n++) {
        try {
          await respond(n === 2 ? { text: "all", response_type: "in_channel" } : `answer ${n}`);
          statuses.push("ok");
        } catch (error) {
          statuses.push(error instanceof Error && "statusCode" in error ? error.statusCode : error);
        }
      }
    });
  });
  await workspace.slash({ user: "asha", channel: "ops", text: "/sync jobs" });
  await eventually(() => statuses).toEqual(["ok", "ok", "ok", "ok", "ok", 404]);
  expect(workspace.ephemerals("asha").map(({ text }) => text)).toEqual([
    "answer 1",
    "answer 3",
    "answer 4",
    "answer 5",
  ]);
  expect(workspace.messages("ops").map(({ text }) => text)).toEqual(["all"]);
});

test("a response URL ends with its time", async () => {
  const workspace = await workspaceWith({ responseUrlLifeMs: 0 });
  let url = "";
  await boltApp(workspace, (app) => {
    app.command("/sync", async ({ ack, command }) => {
      url = command.response_url;
      await ack();
    });
  });
  await workspace.slash({ user: "asha", channel: "ops", text: "/sync jobs" });
  const answer = await fetch(url, { method: "POST", body: JSON.stringify({ text: "late" }) });
  expect(answer.status).toBe(404);
  expect(await answer.json()).toEqual({ ok: false, error: "expired_url" });
});

test("a button is found by its label and value, and its message can be replaced or deleted", async () => {
  const workspace = await workspaceWith();
  const bodies: unknown[] = [];
  await boltApp(workspace, (app) => {
    app.action("decide", async ({ ack, body, action, respond }) => {
      bodies.push({ body, action });
      await ack();
      await respond({ text: "decided", blocks: [], replace_original: true });
    });
    app.action("forget", async ({ ack, respond }) => {
      await ack();
      await respond({ delete_original: true });
    });
  });
  const blocks = [
    { type: "section", text: { type: "mrkdwn", text: "One?" }, accessory: button("Approve", "one", "first") },
    { type: "actions", elements: [button("Approve", "two"), button("Forget", "x", "forget")] },
  ];
  const { ts = "", channel = "" } = await clientOf(workspace).chat.postMessage({ channel: "ops", text: "?", blocks });
  const on = { channel: "ops", ts };
  expect((await workspace.press({ user: "ben", on, button: "Nope" })).error).toBe("no_such_button");
  expect((await workspace.press({ user: "ben", on, button: "Approve", value: "two" })).ok).toBe(true);
  expect(bodies).toMatchObject([
    {
      action: { type: "button", action_id: "decide", value: "two", text: { text: "Approve" } },
      body: {
        user: { id: workspace.people["ben"]?.id, username: "ben" },
        channel: { id: channel, name: "ops" },
        container: { type: "message", message_ts: ts, channel_id: channel, is_ephemeral: false },
        message: { ts, text: "?", bot_id: workspace.botId },
        trigger_id: expect.any(String),
        response_url: expect.any(String),
      },
    },
  ]);
  await eventually(() => workspace.messages("ops")[0]?.text).toBe("decided");
  expect(workspace.messages("ops")[0]?.blocks).toEqual([]);

  const { ts: second = "" } = await clientOf(workspace).chat.postMessage({ channel: "ops", text: "?", blocks });
  await workspace.press({ user: "ben", on: { channel: "ops", ts: second }, button: "forget" });
  await eventually(() => workspace.messages("ops")).toHaveLength(1);
});

test("a button on an ephemeral replaces that ephemeral, for that person only", async () => {
  const workspace = await workspaceWith();
  await boltApp(workspace, (app) => {
    app.action("decide", async ({ ack, body, respond }) => {
      await ack();
      const text = body.type === "block_actions" && body.message === undefined ? "done" : "wrong payload";
      await respond({ text, replace_original: true });
    });
  });
  const user = workspace.people["asha"]?.id ?? "";
  const blocks = [{ type: "actions", elements: [button("Open", "1")] }];
  await clientOf(workspace).chat.postEphemeral({ channel: "ops", user, text: "?", blocks });
  const id = workspace.ephemerals("asha")[0]?.id ?? "";
  expect((await workspace.press({ user: "ben", on: { ephemeral: id }, button: "Open" })).error).toBe(
    "message_not_found",
  );
  await workspace.press({ user: "asha", on: { ephemeral: id }, button: "Open" });
  await eventually(() => workspace.lastSeen("asha")).toMatchObject({ kind: "response", text: "done" });
  expect(workspace.ephemerals("asha")).toHaveLength(1);
});

test("a modal is opened, corrected, updated and closed", async () => {
  const workspace = await workspaceWith();
  const submitted: unknown[] = [];
  await boltApp(workspace, (app) => {
    app.command("/sync", async ({ ack, client, command }) => {
      await ack();
      const { view } = await client.views.open({ trigger_id: command.trigger_id, view: modal() });
      await client.views.update({
        view_id: view?.id ?? "",
        view: modal([input("confirm"), input("reason", { optional: true })]),
      });
    });
    app.view("ask", async ({ ack, view, body }) => {
      submitted.push(body);
      const typed = view.state.values["confirm"]?.["confirm_text"]?.value;
      if (typed === "prod") await ack();
      else await ack({ response_action: "errors", errors: { confirm: "Type prod." } });
    });
  });
  await workspace.slash({ user: "asha", channel: "ops", text: "/sync run" });
  await workspace.until(() => workspace.modal("asha")?.blocks.length === 2);
  expect(workspace.lastSeen("asha")).toMatchObject({ kind: "modal", text: "Sure?\nconfirm\nreason" });

  const empty = await workspace.submit({ user: "asha", values: {} });
  expect(empty).toMatchObject({ ok: false, error: "invalid_input", errors: { confirm: expect.any(String) } });
  expect(submitted).toHaveLength(0);

  const unknown = await workspace.submit({ user: "asha", values: { nothing: "x" } });
  expect(unknown.error).toBe("no_such_input: nothing");

  const wrong = await workspace.submit({ user: "asha", values: { confirm: "preprod" } });
  expect(wrong).toMatchObject({ ok: true, responseAction: "errors", errors: { confirm: "Type prod." } });
  expect(workspace.lastSeen("asha")?.text).toContain("Type prod.");

  const right = await workspace.submit({ user: "asha", values: { confirm_text: "prod" } });
  expect(right).toMatchObject({ ok: true, responseAction: null, modal: null });
  expect(submitted[1]).toMatchObject({
    type: "view_submission",
    view: { callback_id: "ask", state: { values: { confirm: { confirm_text: { value: "prod" } }, reason: {} } } },
  });
  expect((await workspace.submit({ user: "asha", values: {} })).error).toBe("no_modal");
});

test("modals stack to three, and go back, forward and away", async () => {
  const workspace = await workspaceWith();
  const pushed: string[] = [];
  let closed: unknown = null;
  await boltApp(workspace, (app) => {
    app.shortcut("open_incident", async ({ ack, client, shortcut }) => {
      await ack();
      await client.views.open({
        trigger_id: shortcut.trigger_id,
        view: modal([{ type: "actions", elements: [button("More", "1")] }]),
      });
    });
    app.action("decide", async ({ ack, client, body }) => {
      await ack();
      const trigger_id = "trigger_id" in body ? String(body.trigger_id) : "";
      const view = { ...modal([{ type: "actions", elements: [button("More", "1")] }]), notify_on_close: true };
      pushed.push(await refusal(client.views.push({ trigger_id, view })));
    });
    app.view({ callback_id: "ask", type: "view_closed" }, async ({ ack, body }) => {
      closed = body;
      await ack();
    });
    app.view("ask", async ({ ack }) => ack({ response_action: "clear" }));
  });
  await workspace.shortcut({ user: "asha", name: "Open incident" });
  const first = await workspace.until(() => workspace.modal("asha"));
  const press = async () => {
    const before = pushed.length;
    await workspace.press({ user: "asha", on: { modal: workspace.modal("asha")?.id ?? "" }, button: "More" });
    await eventually(() => pushed.length).toBe(before + 1);
  };
  await press();
  await press();
  await press();
  expect(pushed).toEqual(["ok", "ok", "push_limit_reached"]);
  expect(workspace.modal("asha")).toMatchObject({ root_view_id: first?.id });
  const top = workspace.modal("asha");
  await workspace.closeModal({ user: "asha" });
  expect(closed).toMatchObject({ type: "view_closed", is_cleared: false, view: { id: top?.id } });
  expect(workspace.modal("asha")?.id).toBe(top?.previous_view_id);
  expect(await workspace.submit({ user: "asha", values: {} })).toMatchObject({ responseAction: "clear", modal: null });
});

test("a trigger is good for one view, and a view's hash for one update", async () => {
  const workspace = await workspaceWith();
  const client = clientOf(workspace);
  const triggers: string[] = [];
  await boltApp(workspace, (app) => {
    app.command("/sync", async ({ ack, command }) => {
      triggers.push(command.trigger_id);
      await ack();
    });
  });
  await workspace.slash({ user: "asha", channel: "ops", text: "/sync one" });
  const trigger_id = triggers[0] ?? "";
  // A view that is refused leaves the trigger as it was.
  expect(await refusal(client.views.open({ trigger_id, view: { ...modal(), title: plain("x".repeat(25)) } }))).toBe(
    "invalid_arguments",
  );
  const { view } = await client.views.open({ trigger_id, view: modal() });
  expect(await refusal(client.views.open({ trigger_id, view: modal() }))).toBe("exchanged_trigger_id");
  const update = { view_id: view?.id ?? "", hash: view?.hash ?? "", view: modal() };
  expect(await refusal(client.views.update(update))).toBe("ok");
  expect(await refusal(client.views.update(update))).toBe("hash_conflict");
  expect(await refusal(client.views.update({ view_id: "V0", view: modal() }))).toBe("not_found");
  expect(await refusal(client.views.open({ trigger_id: "1.2.3", view: modal() }))).toBe("invalid_trigger_id");
  expect(workspace.counters().refusedBlocks).toBe(1);
});

test("a message shortcut carries the message, and its thread's response URL", async () => {
  const workspace = await workspaceWith();
  let body: unknown = null;
  await boltApp(workspace, (app) => {
    app.shortcut("add_to_timeline", async ({ ack, shortcut, respond }) => {
      body = shortcut;
      await ack();
      await respond("Added.");
    });
  });
  const { ts = "" } = await workspace.say({ user: "asha", channel: "ops", text: "it fell" });
  await workspace.shortcut({ user: "ben", name: "Add to timeline", message: { channel: "ops", ts } });
  expect(body).toMatchObject({ type: "message_action", message_ts: ts, message: { text: "it fell" } });
  await eventually(() => workspace.lastSeen("ben")?.text).toBe("Added.");
  expect((await workspace.shortcut({ user: "ben", name: "add_to_timeline" })).error).toBe("message_not_found");
  expect((await workspace.shortcut({ user: "ben", name: "Fly" })).error).toBe("no_such_shortcut");
});

test("selects, dates and people are filled in by what a person would choose", async () => {
  const workspace = await workspaceWith();
  let values: unknown = null;
  const option = (value: string) => ({ text: plain(value.toUpperCase()), value });
  const field = (block_id: string, element: object) => ({
    type: "input",
    block_id,
    label: plain(block_id),
    element: { action_id: "x", ...element },
  });
  await boltApp(workspace, (app) => {
    app.command("/incident", async ({ ack, client, command }) => {
      await ack();
      const blocks = [
        field("severity", { type: "static_select", options: [option("sev1"), option("sev2")] }),
        field("owner", { type: "users_select" }),
        field("channels", { type: "multi_channels_select" }),
        field("at", { type: "datetimepicker" }),
        field("day", { type: "datepicker" }),
        field("boxes", { type: "checkboxes", options: [option("a"), option("b")] }),
      ];
      await client.views.open({ trigger_id: command.trigger_id, view: modal(blocks) });
    });
    app.view("ask", async ({ ack, view }) => {
      values = view.state.values;
      await ack();
    });
  });
  await workspace.slash({ user: "asha", channel: "ops", text: "/incident open" });
  await workspace.until(() => workspace.modal("asha"));
  const filled = { owner: "ben", channels: "ops,secret", at: "2023-12-11T14:45:00Z", day: "2023-12-11", boxes: "a,B" };
  expect((await workspace.submit({ user: "asha", values: { ...filled, severity: "sev9" } })).error).toContain(
    "severity",
  );
  expect((await workspace.submit({ user: "asha", values: { ...filled, severity: "SEV2" } })).ok).toBe(true);
  expect(values).toMatchObject({
    severity: { x: { selected_option: { value: "sev2" } } },
    owner: { x: { selected_user: workspace.people["ben"]?.id } },
    channels: { x: { selected_channels: [workspace.channels["ops"]?.id, workspace.channels["secret"]?.id] } },
    at: { x: { selected_date_time: 1_702_305_900 } },
    day: { x: { selected_date: "2023-12-11" } },
    boxes: { x: { selected_options: [{ value: "a" }, { value: "b" }] } },
  });
});

test("Bolt hears mentions and messages, and not itself", async () => {
  const workspace = await workspaceWith();
  const heard: string[] = [];
  await boltApp(workspace, (app) => {
    app.event("app_mention", async ({ event, say }) => {
      heard.push(`mention ${event.text}`);
      await say({ text: "yes?", thread_ts: event.ts });
    });
    app.message(async ({ message }) => {
      heard.push(`message ${"text" in message ? message.text : message.subtype}`);
    });
  });
  const { ts = "" } = await workspace.say({ user: "asha", channel: "ops", text: "@nightdesk" });
  await eventually(() => workspace.thread("ops", ts).map(({ text }) => text)).toContain("yes?");
  await workspace.settled();
  const mention = `<@${workspace.botUserId}>`;
  expect(heard.sort()).toEqual([`mention ${mention}`, `message ${mention}`]);
});

test("the Home tab is published for a person who opened it", async () => {
  const workspace = await workspaceWith();
  await boltApp(workspace, (app) => {
    app.event("app_home_opened", async ({ event, client }) => {
      const blocks = [{ type: "section", text: plain("Welcome") }];
      await client.views.publish({ user_id: event.user, view: { type: "home", blocks } });
    });
  });
  await workspace.openHome({ user: "asha" });
  const home = await workspace.until(() => workspace.home("asha"));
  expect(home === null ? "" : workspace.plain(home)).toBe("Welcome");
});
