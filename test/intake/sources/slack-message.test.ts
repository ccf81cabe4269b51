import { expect, test } from "vitest";
import { manualClock } from "../../../src/base/clock.ts";
import { slackMessage } from "../../../src/intake/sources/slack-message.ts";
import { estate, slackCallback } from "../../helpers/hear.ts";

const clock = manualClock("2021-03-17T00:10:00Z");
const settings = { channels: { C1: "monitoring-prod" }, self: { botId: "B0", userId: "U0" } };

const parse = (event: Record<string, unknown>) =>
  slackMessage.parse(
    {
      id: 1,
      source: "slack",
      resource: "message",
      request: { method: "POST", path: "", query: {} },
      body: JSON.stringify(slackCallback({ ts: "1615939740.000200", bot_id: "B9", ...event })),
      receivedAt: clock.now(),
    },
    settings,
    estate(),
  );

test.each([
  ["Sync [Person sync job] started.", "started", "Person search index started"],
  ["ES Sync [Person sync job] started.", "started", "Person search index started"],
  ["Sync [Person sync job] finished.", "finished", "Person search index finished"],
  ["Sync [RevalCurrentPmSyncJob] completed successfully.", "finished", "reval-sync finished"],
  [
    "<!channel> Sync [personElasticSearchSyncJob] failed with exception [a\nb].",
    "failed",
    "Person search index failed",
  ],
])("%j says %s", (text, kind, title) => {
  const parsed = parse({ text });
  expect(parsed).toMatchObject({
    kind: "signals",
    signals: [{ kind, title, environments: ["prod", "nimdta"], tags: { "slack.author": "bot" } }],
  });
  expect(parsed.kind === "signals" && parsed.signals[0]?.at.toString()).toBe("2021-03-17T00:09:00Z");
});

test("the error is what the job said, unescaped, and no word null", () => {
  const failed = (error: string) => parse({ text: `Sync [x] failed with exception [${error}].` });
  expect(failed("a &lt;b&gt; &amp;amp; c")).toMatchObject({ signals: [{ error: "a <b> &amp; c" }] });
  expect(failed("null")).toMatchObject({ signals: [{ error: undefined }] });
});

test("a message of an attachment counts as its text", () => {
  expect(parse({ text: "", attachments: [{ fallback: "Sync [x] started." }] })).toMatchObject({ kind: "signals" });
});

test("a person's message is told apart from a job's", () => {
  const said = parse({ text: "Sync [x] started.", bot_id: undefined, user: "U7" });
  expect(said).toMatchObject({ signals: [{ tags: { "slack.author": "person" } }] });
});

test.each([
  ["Nightdesk's own", { bot_id: "B0" }],
  ["Nightdesk's own, as a user", { bot_id: undefined, user: "U0" }],
  ["Nightdesk's own, by its app", { app_id: "A0" }],
  ["Nightdesk's own, by its bot's app", { bot_profile: { app_id: "A0" } }],
  ["an edit", { subtype: "message_changed" }],
  ["a deletion", { subtype: "message_deleted" }],
  ["a reply", { thread_ts: "1615939000.000100" }],
  ["another channel", { channel: "C2" }],
  ["a reaction", { type: "reaction_added" }],
  ["other words", { text: "Sync is great" }],
])("%s is no signal", (_, over) => {
  expect(parse({ text: "Sync [x] started.", ...over })).toMatchObject({ kind: "ignored" });
});

test("no hook leads here", () => {
  const request = { method: "POST", path: "", query: {}, headers: {}, body: Buffer.from("{}") };
  expect(slackMessage.verify(request, settings, clock.machineNow())).toMatchObject({ ok: false });
});
