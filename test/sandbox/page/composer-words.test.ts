import { expect, test } from "vitest";
import { commandIn, complete, decodeMessage, suggestionsFor } from "../../../sandbox/page/app/composer-words.ts";
import type { Frame } from "../../../sandbox/page/app/model.ts";

const frame: Frame = {
  team: "Example",
  app: { id: "A1", name: "Nightdesk", botUserId: "UB", botId: "B1" },
  people: [{ id: "U1", name: "asha", realName: "Asha Rao", zone: "UTC", kind: null }],
  bots: {},
  groups: [{ id: "S1", name: "on-call" }],
  channels: [
    { id: "C1", name: "ops", direct: false, private: false, archived: false, hasApp: true, members: [] },
    { id: "@U1", name: "Nightdesk", direct: true, private: true, archived: false, hasApp: true, members: [] },
  ],
  commands: [
    { command: "/sync", description: "Run jobs", usage: "run JOB ENV" },
    { command: "/incident", description: "Steer incidents", usage: "list" },
  ],
  shortcuts: [],
};

test("a slash offers the commands that begin so, with the usage of the manifest; never in a thread", () => {
  expect(suggestionsFor("/", frame, false).map((one) => one.label)).toEqual(["/sync", "/incident"]);
  expect(suggestionsFor("/sy", frame, false)).toEqual([
    { insert: "/sync ", label: "/sync", hint: "run JOB ENV", about: "Run jobs" },
  ]);
  expect(suggestionsFor("/sy", frame, true)).toEqual([]);
  expect(suggestionsFor("see /sy", frame, false)).toEqual([]);
});

test("@ offers the app, people and groups; # the channels; a finished word nothing", () => {
  expect(suggestionsFor("hello @", frame, true).map((one) => one.label)).toEqual(["@nightdesk", "@asha", "@on-call"]);
  expect(suggestionsFor("in #o", frame, false).map((one) => one.label)).toEqual(["#ops"]);
  expect(suggestionsFor("@asha ", frame, false)).toEqual([]);
  expect(suggestionsFor("asha@as", frame, false)).toEqual([]);
});

test("a suggestion replaces the word before the caret", () => {
  const [asha] = suggestionsFor("ask @as", frame, false);
  expect(asha && complete("ask @as", asha)).toBe("ask @asha ");
});

test("the usage shows while a known command is typed", () => {
  expect(commandIn("/sync run pers", frame.commands)?.usage).toBe("run JOB ENV");
  expect(commandIn("/syncx run", frame.commands)).toBeNull();
});

test("what is edited is what was typed, not Slack's encoding", () => {
  const sent = "<@U1> &lt;ok&gt; &amp;lt; see <#C1|ops>, <!subteam^S1|@on-call> <!here> <@UB>";
  expect(decodeMessage(sent, frame)).toBe("@asha <ok> &lt; see #ops, @on-call @here @nightdesk");
});
