import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { createReadAttached } from "../../src/slack/attached.ts";
import { keepThread } from "../../src/slack/threads.store.ts";
import { BOT_TOKEN } from "./backends.ts";
import { soon, startDesk } from "./desk.ts";
import { addRun } from "./record.ts";

const ids = "id\n90211\n90212\n";

test("a file that is attached to a mention comes with the command, and its bytes are Slack's", async () => {
  const { workspace, asked, slack } = await startDesk({});
  await workspace.upload({
    user: "asha",
    channel: "ops",
    name: "ids.csv",
    text: ids,
    comment: "@nightdesk sync resync placements prod",
  });
  await soon(workspace, () => asked.length === 1);
  const file = asked[0]?.asking.file;
  expect(asked[0]?.text).toBe("sync resync placements prod");
  expect(file).toMatchObject({ name: "ids.csv", bytes: ids.length });
  if (file === undefined) throw new Error("no file");
  expect(await slack.readAttached(file)).toBe(ids);
});

test("the shortcut asks which job's ids a file has, and carries the file on", async () => {
  const { workspace, asked } = await startDesk({});
  const uploaded = await workspace.upload({ user: "asha", channel: "ops", name: "ids.csv", text: ids });
  const message = { channel: "ops", ts: uploaded.ts ?? "" };
  await workspace.shortcut({ user: "asha", name: "Resync from this file", message });
  const form = await soon(workspace, () => workspace.modal("asha"));
  expect(form === null ? "" : workspace.plain(form)).toContain("The ids of ids.csv. Nothing is sent yet.");
  await workspace.submit({ user: "asha", values: { place: "placements prod" } });
  await soon(workspace, () => asked.length === 1);
  expect(asked).toMatchObject([
    { text: "sync resync placements prod", asking: { surface: "shortcut", file: { name: "ids.csv" } } },
  ]);
});

test("on a message without a file the shortcut says so, and asks nothing", async () => {
  const { workspace, asked } = await startDesk({});
  const said = await workspace.say({ user: "asha", channel: "ops", text: "no file" });
  await workspace.shortcut({
    user: "asha",
    name: "Resync from this file",
    message: { channel: "ops", ts: said.ts ?? "" },
  });
  const view = await soon(workspace, () => workspace.modal("asha"));
  expect(view === null ? "" : workspace.plain(view)).toContain("This message has no file");
  expect(asked).toEqual([]);
});

test("the bot's token goes to Slack's files only", async () => {
  const calls: string[] = [];
  const read = createReadAttached({
    token: BOT_TOKEN,
    slackApiUrl: undefined,
    http: async (request) => {
      calls.push(request.url);
      return { status: 200, headers: new Headers({ "content-type": "text/csv" }), body: ids };
    },
  });
  const file = { id: "F1", name: "ids.csv", bytes: ids.length };
  for (const url of [
    "https://files.slack.com.example.org/F1",
    "http://files.slack.com/F1",
    "https://example.org/files.slack.com",
    "file:///etc/passwd",
    "nothing",
  ]) {
    await expect(read({ ...file, url })).rejects.toThrow("its address is not Slack's");
  }
  expect(calls).toEqual([]);
  expect(await read({ ...file, url: "https://files.slack.com/files-pri/T1-F1/ids.csv" })).toBe(ids);
});

test.each([
  ["a page to log in", 200, "text/html; charset=utf-8", "files:read"],
  ["a redirect", 302, "text/plain", "Slack answers 302"],
])("%s is not taken for the file", async (_, status, type, why) => {
  const read = createReadAttached({
    token: BOT_TOKEN,
    slackApiUrl: undefined,
    http: async () => ({ status, headers: new Headers({ "content-type": type }), body: "<html>" }),
  });
  const file = { id: "F1", name: "ids.csv", bytes: 6, url: "https://files.slack.com/F1" };
  await expect(read(file)).rejects.toThrow(why);
});

test("the result of a run is a file in its thread; without a thread there is none yet", async () => {
  const { workspace, slack, store } = await startDesk({});
  const run = await addRun(store, systemClock.now());
  const { resultFiles: files } = slack;
  expect(await files.ready(run)).toBe(false);
  const root = await workspace.say({ user: "asha", channel: "ops", text: "the card" });
  const channelId = workspace.channels["ops"]?.id ?? "";
  await keepThread(store.db, { kind: "run", id: run }, { channelId, rootTs: root.ts ?? "" });
  expect(await files.ready(run)).toBe(true);
  const inThread = () =>
    workspace.thread("ops", root.ts ?? "").filter((one) => JSON.stringify(one).includes("run-1.csv"));

  const id = await files.keep({ name: "run-1.csv", text: "id,state\r\nå,done\r\n" });
  expect(inThread()).toEqual([]);
  const file = { id, runId: run, title: "Run 1: result per id" };
  // Never shown before, whatever the one who asks believes; then shown, and asked for again.
  const url = await files.show({ ...file, before: true });
  expect(url).toContain("http");
  expect(await files.show({ ...file, before: true })).toBe(url);
  expect(inThread()).toHaveLength(1);
  expect(workspace.files()).toMatchObject([{ name: "run-1.csv", size: 19 }]);
  expect(await files.show({ ...file, id: "F0NOTHING", before: true })).toBeNull();
});
