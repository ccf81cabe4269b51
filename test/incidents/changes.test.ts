import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import type { IncidentId } from "../../src/base/ids.ts";
import { SYSTEM } from "../../src/config/actor.ts";
import {
  addEntry,
  addNote,
  assign,
  type Change,
  openIncident,
  setSeverity,
  setStatus,
} from "../../src/incidents/changes.ts";
import { incidentById, incidentByNumber, listIncidents } from "../../src/incidents/incidents.store.ts";
import { blankEntry, correctEntry, entriesOf, entryBySlackTs, timelineOf } from "../../src/incidents/timeline.store.ts";
import { testDatabase } from "../helpers/database.ts";
import { estate } from "../helpers/hear.ts";

const asha = { kind: "person", slack: "U1", name: "Asha Rao", key: "asha" } as const;
const ben = { kind: "person", slack: "U2", name: "Ben Okri", key: "ben" } as const;
const catalogue = estate();

async function desk() {
  const { store } = await testDatabase();
  const clock = manualClock("2021-03-17T08:00:00Z");
  const by = (over: Partial<Change> = {}): Change => ({ by: asha, now: clock.now(), visible: true, ...over });
  const opened = await store.tx((tx) =>
    openIncident(tx, catalogue, {
      ...by({ requestKey: "slash:1" }),
      title: "List is empty, tell a@example.org",
      environment: "stage",
    }),
  );
  const lines = async () => (await timelineOf(store.db, opened.id)).map((line) => `${line.kind}: ${line.text}`);
  return { store, clock, by, opened, id: opened.id, lines };
}

test("opened by hand: numbered, routed, redacted, once per request", async () => {
  const { store, by, opened, lines } = await desk();
  expect(opened).toMatchObject({
    number: 1,
    status: "open",
    severity: "sev3",
    environment: "preprod",
    title: "List is empty, tell [e-mail]",
    channel: "monitoring",
    openedBy: "slack:U1",
    foldingKey: null,
  });
  const again = await store.tx((tx) =>
    openIncident(tx, catalogue, { ...by({ requestKey: "slash:1" }), title: "other" }),
  );
  expect(again).toEqual(await incidentById(store.db, opened.id));
  expect(await lines()).toEqual(["command: Asha Rao opened the incident: List is empty, tell [e-mail]"]);
  expect(await store.db.selectFrom("outbox").select(["kind", "ref"]).execute()).toEqual([
    { kind: "incident", ref: opened.id },
  ]);
});

test("an incident that began earlier, in an environment of its own route", async () => {
  const { store, clock, by } = await desk();
  const at = clock.now().subtract({ hours: 9 });
  const opened = await store.tx((tx) =>
    openIncident(tx, catalogue, { ...by(), title: "x", environment: "prod", service: "esr-gen", severity: "sev1", at }),
  );
  expect(opened).toMatchObject({
    number: 2,
    severity: "sev1",
    services: ["esr-generator"],
    channel: "ops",
    mention: "on-call",
    firstSeenAt: at,
    openedAt: clock.now(),
  });
});

test("status, severity, owner and notes change the row, the timeline and ask for the projection, once per request", async () => {
  const { store, clock, by, id, lines } = await desk();
  const repeat = async (work: (requestKey: string) => Promise<unknown>, key: string) => {
    await work(key);
    const once = await incidentById(store.db, id);
    await work(key);
    expect(await incidentById(store.db, id)).toEqual(once);
    return once;
  };
  await repeat(
    (requestKey) =>
      store.tx((tx) => setStatus(tx, catalogue, { ...by({ requestKey }), incident: id, status: "acknowledged" })),
    "k1",
  );
  clock.advance({ minutes: 1 });
  await repeat(
    (requestKey) =>
      store.tx((tx) =>
        setSeverity(tx, catalogue, {
          ...by({ requestKey }),
          incident: id,
          severity: "sev2",
          reason: "ask b@example.org",
        }),
      ),
    "k2",
  );
  await repeat(
    (requestKey) => store.tx((tx) => assign(tx, catalogue, { ...by({ requestKey }), incident: id, owner: ben })),
    "k3",
  );
  await repeat(
    (requestKey) =>
      store.tx((tx) => addNote(tx, catalogue, { ...by({ requestKey }), incident: id, text: "call 1234567" })),
    "k4",
  );
  const last = await repeat(
    (requestKey) =>
      store.tx((tx) => setStatus(tx, catalogue, { ...by({ requestKey }), incident: id, status: "resolved" })),
    "k5",
  );
  expect(last).toMatchObject({
    status: "resolved",
    severity: "sev2",
    severityByPerson: true,
    owner: "slack:U2",
    ownerKey: "ben",
    ownerName: "Ben Okri",
    resolvedAt: clock.now(),
    revision: 5,
  });
  expect(await lines()).toEqual([
    "command: Asha Rao opened the incident: List is empty, tell [e-mail]",
    "status: Asha Rao acknowledged the incident",
    "severity: Asha Rao changed the severity from sev3 to sev2: ask [e-mail]",
    "command: Asha Rao assigned the incident to Ben Okri",
    "note: call [redacted]",
    "status: Asha Rao resolved the incident",
  ]);
});

test("a request that changes nothing writes nothing", async () => {
  const { store, by, id, lines } = await desk();
  await store.tx((tx) => setStatus(tx, catalogue, { ...by(), incident: id, status: "open" }));
  await store.tx((tx) => setSeverity(tx, catalogue, { ...by({ by: SYSTEM }), incident: id, severity: "sev3" }));
  expect(await lines()).toHaveLength(1);
});

test("out of resolved leads only open, which mentions people again", async () => {
  const { store, by, id } = await desk();
  const to = (status: "open" | "acknowledged" | "resolved") =>
    store.tx((tx) => setStatus(tx, catalogue, { ...by(), incident: id, status }));
  await to("resolved");
  await expect(to("acknowledged")).rejects.toMatchObject({
    code: "incident_resolved",
    wayOut: expect.stringContaining("/incident status INC-1 open"),
  });
  expect(await to("open")).toMatchObject({ status: "open", reopenedCount: 1, resolvedAt: null });
  expect((await entriesOf(store.db, id)).at(-1)?.data).toMatchObject({ reopened: true, mention: true });
});

test("only a rise in severity mentions people", async () => {
  const { store, by, id } = await desk();
  for (const severity of ["sev1", "sev4"] as const) {
    await store.tx((tx) => setSeverity(tx, catalogue, { ...by(), incident: id, severity }));
  }
  const entries = await entriesOf(store.db, id);
  expect(entries.slice(-2).map((entry) => entry.data["mention"])).toEqual([true, false]);
});

test("a captured message is corrected by new entries and blanked to a tombstone; nothing else may change", async () => {
  const { store, clock, by, id } = await desk();
  const who = { actor: "slack:U1", actorKey: "asha", actorName: "Asha Rao" };
  const now = clock.now();
  const entry = {
    ...who,
    kind: "message",
    at: now,
    text: "mail c@example.org",
    data: {},
    visible: false,
    slackTs: "1.1",
  } as const;
  await store.tx((tx) => addEntry(tx, catalogue, { incident: id, now, entry }));
  const captured = await entryBySlackTs(store.db, id, "1.1");
  if (captured === null) throw new Error("not captured");
  expect(captured.text).toBe("mail [e-mail]");
  const to = { incident: id, learnedAt: now, corrects: captured };
  await store.tx((tx) => correctEntry(tx, to, { ...who, at: now, change: "edit", text: "new" }));
  await store.tx((tx) => correctEntry(tx, to, { ...who, at: now, change: "key" }));
  expect((await timelineOf(store.db, id)).at(-1)).toMatchObject({ text: "new", edited: true, key: true });
  await store.tx((tx) => blankEntry(tx, captured.id, now));
  expect((await timelineOf(store.db, id)).at(-1)).toMatchObject({ text: "", deleted: true });
  expect(JSON.stringify(await store.db.selectFrom("timeline_entries").selectAll().execute())).not.toContain('"new"');
  await expect(store.db.updateTable("timeline_entries").set({ text: "x" }).execute()).rejects.toThrow(/append-only/);
  await store.tx((tx) => addNote(tx, catalogue, { ...by(), incident: id, text: "after" }));
  expect((await entriesOf(store.db, id, { after: captured.id })).map((one) => one.change ?? one.text)).toEqual([
    "edit",
    "key",
    "after",
  ]);
});

test("incidents are found by number and listed newest first, resolved ones only when asked for", async () => {
  const { store, by, id } = await desk();
  await store.tx((tx) => openIncident(tx, catalogue, { ...by(), title: "second" }));
  await store.tx((tx) => setStatus(tx, catalogue, { ...by(), incident: id, status: "resolved" }));
  const numbers = async (filter: Parameters<typeof listIncidents>[1]) =>
    (await listIncidents(store.db, filter)).map((one) => one.number);
  expect(await numbers({ limit: 9 })).toEqual([2]);
  expect(await numbers({ statuses: ["open", "resolved"], limit: 9 })).toEqual([2, 1]);
  expect(await numbers({ statuses: ["open", "resolved"], limit: 1 })).toEqual([2]);
  expect((await incidentByNumber(store.db, 2))?.title).toBe("second");
  expect(await incidentByNumber(store.db, 3)).toBeNull();
  expect(await incidentById(store.db, 99 as IncidentId)).toBeNull();
});

test("two who change the same incident at once lose nothing", async () => {
  const { store, by, id } = await desk();
  await Promise.all([
    store.tx((tx) => assign(tx, catalogue, { ...by(), incident: id, owner: ben })),
    store.tx((tx) => setSeverity(tx, catalogue, { ...by(), incident: id, severity: "sev1" })),
    store.tx((tx) => setStatus(tx, catalogue, { ...by(), incident: id, status: "mitigated" })),
  ]);
  expect(await incidentById(store.db, id)).toMatchObject({
    ownerKey: "ben",
    severity: "sev1",
    status: "mitigated",
    revision: 4,
  });
});
