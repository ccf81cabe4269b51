import { describe, expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import type { TimelineEntryId } from "../../src/base/ids.ts";
import { silentLogger } from "../../src/base/log.ts";
import { blankEntry } from "../../src/incidents/timeline.store.ts";
import { viewRun } from "../../src/services/runs-view.ts";
import { type Called, createSlackApi, type SlackApi } from "../../src/slack/api.ts";
import { createChannels } from "../../src/slack/channels.ts";
import { createKeepRoot } from "../../src/slack/home-channel.ts";
import { createPoster } from "../../src/slack/poster.ts";
import { createIncidentProjector } from "../../src/slack/projector.ts";
import { createRunCardProjector } from "../../src/slack/run-cards.ts";
import { testDatabase } from "../helpers/database.ts";
import { BACKENDS, type Backend } from "./backends.ts";
import { addDelivery, addLine, addRun, changeIncident, openIncident, testCatalogue } from "./record.ts";

type Step = () => Promise<{ done: boolean }>;

/** The projector over a real Postgres and a real HTTP Slack; calls can be counted, and their answers lost. */
async function desk(start: () => Promise<Backend>) {
  const backend = await start();
  const { store } = await testDatabase();
  const clock = manualClock("2021-03-16T14:42:00Z");
  const catalogue = testCatalogue();
  const inner = createSlackApi({ token: backend.token, slackApiUrl: backend.apiUrl, log: silentLogger });
  const calls: string[] = [];
  const fates: ((method: string) => "lost" | "not sent" | undefined)[] = [];
  const api: SlackApi = {
    client: inner.client,
    call: async (method, args): Promise<Called> => {
      calls.push(method);
      const fate = fates[0]?.(method);
      if (fate !== undefined) fates.shift();
      const unavailable = { kind: "unavailable", timedOut: false, detail: "ECONNRESET" } as const;
      if (fate === "not sent") return { ...unavailable, sent: true };
      const called = await inner.call(method, args);
      return fate === "lost" ? { ...unavailable, sent: true } : called;
    },
  };
  const assemble = () => {
    const poster = createPoster({ db: store.db, api, clock, log: silentLogger });
    const channels = createChannels({ api, clock });
    const keepRoot = createKeepRoot({ db: store.db, poster, channels, catalogue, clock, log: silentLogger });
    const parts = { store, poster, keepRoot, catalogue, clock, log: silentLogger };
    const viewing = { store, clock, catalogue, connections: { of: () => null } };
    return {
      incident: createIncidentProjector(parts),
      card: createRunCardProjector({ ...parts, viewRun: (run) => viewRun(viewing, run) }),
    };
  };
  const projectors = assemble();
  /** Steps until nothing is left, moving the clock to when the next may be; at most so often. */
  const finish = async (step: Step, most = 30) => {
    for (let n = 0; n < most; n += 1) {
      if ((await step()).done) return n + 1;
      clock.advance({ seconds: 1 });
    }
    throw new Error("never done");
  };
  return { backend, store, clock, calls, fates, projectors, finish };
}

describe.each(Object.keys(BACKENDS) as (keyof typeof BACKENDS)[])("over %s", (name) => {
  const start = BACKENDS[name];

  test("an incident becomes one thread: a header that calls people once, and a reply for each line", async () => {
    const { backend, store, clock, projectors, finish, calls } = await desk(start);
    const incident = await openIncident(store, clock.now());
    await addLine(store, incident.id, { text: "Asked the TCS team", at: clock.now() });
    await addLine(store, incident.id, { text: "counted only", at: clock.now(), visible: false });
    await finish(() => projectors.incident(incident.id));
    const [root, ...others] = await backend.roots("ops");
    expect(others).toEqual([]);
    expect(root?.text).toContain("INC-1 SEV2 open in PROD (protected): Cannot deserialize permitToWork <@U0ASHA01>");
    const thread = await backend.thread("ops", root?.ts ?? "");
    expect(thread).toHaveLength(2);
    expect(thread[1]?.text).toContain("Asked the TCS team");
    const before = calls.length;
    await finish(() => projectors.incident(incident.id));
    expect(calls.slice(before)).toEqual([]);
  });

  test("a change is one edit, not earlier than 3 s after the last, and calls nobody again", async () => {
    const { backend, store, clock, projectors, finish, calls } = await desk(start);
    const incident = await openIncident(store, clock.now());
    await projectors.incident(incident.id);
    for (const signals of [2, 3, 4]) {
      await changeIncident(store, incident.id, { firing_count: signals });
      expect((await projectors.incident(incident.id)).done).toBe(false);
    }
    expect(calls.filter((method) => method === "chat.update")).toEqual([]);
    await changeIncident(store, incident.id, { status: "acknowledged" });
    clock.advance({ seconds: 3 });
    expect(await projectors.incident(incident.id)).toEqual({ done: true });
    expect(calls.filter((method) => method === "chat.update")).toHaveLength(1);
    const [root] = await backend.roots("ops");
    expect(root?.text).toContain("acknowledged");
    expect(JSON.stringify(root)).toContain("*4 alerts*");
    expect(JSON.stringify(root)).not.toContain("U0ASHA01");
    await finish(() => projectors.incident(incident.id));
  });

  test("in a storm the header waits for the next edit, and says the whole count 2 s after the last delivery", async () => {
    const { backend, store, clock, projectors, calls } = await desk(start);
    const minute = String(Math.floor(clock.now().epochMilliseconds / 60_000));
    const incident = await openIncident(store, clock.now(), { rate: { [minute]: 400 } });
    const told = () => calls.filter((method) => method === "chat.update").length;
    await projectors.incident(incident.id);
    for (let second = 1; second <= 20; second += 1) {
      clock.advance({ seconds: 1 });
      await addDelivery(store, incident.id, clock.now());
      await changeIncident(store, incident.id, { firing_count: 400 + second });
      await projectors.incident(incident.id);
    }
    expect(told()).toBe(3);
    clock.advance({ seconds: 1 });
    expect(await projectors.incident(incident.id)).toMatchObject({ notBefore: clock.now().add({ seconds: 1 }) });
    clock.advance({ seconds: 1 });
    expect(await projectors.incident(incident.id)).toEqual({ done: true });
    expect(told()).toBe(4);
    expect(JSON.stringify(await backend.roots("ops"))).toContain("*420 alerts*");
  });

  test("what a running storm brings anew is told now and then, a person's word at once, the rest when it is over", async () => {
    const { backend, store, clock, projectors, finish } = await desk(start);
    const minute = String(Math.floor(clock.now().epochMilliseconds / 60_000));
    const incident = await openIncident(store, clock.now(), { rate: { [minute]: 400 } });
    const root = async () => (await backend.roots("ops"))[0]?.ts ?? "";
    const texts = async () => (await backend.thread("ops", await root())).slice(1).map(({ text }) => text);
    for (const cause of [1, 2, 3]) {
      await addLine(store, incident.id, {
        kind: "signal",
        text: `cause ${cause}`,
        at: clock.now(),
        data: { new: "cause" },
      });
    }
    await addLine(store, incident.id, { text: "Asked the TCS team", at: clock.now() });
    for (let second = 1; second <= 10; second += 1) {
      await addDelivery(store, incident.id, clock.now());
      await projectors.incident(incident.id);
      clock.advance({ seconds: 1 });
    }
    expect(await texts()).toEqual([expect.stringContaining("cause 1"), expect.stringContaining("Asked the TCS team")]);
    await finish(() => projectors.incident(incident.id));
    expect((await texts()).slice(2).join()).toMatch(/cause 2.*cause 3/s);
  });

  test("a channel gets one message a second, whoever posts", async () => {
    const { store, clock, projectors, calls } = await desk(start);
    const first = await openIncident(store, clock.now());
    const second = await openIncident(store, clock.now(), { number: 2 });
    await projectors.incident(first.id);
    const outcome = await projectors.incident(second.id);
    expect(outcome).toMatchObject({ done: false, notBefore: clock.machineNow().add({ seconds: 1 }) });
    expect(calls.filter((method) => method === "chat.postMessage")).toHaveLength(1);
    clock.advance({ seconds: 1 });
    expect(await projectors.incident(second.id)).toEqual({ done: true });
  });

  test("two workers that project the same incident at the same time post it once", async () => {
    const { backend, store, clock, projectors, finish } = await desk(start);
    const incident = await openIncident(store, clock.now());
    await addLine(store, incident.id, { text: "only once", at: clock.now() });
    const both = () => Promise.all([projectors.incident(incident.id), projectors.incident(incident.id)]);
    for (let n = 0; n < 3; n += 1) {
      await both();
      clock.advance({ seconds: 6 });
    }
    await finish(() => projectors.incident(incident.id));
    const roots = await backend.roots("ops");
    expect(roots).toHaveLength(1);
    expect(await backend.thread("ops", roots[0]?.ts ?? "")).toHaveLength(2);
  });

  test("an answer that is lost after the send makes no second message", async () => {
    const { backend, store, clock, projectors, finish, fates } = await desk(start);
    const incident = await openIncident(store, clock.now());
    await addLine(store, incident.id, { text: "only once", at: clock.now() });
    const posts = (method: string) => (method === "chat.postMessage" ? ("lost" as const) : undefined);
    fates.push(posts, posts);
    await finish(() => projectors.incident(incident.id));
    const roots = await backend.roots("ops");
    expect(roots).toHaveLength(1);
    const thread = await backend.thread("ops", roots[0]?.ts ?? "");
    expect(thread.filter((message) => message.text.includes("only once"))).toHaveLength(1);
    expect(thread).toHaveLength(2);
  });

  test("a send that never arrived is repeated, and still calls people: nobody has been called yet", async () => {
    const { backend, store, clock, projectors, finish, fates } = await desk(start);
    const incident = await openIncident(store, clock.now());
    fates.push((method) => (method === "chat.postMessage" ? "not sent" : undefined));
    await finish(() => projectors.incident(incident.id));
    const roots = await backend.roots("ops");
    expect(roots).toHaveLength(1);
    expect(roots[0]?.text).toContain("<@U0ASHA01>");
  });

  test("deleted and projected again, the same thread is there, and calls nobody a second time", async () => {
    const { backend, store, clock, projectors, finish } = await desk(start);
    const incident = await openIncident(store, clock.now());
    for (const text of ["one", "two"]) await addLine(store, incident.id, { text, at: clock.now() });
    await finish(() => projectors.incident(incident.id));
    const [former] = await backend.roots("ops");
    const before = await backend.thread("ops", former?.ts ?? "");
    for (const message of [...before].reverse()) await backend.remove("ops", message.ts);
    clock.advance({ seconds: 10 });
    await changeIncident(store, incident.id, { firing_count: 2 });
    await finish(() => projectors.incident(incident.id));
    const roots = await backend.roots("ops");
    const root = roots.at(-1);
    const after = await backend.thread("ops", root?.ts ?? "");
    expect(after.slice(1).map((message) => message.text)).toEqual(before.slice(1).map((message) => message.text));
    expect(root?.text).toContain("INC-1");
    expect(root?.text).not.toContain("U0ASHA01");
  });

  test("a channel that cannot be posted to: the fallback gets the thread, and it says so", async () => {
    const { backend, store, clock, projectors, finish } = await desk(start);
    const incident = await openIncident(store, clock.now(), { channel: "no-such-channel" });
    await finish(() => projectors.incident(incident.id));
    const [root] = await backend.roots("monitoring");
    expect(JSON.stringify(root)).toContain("This belongs in #no-such-channel");
  });

  test("an archived channel does not silence the incident", async () => {
    const { backend, store, clock, projectors, finish } = await desk(start);
    await backend.archive("ops");
    const incident = await openIncident(store, clock.now());
    await finish(() => projectors.incident(incident.id));
    expect(await backend.roots("monitoring")).toHaveLength(1);
  });

  test("a line that was removed is emptied in the thread too", async () => {
    const { backend, store, clock, projectors, finish } = await desk(start);
    const incident = await openIncident(store, clock.now());
    const line = await addLine(store, incident.id, { text: "a secret by mistake", at: clock.now() });
    await finish(() => projectors.incident(incident.id));
    await store.tx((tx) => blankEntry(tx, line as TimelineEntryId, clock.now()));
    clock.advance({ seconds: 10 });
    await finish(() => projectors.incident(incident.id));
    const [root] = await backend.roots("ops");
    const thread = await backend.thread("ops", root?.ts ?? "");
    expect(JSON.stringify(thread)).not.toContain("secret");
    expect(thread[1]?.text).toContain("_(removed)_");
  });

  test("a run's card stands in its incident's thread, and is edited as the run goes on", async () => {
    const { backend, store, clock, projectors, finish } = await desk(start);
    const incident = await openIncident(store, clock.now());
    const run = await addRun(store, clock.now(), { incident_id: incident.id });
    expect(await projectors.card(run), "it waits for the incident's thread").toMatchObject({ done: false });
    await finish(() => projectors.incident(incident.id));
    await finish(() => projectors.card(run));
    await store.db.updateTable("runs").set({ state: "succeeded", proved: true }).where("id", "=", run).execute();
    clock.advance({ seconds: 3 });
    await finish(() => projectors.card(run));
    const [root] = await backend.roots("ops");
    const thread = await backend.thread("ops", root?.ts ?? "");
    expect(thread).toHaveLength(2);
    expect(thread[1]?.text).toContain("Succeeded, proved");
  });

  test("a run without an incident has a thread of its own where it was asked for", async () => {
    const { backend, store, clock, projectors, finish } = await desk(start);
    const channel = await backend.channelId("monitoring");
    const run = await addRun(store, clock.now(), { channel });
    await finish(() => projectors.card(run));
    const [root] = await backend.roots("monitoring");
    expect(root?.text).toContain("Run 1, person-sync in PROD (protected)");
    const kept = await store.db.selectFrom("slack_threads").selectAll().executeTakeFirstOrThrow();
    expect(kept).toMatchObject({ subject: "run", subject_id: run, channel_id: channel, root_ts: root?.ts });
  });

  test("a run whose failure opened an incident keeps its card where it is, and the card names the incident", async () => {
    const { backend, store, clock, projectors, finish } = await desk(start);
    const run = await addRun(store, clock.now(), { channel: await backend.channelId("monitoring") });
    await finish(() => projectors.card(run));
    const incident = await openIncident(store, clock.now());
    await store.db
      .updateTable("runs")
      .set({ state: "failed", incident_id: incident.id })
      .where("id", "=", run)
      .execute();
    clock.advance({ seconds: 3 });
    await finish(() => projectors.card(run));
    await finish(() => projectors.incident(incident.id));
    const roots = await backend.roots("monitoring");
    expect(roots).toHaveLength(1);
    expect(JSON.stringify(roots[0])).toContain("belongs to INC-1");
    const [header] = await backend.roots("ops");
    expect(JSON.stringify(header)).toContain("Run 1: person-sync in prod failed");
    expect(await backend.thread("ops", header?.ts ?? "")).toHaveLength(1);
  });
});
