import { describe, expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { createSlackApi, type SlackApi } from "../../src/slack/api.ts";
import { createPoster, type Wanted } from "../../src/slack/poster.ts";
import { testDatabase } from "../helpers/database.ts";
import { BACKENDS, type Backend } from "./backends.ts";

/** The poster over a real Postgres and a real HTTP Slack. */
async function desk(start: () => Promise<Backend>) {
  const backend = await start();
  const { store } = await testDatabase();
  const clock = manualClock("2021-03-16T14:42:00Z");
  const inner = createSlackApi({ token: backend.token, slackApiUrl: backend.apiUrl, log: silentLogger });
  const calls: string[] = [];
  const api: SlackApi = {
    client: inner.client,
    call: (method, args) => {
      calls.push(method);
      return inner.call(method, args);
    },
  };
  const poster = createPoster({ db: store.db, api, log: silentLogger, clock });
  const [ops, monitoring] = [await backend.channelId("ops"), await backend.channelId("monitoring")];
  const want = (more: Partial<Wanted> = {}): Wanted => ({
    key: "a-message",
    channelId: ops,
    threadTs: null,
    draw: drawn("hello"),
    ...more,
  });
  const texts = async () => (await backend.roots("ops")).map(({ text }) => text);
  return { ...backend, store, clock, poster, want, calls, monitoring, texts };
}

const drawn =
  (text: string): Wanted["draw"] =>
  () => ({
    text,
    blocks: [{ type: "section", text: { type: "mrkdwn", text } }],
  });

describe.each(Object.keys(BACKENDS) as (keyof typeof BACKENDS)[])("over %s", (name) => {
  const start = BACKENDS[name];

  test("a rate limit is kept as Slack says, by that channel alone", async () => {
    const { trouble, clock, poster, want, calls, monitoring } = await desk(start);
    trouble.limitOnce("chat.postMessage", 7);
    const limited = await poster(want());
    expect(limited).toEqual({ kind: "later", notBefore: clock.machineNow().add({ seconds: 7 }) });
    const elsewhere = await poster(want({ key: "other", channelId: monitoring }));
    expect(elsewhere.kind).toBe("there");
    clock.advance({ seconds: 6 });
    expect((await poster(want())).kind).toBe("later");
    expect(calls).toEqual(["chat.postMessage", "chat.postMessage"]);
    clock.advance({ seconds: 1 });
    expect((await poster(want())).kind).toBe("there");
  });

  test("while Slack is out everyone stays away, longer each time, and then posts once", async () => {
    const { trouble, clock, poster, want, calls, texts } = await desk(start);
    trouble.outage(true);
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
    trouble.outage(false);
    expect((await poster(want())).kind).toBe("there");
    expect(await texts()).toEqual(["hello"]);
  });

  test("a message whose answer is lost is looked for, and is there once", async () => {
    const { trouble, clock, poster, want, calls, texts } = await desk(start);
    trouble.dropAfterSend();
    expect(await poster(want())).toMatchObject({ kind: "later" });
    clock.advance({ seconds: 10 });
    expect((await poster(want())).kind).toBe("there");
    expect(calls).toEqual(["chat.postMessage", "conversations.history"]);
    expect(await texts()).toEqual(["hello"]);
  });

  test("counts are edited less often the longer they go on; what matters is edited at 3 s", async () => {
    const { clock, poster, want, calls, texts } = await desk(start);
    await poster(want({ gist: "open" }));
    const made = () => calls.filter((method) => method === "chat.update").length;
    const edits: number[] = [];
    for (let second = 1; second <= 60; second += 1) {
      clock.advance({ seconds: 1 });
      const before = made();
      await poster(want({ gist: "open", draw: drawn(`count ${second}`) }));
      if (made() > before) edits.push(second);
    }
    expect(edits.length).toBeLessThanOrEqual(11);
    expect(edits[0]).toBe(3);
    const last = edits.at(-1) ?? 0;
    clock.advance({ seconds: Math.max(0, last + 3 - 60) });
    const resolved = want({ gist: "resolved", draw: drawn("resolved") });
    expect((await poster(resolved)).kind).toBe("there");
    expect(await texts()).toEqual(["resolved"]);
  });

  test("in a storm counts are edited seldom, and made right once nothing more has come", async () => {
    const { clock, poster, want, calls, texts } = await desk(start);
    const first = clock.now();
    const look = async (count: number, settlesAt = clock.machineNow().add({ seconds: 2 })) =>
      poster(want({ gist: "open", storm: { settlesAt }, draw: drawn(`count ${count}`) }));
    await look(0);
    const edits: number[] = [];
    for (let second = 1; second <= 61; second += 1) {
      clock.advance({ seconds: 1 });
      const before = calls.length;
      const looked = await look(second);
      if (calls.length > before) edits.push(second);
      // It looks again when it may be over, not only when the next edit is due.
      else expect(looked).toMatchObject({ kind: "later" });
    }
    expect(edits).toEqual([3, 6, 12, 24, 36, 48, 60]);
    const over = clock.machineNow().add({ seconds: 2 });
    expect(await look(61, over)).toEqual({ kind: "later", notBefore: over });
    clock.advance({ seconds: 2 });
    expect(clock.now().since(first).total("seconds")).toBe(63);
    expect((await look(61, over)).kind).toBe("there");
    expect(await texts()).toEqual(["count 61"]);
  });

  test("a send that died with its process is looked for before it is sent again", async () => {
    const { store, clock, poster, want, roots, texts } = await desk(start);
    await poster(want());
    // As the process left it that was killed between Slack's answer and its note.
    await store.db.updateTable("slack_posts").set({ state: "sending", ts: null }).execute();
    clock.advance({ seconds: 10 });
    expect(await poster(want())).toEqual({ kind: "there", ts: (await roots("ops"))[0]?.ts });
    // And as the one that was killed before it called.
    await store.db.deleteFrom("slack_posts").execute();
    await store.db
      .insertInto("slack_posts")
      .values({ key: "never-sent", channel_id: want().channelId, state: "sending", sent_at: clock.machineNow() })
      .execute();
    clock.advance({ seconds: 10 });
    expect((await poster(want({ key: "never-sent", draw: drawn("late") }))).kind).toBe("there");
    expect(await texts()).toEqual(["hello", "late"]);
  });
});

// The other Slack takes any drawing.
test("a drawing that Slack refuses still says its words", async () => {
  const { poster, want, texts } = await desk(BACKENDS.twin);
  const bad = { type: "section", text: { type: "mrkdwn", text: "x".repeat(3_001) } } as const;
  const posted = await poster(want({ draw: () => ({ text: "the words", blocks: [bad] }) }));
  expect(posted.kind).toBe("there");
  expect(await texts()).toEqual(["the words"]);
});
