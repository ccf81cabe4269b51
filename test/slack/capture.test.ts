import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { NotNow } from "../../src/base/errors.ts";
import { entriesOf, timelineOf } from "../../src/incidents/timeline.store.ts";
import { type Desk, soon, startDesk } from "./desk.ts";
import { addLine, openIncident, testCatalogue } from "./record.ts";

/** An incident with its thread in #ops, and what people say in it. */
async function thread() {
  const desk = await startDesk({
    catalogue: ({ people }) =>
      testCatalogue({ people: { asha: { name: "Asha Rao", slack: people["asha"]?.id ?? "" } } }),
  });
  const incident = await openIncident(desk.store, systemClock.now());
  await desk.slack.project("incident", incident.id);
  const rootTs = desk.workspace.messages("ops")[0]?.ts ?? "";
  const say = async (user: string, text: string) =>
    (await desk.workspace.say({ user, channel: "ops", text, threadTs: rootTs })).ts ?? "";
  const lines = async () => {
    await desk.workspace.settled();
    return timelineOf(desk.store.db, incident.id);
  };
  return { ...desk, incident, rootTs, say, lines };
}

test("what people write in the thread is a line, with its own time, names for ids, and nothing secret", async () => {
  const { say, lines, workspace } = await thread();
  await say("ben", "ask @asha, mail ben@example.org, id 1234567, password=hunter22");
  const [line] = await lines();
  expect(line).toMatchObject({
    kind: "message",
    by: "ben",
    byName: "Ben Lee",
    text: "ask @Asha Rao, mail [e-mail], id [redacted], password=[secret]",
    edited: false,
  });
  expect(Number(workspace.thread("ops", workspace.messages("ops")[0]?.ts ?? "")[1]?.ts)).toBeCloseTo(
    (line?.at.epochMilliseconds ?? 0) / 1_000,
    2,
  );
});

test("messages outside the thread, and Nightdesk's own, are no lines", async () => {
  const { workspace, lines, store, incident, slack, rootTs } = await thread();
  await workspace.say({ user: "ben", channel: "ops", text: "lunch?" });
  await addLine(store, incident.id, { text: "ours", at: systemClock.now() });
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  await slack.project("incident", incident.id);
  await soon(workspace, () => workspace.thread("ops", rootTs).length > 1);
  expect((await lines()).map(({ kind }) => kind)).toEqual(["note"]);
});

test("another bot's words in the thread are kept under its name", async () => {
  const { workspace, lines, rootTs } = await thread();
  await workspace.postAs({ bot: "deploy-bot", channel: "ops", text: "TCS 4.2 deployed", threadTs: rootTs });
  expect(await lines()).toMatchObject([{ kind: "message", byName: "deploy-bot", text: "TCS 4.2 deployed" }]);
});

test("an edit is a correction: the line shows the new text, the record keeps both", async () => {
  const { workspace, say, lines, store, incident } = await thread();
  const ts = await say("asha", "restarting at 04:00");
  await workspace.edit({ user: "asha", channel: "ops", ts, text: "restarting at 05:00" });
  expect(await lines()).toMatchObject([{ text: "restarting at 05:00", edited: true, by: "asha" }]);
  const entries = await entriesOf(store.db, incident.id);
  expect(entries.map(({ text, change }) => [text, change])).toEqual([
    ["restarting at 04:00", undefined],
    ["restarting at 05:00", "edit"],
  ]);
});

test("a deletion blanks the text and leaves a tombstone", async () => {
  const { workspace, say, lines, store, incident } = await thread();
  const ts = await say("ben", "the key is in the wiki");
  await workspace.edit({ user: "ben", channel: "ops", ts, text: "the key is in the safe" });
  await workspace.delete({ user: "ben", channel: "ops", ts });
  expect(await lines()).toMatchObject([{ kind: "message", by: "ben", text: "", deleted: true }]);
  expect(JSON.stringify(await entriesOf(store.db, incident.id))).not.toContain("the key");
});

test("what was deleted before it was heard does not come back with a late edit, nor with itself", async () => {
  const { workspace, store, slack, incident, rootTs, lines } = await thread();
  const channel = workspace.channels["ops"]?.id ?? "";
  const before = {
    type: "message",
    user: workspace.people["ben"]?.id ?? "",
    thread_ts: rootTs,
    ts: "1700000000.000100",
  };
  const hear = (event: Record<string, unknown>) =>
    store.tx((tx) => slack.captureSlackEvent(tx, { type: "message", channel, ...event }, systemClock.now()));
  const said = { ...before, text: "the key is in the wiki" };
  const edited = { ...before, text: "the key is in the safe" };
  const changed = { subtype: "message_changed", ts: "1700000001.000100", message: edited, previous_message: said };
  await hear({ subtype: "message_deleted", ts: "1700000002.000100", deleted_ts: before.ts, previous_message: edited });
  await hear(changed);
  await hear(said);
  expect(await lines()).toMatchObject([{ kind: "message", by: "ben", text: "", deleted: true }]);
  expect(JSON.stringify(await entriesOf(store.db, incident.id))).not.toContain("the key");
});

test("a pushpin marks a line as key, taking it back unmarks it; other reactions are kept as such", async () => {
  const { workspace, say, lines } = await thread();
  const ts = await say("ben", "the TCS deploy changed the field");
  const react = (emoji: string, remove = false) => workspace.react({ user: "asha", channel: "ops", ts, emoji, remove });
  await react("pushpin");
  expect(await lines()).toMatchObject([{ kind: "message", key: true }]);
  await react("pushpin", true);
  expect(await lines()).toMatchObject([{ kind: "message", key: false }]);
  await react("eyes");
  const [, reaction] = await lines();
  expect(reaction).toMatchObject({ kind: "reaction", by: "asha", text: ":eyes:" });
});

test("a pushpin on a reply of ours marks the entry that it shows", async () => {
  const { workspace, lines, store, incident, slack, rootTs } = await thread();
  await addLine(store, incident.id, { text: "fix is ready", at: systemClock.now() });
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  await slack.project("incident", incident.id);
  const reply = workspace.thread("ops", rootTs)[1];
  await workspace.react({ user: "ben", channel: "ops", ts: reply?.ts ?? "", emoji: "round_pushpin" });
  expect(await lines()).toMatchObject([{ kind: "note", text: "fix is ready", key: true }]);
});

test("a file is kept by name and link, its content is not", async () => {
  const { workspace, lines, rootTs } = await thread();
  await workspace.upload({
    user: "ben",
    channel: "ops",
    name: "ids.csv",
    text: "very private",
    threadTs: rootTs,
    comment: "the ids",
  });
  const told = await lines();
  expect(told).toMatchObject([
    { kind: "message", text: "the ids" },
    { kind: "file", text: "ids.csv", data: { name: "ids.csv" } },
  ]);
  expect(String(told[1]?.data["url"])).toMatch(/^http/);
});

test("the same event twice, and events in the wrong order, are one line", async () => {
  const { store, slack, incident, rootTs, workspace } = await thread();
  const channel = workspace.channels["ops"]?.id ?? "";
  const user = workspace.people["ben"]?.id ?? "";
  const message = { type: "message", channel, user, text: "first", ts: "1702307100.000100", thread_ts: rootTs };
  const changed = (text: string, at: string) => ({
    type: "message",
    subtype: "message_changed",
    channel,
    event_ts: at,
    message: { ...message, text, edited: { user, ts: at } },
    previous_message: message,
  });
  const hear = (event: Record<string, unknown>) =>
    store.tx((tx) => slack.captureSlackEvent(tx, event, systemClock.now()));
  await hear(changed("third", "1702307300.000000"));
  await hear(message);
  await hear(message);
  await hear(changed("second", "1702307200.000000"));
  await hear(changed("fourth", "1702307400.000000"));
  await hear(changed("third", "1702307300.000000"));
  expect(await timelineOf(store.db, incident.id)).toMatchObject([{ text: "fourth", by: "ben" }]);
});

test("a pushpin that is heard before its message marks it all the same", async () => {
  const { store, slack, incident, rootTs, workspace } = await thread();
  const channel = workspace.channels["ops"]?.id ?? "";
  const user = workspace.people["ben"]?.id ?? "";
  const message = { type: "message", channel, user, text: "the cause", ts: "1702307100.000100", thread_ts: rootTs };
  const item = { type: "message", channel, ts: message.ts };
  const pin = { type: "reaction_added", user, reaction: "pushpin", item, event_ts: "1702307200.000000" };
  for (const event of [pin, message]) {
    await store.tx((tx) => slack.captureSlackEvent(tx, event, systemClock.now()));
  }
  expect(await timelineOf(store.db, incident.id)).toMatchObject([{ text: "the cause", key: true }]);
});

test("a deletion that is heard before its message keeps the message out", async () => {
  const { store, slack, incident, rootTs, workspace } = await thread();
  const channel = workspace.channels["ops"]?.id ?? "";
  const user = workspace.people["ben"]?.id ?? "";
  const message = { type: "message", user, text: "oops", ts: "1702307100.000100", thread_ts: rootTs };
  const deletion = {
    type: "message",
    subtype: "message_deleted",
    channel,
    deleted_ts: message.ts,
    event_ts: "1702307200.000000",
    previous_message: message,
  };
  for (const event of [deletion, { ...message, channel }, deletion]) {
    await store.tx((tx) => slack.captureSlackEvent(tx, event, systemClock.now()));
  }
  expect(await timelineOf(store.db, incident.id)).toMatchObject([{ text: "", deleted: true }]);
});

test("what is said before its thread is known waits until it is", async () => {
  const desk = await startDesk({});
  const { workspace, store, slack } = desk;
  const incident = await openIncident(store, systemClock.now());
  workspace.dropAfterSend(1);
  await slack.project("incident", incident.id);
  const said = {
    type: "message",
    channel: workspace.channels["ops"]?.id ?? "",
    user: workspace.people["ben"]?.id ?? "",
    text: "on it",
    ts: "1702307100.000100",
    thread_ts: workspace.messages("ops")[0]?.ts,
  };
  const hear = () => store.tx((tx) => slack.captureSlackEvent(tx, said, systemClock.now()));
  await expect(hear()).rejects.toThrow(NotNow);
  await expect.poll(() => slack.project("incident", incident.id)).toMatchObject({ done: true });
  await hear();
  expect(await timelineOf(store.db, incident.id)).toMatchObject([{ text: "on it", by: "ben" }]);
});

test("a reply of ours that somebody deleted is posted again with the next change", async () => {
  const { workspace, store, incident, slack, rootTs } = (await thread()) satisfies Partial<Desk>;
  await addLine(store, incident.id, { text: "do not lose me", at: systemClock.now() });
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  await slack.project("incident", incident.id);
  const reply = workspace.thread("ops", rootTs)[1];
  const deletion = {
    type: "message",
    subtype: "message_deleted",
    channel: reply?.channel,
    deleted_ts: reply?.ts,
    event_ts: "1702307200.000000",
    previous_message: { type: "message", ts: reply?.ts, thread_ts: rootTs, bot_id: workspace.botId },
  };
  await store.tx((tx) => slack.captureSlackEvent(tx, deletion, systemClock.now()));
  const row = await store.db
    .selectFrom("slack_posts")
    .select("state")
    .where("ts", "=", reply?.ts ?? "")
    .executeTakeFirst();
  expect(row?.state).toBe("gone");
  expect((await timelineOf(store.db, incident.id)).map(({ deleted }) => deleted)).toEqual([false]);
});
