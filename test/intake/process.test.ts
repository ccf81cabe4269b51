import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { NotNow } from "../../src/base/errors.ts";
import type { IncidentId } from "../../src/base/ids.ts";
import { silentLogger } from "../../src/base/log.ts";
import { incidentByNumber } from "../../src/incidents/incidents.store.ts";
import { timelineOf } from "../../src/incidents/timeline.store.ts";
import { createInboxProcessor, type InboxPorts } from "../../src/intake/process.ts";
import { createReceiver } from "../../src/intake/receive.ts";
import { HOOK_SOURCES } from "../../src/intake/sources/index.ts";
import type { SlackEvent } from "../../src/intake/sources/slack-message.ts";
import { attachRuns } from "../../src/services/attach-runs.store.ts";
import { testDatabase } from "../helpers/database.ts";
import { estate, eventAlert, issue, jobRequest, pingRequest, sentryRequest, slackCallback } from "../helpers/hear.ts";
import { addRun, openIncident } from "../slack/record.ts";

/** Receiver and processor over a database of their own; only the two ports are not the real thing. */
async function desk(ports: Partial<InboxPorts> = {}) {
  const { store } = await testDatabase();
  const clock = manualClock("2021-03-16T14:42:00Z");
  const shared = { store, catalogue: estate(), sources: HOOK_SOURCES, clock, log: silentLogger };
  const captured: SlackEvent[] = [];
  const receiver = createReceiver(shared);
  const processor = createInboxProcessor({
    ...shared,
    ports: {
      linkSignal: async () => null,
      signalsJoined: async () => {},
      captureSlackEvent: async (_tx, event) => {
        captured.push(event);
      },
      channelName: async (id) => (id === "C1" ? "monitoring-prod" : null),
      self: () => ({ botId: "B0", userId: "U0" }),
      ...ports,
    },
  });
  const inbox = () => store.db.selectFrom("inbox").select(["state", "reason", "attempts"]).orderBy("id").execute();
  const incident = async (number: number) => {
    const found = await incidentByNumber(store.db, number);
    if (found === null) throw new Error(`there is no INC-${number}`);
    return found;
  };
  const timeline = async (number: number) => timelineOf(store.db, (await incident(number)).id as IncidentId);
  return { store, clock, receiver, processor, captured, inbox, incident, timeline };
}

test("errors of several services fold into one incident by the catalogue's rule, repetitions are counted", async () => {
  const { receiver, processor, incident, timeline, store } = await desk();
  for (const [n, service] of ["esr-generator", "esr-notifier", "esr-generator", "esr-notifier"].entries()) {
    const body = eventAlert({ service, event: `e${n}`, issue: String(100 + (n % 2)) });
    expect((await receiver.receive("sentry", sentryRequest(body))).status).toBe(202);
  }
  expect(await processor.process()).toEqual({ done: true });
  const opened = await incident(1);
  expect(opened).toMatchObject({
    status: "open",
    severity: "sev3",
    environment: "prod",
    services: ["esr-generator", "esr-notifier"],
    signalCount: 4,
    firingCount: 4,
    channel: "ops",
    mention: "on-call",
    foldingRule: "esr",
  });
  const texts = (await timeline(1)).map((line) => line.text);
  expect(texts).toHaveLength(2);
  const visible = await store.db.selectFrom("timeline_entries").select(["visible", "data"]).orderBy("id").execute();
  expect(visible.map((entry) => entry.visible)).toEqual([false, true]);
  expect(visible[1]?.data).toMatchObject({ new: "service", joinedBy: { rule: "esr" } });
  const signals = await store.db.selectFrom("signals").select(["incident_id", "joined_by"]).execute();
  expect(signals.every((signal) => signal.incident_id === opened.id)).toBe(true);
  expect(signals[0]?.joined_by).toMatchObject({
    rule: "esr",
    key: "environment=prod; cause=JsonMappingException",
    why: "nothing with this key before",
  });
  const outbox = await store.db.selectFrom("outbox").select(["kind", "ref"]).where("kind", "=", "incident").execute();
  expect(outbox).toEqual([{ kind: "incident", ref: opened.id }]);
});

test("an issue's resolution, which names no environment, resolves what it resolves, and a new error reopens it", async () => {
  const { receiver, processor, incident, timeline, clock } = await desk();
  await receiver.receive("sentry", sentryRequest(eventAlert({ event: "e1", issue: "100" })));
  await receiver.receive("sentry", sentryRequest(eventAlert({ event: "e2", issue: "101", service: "esr-notifier" })));
  await processor.process();
  clock.advance({ minutes: 10 });
  await receiver.receive("sentry", sentryRequest(issue("resolved", { id: "100" }), { resource: "issue" }));
  await processor.process();
  expect((await incident(1)).status).toBe("open");
  clock.advance({ minutes: 1 });
  await receiver.receive(
    "sentry",
    sentryRequest(issue("resolved", { id: "101", service: "esr-notifier" }), { resource: "issue" }),
  );
  await processor.process();
  expect(await incident(1)).toMatchObject({ status: "resolved", resolvedAt: clock.now() });
  clock.advance({ minutes: 29 });
  await receiver.receive("sentry", sentryRequest(eventAlert({ event: "e3", issue: "101" })));
  await processor.process();
  expect(await incident(1)).toMatchObject({ status: "open", reopenedCount: 1, resolvedAt: null });
  const kinds = (await timeline(1)).map((line) => `${line.kind} ${line.text.split(":")[0]}`);
  expect(kinds).toEqual([
    "signal JsonMappingException",
    "signal JsonMappingException",
    "signal JsonMappingException",
    "signal JsonMappingException",
    "status Resolved",
    "status Reopened",
    "signal JsonMappingException",
  ]);
});

test("after reopenWithin a new error is a new incident", async () => {
  const { receiver, processor, incident, clock } = await desk();
  await receiver.receive("sentry", sentryRequest(eventAlert({ event: "e1" })));
  await receiver.receive("sentry", sentryRequest(issue("resolved"), { resource: "issue" }));
  await processor.process();
  expect((await incident(1)).status).toBe("resolved");
  clock.advance({ minutes: 31 });
  await receiver.receive("sentry", sentryRequest(eventAlert({ event: "e2" })));
  await processor.process();
  expect((await incident(1)).status).toBe("resolved");
  expect((await incident(2)).status).toBe("open");
});

test("a resolution that arrives before its alert still ends it", async () => {
  const { receiver, processor, incident, clock } = await desk();
  clock.advance({ minutes: 5 });
  await receiver.receive("sentry", sentryRequest(issue("resolved"), { resource: "issue" }));
  await processor.process();
  clock.advance({ minutes: 1 });
  await receiver.receive("sentry", sentryRequest(eventAlert({ at: "2021-03-16T14:43:00Z" })));
  await processor.process();
  expect(await incident(1)).toMatchObject({ status: "resolved", signalCount: 2 });
});

test("a job's message in Slack is a signal with candidate environments, and is captured too", async () => {
  const { receiver, processor, incident, captured, inbox } = await desk();
  const text = "<!channel> Sync [Person sync job] failed with exception [Unknown column &lt;x&gt;\nat line 2].";
  await receiver.receiveSlackEvent(slackCallback({ text, ts: "1615905700.000100", bot_id: "B9" }));
  await receiver.receiveSlackEvent(slackCallback({ text, ts: "1615905700.000100", bot_id: "B9" }));
  await receiver.receiveSlackEvent(slackCallback({ text, ts: "1615905701.000100", bot_id: "B0" }, "Ev2"));
  await receiver.receiveSlackEvent(slackCallback({ text, ts: "1615905702.000100", channel: "C2" }, "Ev3"));
  await receiver.receiveSlackEvent(
    slackCallback({ text, ts: "1615905703.000100", thread_ts: "1615905700.000100", user: "U9" }, "Ev4"),
  );
  await processor.process();
  expect(await incident(1)).toMatchObject({
    title: "Person search index failed",
    severity: "sev2",
    environment: null,
    jobs: ["person-sync"],
    services: ["tis-sync"],
    signalCount: 1,
    channel: "ops",
  });
  expect(captured).toHaveLength(4);
  expect((await inbox()).map((row) => row.state)).toEqual(["done", "done", "done", "done"]);
});

test("candidates are narrowed to the environments where the job exists", async () => {
  const { receiver, processor, incident } = await desk();
  const text = "Sync [RevalCurrentPmSyncJob] failed with exception [null].";
  await receiver.receiveSlackEvent(slackCallback({ text, ts: "1615905700.000100", bot_id: "B9" }));
  await processor.process();
  expect(await incident(1)).toMatchObject({ environment: "prod", title: "reval-sync failed" });
});

test("a start alone is kept without an incident; an end joins the open one without ending it", async () => {
  const { receiver, processor, incident, store, clock } = await desk();
  await receiver.receive("ping", pingRequest("/job-secret/person-sync/prod/start", { rid: "a1" }));
  await processor.process();
  expect(await incident(1).catch(() => null)).toBeNull();
  await receiver.receive("ping", pingRequest("/job-secret/person-sync/prod/3", { rid: "a1", body: "Unknown column" }));
  await processor.process();
  expect(await incident(1)).toMatchObject({ severity: "sev2", signalCount: 1, jobs: ["person-sync"] });
  clock.advance({ minutes: 20 });
  await receiver.receive("ping", pingRequest("/job-secret/person-sync/prod", { rid: "a2" }));
  await processor.process();
  expect(await incident(1)).toMatchObject({ status: "open", signalCount: 2, firingCount: 1 });
  const signals = await store.db.selectFrom("signals").select(["kind", "incident_id"]).orderBy("id").execute();
  expect(signals.map((signal) => [signal.kind, signal.incident_id !== null])).toEqual([
    ["started", false],
    ["failed", true],
    ["finished", true],
  ]);
});

test("a signal of a run goes to that run's incident, and the run tells it there", async () => {
  let run: number | null = null;
  const { receiver, processor, incident, store, clock } = await desk({
    linkSignal: async (_tx, signal) =>
      run === null || signal.kind !== "failed" ? null : { runId: run, incidentId: (await incidentOne()).id },
  });
  const incidentOne = () => incident(1);
  await receiver.receive("sentry", sentryRequest(eventAlert()));
  await processor.process();
  const at = clock.now();
  run = (
    await store.db
      .insertInto("runs")
      .values({
        number: 1,
        intent_key: "i1",
        job: "person-sync",
        environment: "prod",
        target: "nothing",
        state: "running",
        state_since: at,
        requested_by: "slack:U1",
        requested_by_key: "asha",
        requested_by_name: "Asha Rao",
        requested_at: at,
        surface: "slash",
        incident_id: (await incidentOne()).id,
      })
      .returning("id")
      .executeTakeFirstOrThrow()
  ).id;
  await receiver.receive("ping", pingRequest("/job-secret/person-sync/prod/fail", { rid: "a1" }));
  await processor.process();
  expect(await incidentOne()).toMatchObject({ signalCount: 2, jobs: ["person-sync"], severity: "sev2" });
  expect(await incident(2).catch(() => null)).toBeNull();
  const [signal] = await store.db.selectFrom("signals").select("run_id").where("kind", "=", "failed").execute();
  expect(signal?.run_id).toBe(run);
});

test("what a sender should not say is kept as refused with the reason", async () => {
  const { receiver, processor, inbox } = await desk();
  await receiver.receive("sentry", sentryRequest({ action: "created", data: { issue: {} } }, { resource: "issue" }));
  await receiver.receive("sentry", sentryRequest({ action: "created", data: {} }, { resource: "seer" }));
  await processor.process();
  expect(await inbox()).toMatchObject([
    { state: "refused", reason: "an issue without id or title" },
    { state: "ignored", reason: "seer.created concerns no incident" },
  ]);
});

test("a delivery that makes our code fail is tried again later and later, refused in the end, and holds up nobody", async () => {
  const { receiver, processor, inbox, incident, clock } = await desk({
    linkSignal: async (_tx, signal) => {
      if (signal.rid === "bad") throw new Error("a bug");
      return null;
    },
  });
  await receiver.receive("ping", pingRequest("/job-secret/person-sync/prod/fail", { rid: "bad" }));
  await receiver.receive("ping", pingRequest("/job-secret/person-sync/prod/fail", { rid: "good" }));
  const first = await processor.process();
  expect(await incident(1)).toMatchObject({ signalCount: 1 });
  expect(first).toEqual({ done: false, dueAt: clock.now(), notBefore: clock.machineNow().add({ seconds: 1 }) });
  for (const seconds of [1, 4, 16, 64]) {
    expect((await inbox())[0]).toMatchObject({ state: "pending" });
    clock.advance({ seconds });
    await processor.process();
  }
  const [bad, good] = await inbox();
  expect(bad).toMatchObject({
    state: "refused",
    attempts: 5,
    reason: expect.stringMatching(/^our fault, reference \w{8}: a bug/),
  });
  expect(good).toMatchObject({ state: "done" });
  expect(await processor.process()).toEqual({ done: true });
});

test("a run outside any incident belongs to the one that its failure opens; one of an incident stays there", async () => {
  const linked = { runId: 0, incidentId: null };
  const { receiver, processor, store, clock, incident, timeline } = await desk({
    linkSignal: async () => linked,
    signalsJoined: attachRuns,
  });
  linked.runId = await addRun(store, clock.now());
  const fails = async (rid: string, status = "failed") => {
    clock.advance({ minutes: 1 });
    const body = { job: "person-sync", environment: "prod", rid, status, error: "Unknown column" };
    await receiver.receive("jobs", jobRequest(body, { at: clock.machineNow() }));
    await processor.process();
  };
  const incidentsOfRuns = async () =>
    (await store.db.selectFrom("runs").select("incident_id").orderBy("id").execute()).map((row) => row.incident_id);
  await fails("a", "succeeded");
  expect(await incidentsOfRuns()).toEqual([null]);
  await fails("b");
  const opened = (await incident(1)).id;
  expect(await incidentsOfRuns()).toEqual([opened]);
  expect(await timeline(1)).toMatchObject([
    { kind: "run", by: "asha", text: "run 1: person-sync in prod requested, outside this incident" },
    { kind: "signal", text: expect.stringContaining("Unknown column") },
  ]);
  const work = await store.db.selectFrom("outbox").select(["kind", "ref"]).where("kind", "=", "run-card").execute();
  expect(work).toEqual([{ kind: "run-card", ref: linked.runId }]);
  const elsewhere = await openIncident(store, clock.now(), { number: 9, foldingKey: "else" });
  linked.runId = await addRun(store, clock.now(), { number: 2, incident_id: elsewhere.id });
  await fails("c");
  expect(await incidentsOfRuns()).toEqual([opened, elsewhere.id]);
});

test("what cannot be asked now waits as long as it takes, and is no attempt", async () => {
  let away = true;
  const { receiver, processor, inbox, clock, captured } = await desk({
    captureSlackEvent: async (_tx, event) => {
      if (away) throw new NotNow("Slack could not be asked who U1 is");
      captured.push(event);
    },
  });
  await receiver.receiveSlackEvent(slackCallback({ ts: "1615939740.000200", user: "U1", text: "hello" }));
  for (let hour = 0; hour < 10; hour += 1) {
    expect(await processor.process()).toMatchObject({ done: false, notBefore: clock.machineNow().add({ seconds: 5 }) });
    expect(await inbox()).toMatchObject([{ state: "pending", attempts: 0 }]);
    clock.advance({ hours: 1 });
  }
  away = false;
  expect(await processor.process()).toEqual({ done: true });
  expect(captured).toHaveLength(1);
});

test("nothing of an e-mail address, a secret or a catalogue pattern is stored outside the raw delivery", async () => {
  const { receiver, processor, store, clock } = await desk();
  const error = "no trainee 1234567 for someone@example.org, password=hunter22 and Bearer abcdefghijklmnop";
  await receiver.receive(
    "jobs",
    jobRequest(
      { job: "person-sync", environment: "prod", rid: "r", status: "failed", error },
      { at: clock.machineNow() },
    ),
  );
  await processor.process();
  const rows = {
    signals: await store.db.selectFrom("signals").selectAll().execute(),
    incidents: await store.db.selectFrom("incidents").selectAll().execute(),
    timeline: await store.db.selectFrom("timeline_entries").selectAll().execute(),
  };
  const kept = JSON.stringify(rows);
  expect(rows.signals).toHaveLength(1);
  for (const secret of ["1234567", "someone@example.org", "hunter22", "abcdefghijklmnop"])
    expect(kept).not.toContain(secret);
  expect(rows.signals[0]?.error).toBe("no trainee [redacted] for [e-mail], password=[secret] and Bearer [secret]");
});

test("two workers share the deliveries: each is processed once, one incident opens", async () => {
  const { receiver, processor, store, incident } = await desk();
  await Promise.all(
    Array.from({ length: 60 }, (_, n) => receiver.receive("sentry", sentryRequest(eventAlert({ event: `e${n}` })))),
  );
  await Promise.all([processor.process(), processor.process(), processor.process()]);
  await processor.process();
  expect(await incident(1)).toMatchObject({ signalCount: 60 });
  expect(await incident(2).catch(() => null)).toBeNull();
  const { count } = await store.db
    .selectFrom("signals")
    .select((select) => select.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  expect(count).toBe(60);
});
