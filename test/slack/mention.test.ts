import { expect, test } from "vitest";
import { afterMention, mentionOf } from "../../src/slack/surfaces/mention.ts";

const envelope = (event: Record<string, unknown>) => ({
  type: "event_callback",
  event_id: "Ev1",
  authorizations: [{ user_id: "U0BOT" }],
  event: { type: "app_mention", user: "U1", channel: "C1", ts: "1.2", ...event },
});

test("the command is what follows the mention of the bot, wherever that stands", () => {
  expect(afterMention("<@U0BOT> sync jobs", "U0BOT")).toBe("sync jobs");
  expect(afterMention("please <@U0BOT|nightdesk>: sync run person-sync prod", "U0BOT")).toBe(
    "sync run person-sync prod",
  );
  expect(afterMention("<@U0BOT> incident assign INC-1 <@U2>", "U0BOT")).toBe("incident assign INC-1 <@U2>");
  expect(afterMention("<@U9> sync jobs", null)).toBe("sync jobs");
});

test("a redelivered mention has the key of the first; a bot's is not obeyed", () => {
  const first = mentionOf(envelope({ text: "<@U0BOT> sync jobs", thread_ts: "1.0" }));
  expect(first).toEqual({
    key: "mention:C1:1.2",
    user: "U1",
    text: "sync jobs",
    channel: "C1",
    threadTs: "1.0",
    ts: "1.2",
  });
  expect(mentionOf(envelope({ text: "<@U0BOT> sync jobs", thread_ts: "1.0" }))?.key).toBe(first?.key);
  expect(mentionOf(envelope({ text: "<@U0BOT> sync jobs", bot_id: "B1" }))).toBeNull();
});
