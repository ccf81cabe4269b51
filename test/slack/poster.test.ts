import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { createSlackApi, type SlackApi } from "../../src/slack/api.ts";
import { createPoster, type Wanted } from "../../src/slack/poster.ts";
import { testDatabase } from "../helpers/database.ts";
import { BOT_TOKEN, startTwin } from "./backends.ts";

async function desk() {
  const workspace = await startTwin();
  const { store } = await testDatabase();
  const clock = manualClock("2021-03-16T14:42:00Z");
  const inner = createSlackApi({ token: BOT_TOKEN, slackApiUrl: workspace.apiUrl, log: silentLogger });
  const calls: string[] = [];
  const api: SlackApi = {
    client: inner.client,
    call: (method, args) => {
      calls.push(method);
      return inner.call(method, args);
    },
  };
  const poster = createPoster({ db: store.db, api, log: silentLogger, clock });
  const want = (more: Partial<Wanted> = {}): Wanted => ({
    key: "a-message",
    channelId: workspace.channels["ops"]?.id ?? "",
    threadTs: null,
    draw: () => ({ text: "hello", blocks: [{ type: "section", text: { type: "mrkdwn", text: "hello" } }] }),
    ...more,
  });
  return { workspace, store, clock, poster, want, calls };
}

const drawn =
  (text: string): Wanted["draw"] =>
  () => ({
    text,
    blocks: [{ type: "section", text: { type: "mrkdwn", text } }],
  });

test("a rate limit is kept as Slack says, by that channel alone", async () => {
  const { workspace, clock, poster, want } = await desk();
  workspace.limit({ method: "chat.postMessage", retryAfter: 7, times: 1 });
  const limited = await poster(want());
  expect(limited).toEqual({ kind: "later", notBefore: clock.machineNow().add({ seconds: 7 }) });
  const elsewhere = await poster(want({ key: "other", channelId: workspace.channels["monitoring"]?.id ?? "" }));
  expect(elsewhere.kind).toBe("there");
  clock.advance({ seconds: 6 });
  expect((await poster(want())).kind).toBe("later");
  expect(workspace.counters().calls["chat.postMessage"]).toBe(2);
  clock.advance({ seconds: 1 });
  expect((await poster(want())).kind).toBe("there");
});

test("while Slack is out everyone stays away, longer each time, and then posts once", async () => {
  const { workspace, clock, poster, want, calls } = await desk();
  workspace.outage(true);
  const waits: number[] = [];
  for (let n = 0; n < 8; n += 1) {
    const posted = await poster(want());
    if (posted.kind !== "later") throw new Error("posted during an outage");
    const waitMs = posted.notBefore.epochMilliseconds - clock.machineNow().epochMilliseconds;
    waits.push(waitMs);
    expect((await poster(want({ key: "another" }))).kind).toBe("later");
    clock.advance({ milliseconds: Math.max(waitMs, 1_000) });
  }
  expect(calls).toHaveLength(8);
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect(Math.max(...waits)).toBeLessThanOrEqual(15_000);
  workspace.outage(false);
  expect((await poster(want())).kind).toBe("there");
  expect(workspace.messages("ops")).toHaveLength(1);
});

test("a drawing that Slack refuses still says its words", async () => {
  const { workspace, poster, want } = await desk();
  const bad = { type: "section", text: { type: "mrkdwn", text: "x".repeat(3_001) } } as const;
  const posted = await poster(want({ draw: () => ({ text: "the words", blocks: [bad] }) }));
  expect(posted.kind).toBe("there");
  expect(workspace.messages("ops")[0]?.text).toBe("the words");
});

test("counts are edited less often the longer they go on; what matters is edited at 3 s", async () => {
  const { workspace, clock, poster, want } = await desk();
  await poster(want({ gist: "open" }));
  const edits: number[] = [];
  for (let second = 1; second <= 60; second += 1) {
    clock.advance({ seconds: 1 });
    const before = workspace.counters().calls["chat.update"] ?? 0;
    await poster(want({ gist: "open", draw: drawn(`count ${second}`) }));
    if ((workspace.counters().calls["chat.update"] ?? 0) > before) edits.push(second);
  }
  expect(edits.length).toBeLessThanOrEqual(11);
  expect(edits[0]).toBe(3);
  const last = edits.at(-1) ?? 0;
  clock.advance({ seconds: Math.max(0, last + 3 - 60) });
  const resolved = want({ gist: "resolved", draw: drawn("resolved") });
  expect((await poster(resolved)).kind).toBe("there");
  expect(workspace.messages("ops")[0]?.text).toBe("resolved");
});

test("a send that died with its process is looked for before it is sent again", async () => {
  const { workspace, store, clock, poster, want } = await desk();
  await poster(want());
  // As the process left it that was killed between Slack's answer and its note.
  await store.db.updateTable("slack_posts").set({ state: "sending", ts: null }).execute();
  clock.advance({ seconds: 10 });
  expect(await poster(want())).toEqual({ kind: "there", ts: workspace.messages("ops")[0]?.ts });
  // And as the one that was killed before it called.
  await store.db.deleteFrom("slack_posts").execute();
  await store.db
    .insertInto("slack_posts")
    .values({ key: "never-sent", channel_id: want().channelId, state: "sending", sent_at: clock.machineNow() })
    .execute();
  clock.advance({ seconds: 10 });
  expect((await poster(want({ key: "never-sent", draw: drawn("late") }))).kind).toBe("there");
  expect(workspace.messages("ops").map(({ text }) => text)).toEqual(["hello", "late"]);
});
