import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { incidentByNumber } from "../../src/incidents/incidents.store.ts";
import { appendEntries, entriesOf } from "../../src/incidents/timeline.store.ts";
import { asha, asking, ben, incidentDesk } from "./desk.ts";

test("an incident is opened by hand, routed, told and audited, once however often", async () => {
  const { incidents, audit, timeline, store } = await incidentDesk();
  const ask = asking();
  const what = { title: "Trainee 1234567 sees an empty list", severity: "sev2", environment: "prod" } as const;
  const opened = await incidents.open(ask, what);
  expect(await incidents.open(ask, what)).toEqual(opened);
  expect(opened).toMatchObject({
    number: 1,
    status: "open",
    severity: "sev2",
    title: "Trainee [redacted] sees an empty list",
    environment: "prod",
    owner: null,
  });
  const row = await store.db.selectFrom("incidents").select(["channel", "mention"]).executeTakeFirstOrThrow();
  expect(row).toEqual({ channel: "ops", mention: "on-call" });
  expect(await timeline(1)).toEqual(["command: Asha Rao opened the incident: Trainee [redacted] sees an empty list"]);
  expect(await audit()).toEqual(["asha incident.open allowed"]);
});

test("who has no grant is refused, told who may, and the attempt is kept", async () => {
  const { incidents, audit } = await incidentDesk();
  await expect(incidents.open(asking({ actor: ben }), { title: "x", environment: "prod" })).rejects.toMatchObject({
    kind: "denied",
    message: expect.stringContaining("Ben Okafor may not change incidents"),
  });
  expect(await incidents.list(asking(), {})).toEqual([]);
  expect(await audit()).toEqual(["ben incident.open denied"]);
});

test("acknowledging makes it yours when nobody owns it, and takes nothing back", async () => {
  const { incidents, timeline, audit } = await incidentDesk();
  await incidents.open(asking(), { title: "x" });
  const ask = asking();
  expect(await incidents.acknowledge(ask, 1)).toMatchObject({
    status: "acknowledged",
    owner: "asha",
    ownerName: "Asha Rao",
  });
  await incidents.acknowledge(ask, 1);
  await incidents.assign(asking(), 1, "ben");
  expect(await incidents.acknowledge(asking(), 1)).toMatchObject({ owner: "ben" });
  await incidents.setStatus(asking(), 1, "mitigated", "waiting");
  expect(await incidents.acknowledge(asking(), 1)).toMatchObject({ status: "mitigated" });
  expect(await timeline(1)).toEqual([
    "command: Asha Rao opened the incident: x",
    "status: Asha Rao acknowledged the incident",
    "command: Asha Rao took the incident",
    "command: Asha Rao assigned the incident to Ben Okafor",
    "status: Asha Rao set the status to mitigated: waiting",
  ]);
  expect((await audit()).slice(1, 3)).toEqual(["asha incident.status allowed", "asha incident.assign allowed"]);
});

test("an owner is a full member, by key, Slack id or e-mail", async () => {
  const { incidents, store, clock } = await incidentDesk();
  await incidents.open(asking(), { title: "x" });
  expect(await incidents.assign(asking(), 1, "U034")).toMatchObject({ owner: "ben" });
  await expect(incidents.assign(asking(), 1, "U999")).rejects.toThrow("U999 cannot own an incident: a guest.");
  await expect(incidents.assign(asking(), 1, "dev")).rejects.toThrow("does not know the Slack account of Dev Patel");
  const flags = { is_bot: false, is_guest: false, is_foreign: false, is_deleted: false };
  const user = { id: "U056", handle: "carla", name: "Carla", email: "Carla@example.org", fetched_at: clock.now() };
  await store.db
    .insertInto("slack_users")
    .values({ ...user, ...flags })
    .execute();
  expect(await incidents.assign(asking(), 1, "carla")).toMatchObject({ owner: "carla" });
});

test("a note is redacted, carries its own time, and is not said twice in its own thread", async () => {
  const { incidents, store, clock } = await incidentDesk();
  await incidents.open(asking(), { title: "x" });
  const at = Temporal.Instant.from("2021-03-16T14:30:00Z");
  await incidents.note(asking(), 1, { text: "told asha@example.org", at });
  await incidents.note(asking({ surface: "mention", incident: 1 }), 1, { text: "from the thread" });
  const rows = await store.db
    .selectFrom("timeline_entries")
    .selectAll()
    .where("kind", "=", "note")
    .orderBy("id")
    .execute();
  expect(rows.map(({ text, visible }) => [text, visible])).toEqual([
    ["told [e-mail]", true],
    ["from the thread", false],
  ]);
  expect(rows[0]?.at.toString()).toBe("2021-03-16T14:30:00Z");
  expect(rows[0]?.learned_at.toString()).toBe(clock.now().toString());
  await expect(incidents.note(asking(), 1, { text: "  " })).rejects.toThrow("The note is empty.");
});

test("a message of the thread that is a line already is marked as key, not written twice", async () => {
  const { incidents, store, clock, audit } = await incidentDesk();
  await incidents.open(asking(), { title: "x" });
  const incident = (await incidentByNumber(store.db, 1))?.id;
  if (incident === undefined) throw new Error("no incident");
  const said = { actor: "slack:U034", actorKey: "ben", actorName: "Ben Okafor", at: clock.now(), data: {} };
  await store.tx((tx) =>
    appendEntries(tx, { incident, learnedAt: clock.now() }, [
      { ...said, kind: "message", text: "found it", visible: false, slackTs: "100.1" },
      { ...said, kind: "note", text: "fix is ready", visible: true },
    ]),
  );
  const shown = (await entriesOf(store.db, incident)).find(({ text }) => text === "fix is ready");
  const ask = asking({ surface: "shortcut" });
  const message = { ts: "100.1" };
  expect(await incidents.note(ask, 1, { text: "Ben: found it", message })).toMatchObject({ marked: true });
  await incidents.note(ask, 1, { text: "Ben: found it", message });
  await incidents.note(asking(), 1, { text: "", message: { ts: "200.1", entry: shown?.id ?? 0 } });
  expect(await incidents.note(asking(), 1, { text: "another", message: { ts: "300.1" } })).not.toHaveProperty("marked");
  const lines = await incidents.timeline(asking(), 1);
  expect(lines.slice(1).map(({ kind, text, key }) => [kind, text, key])).toEqual([
    ["message", "found it", true],
    ["note", "fix is ready", true],
    ["note", "another", false],
  ]);
  expect((await audit()).slice(1)).toEqual(Array(3).fill("asha incident.note allowed"));
});

test("a resolved incident is only reopened, and the attempt to do else is kept", async () => {
  const { incidents, audit } = await incidentDesk();
  await incidents.open(asking(), { title: "x" });
  expect(await incidents.setStatus(asking(), 1, "resolved", "re-run")).toMatchObject({ status: "resolved" });
  await expect(incidents.acknowledge(asking(), 1)).rejects.toMatchObject({ kind: "conflict" });
  expect((await audit()).at(-1)).toBe("asha incident.status denied");
  expect(await incidents.setStatus(asking(), 1, "open")).toMatchObject({ status: "open", resolvedAt: null });
});

test("what the asker may do on incidents, for help", async () => {
  const { incidents } = await incidentDesk();
  expect(await incidents.may(asking())).toEqual(["incident", "export"]);
  expect(await incidents.may(asking({ actor: ben }))).toEqual([]);
});

test("a status set by mention in the thread is told there: its answer only the asker sees", async () => {
  const { incidents, store } = await incidentDesk();
  await incidents.open(asking(), { title: "x" });
  await incidents.setStatus(asking({ surface: "mention", incident: 1 }), 1, "mitigated");
  const row = await store.db
    .selectFrom("timeline_entries")
    .select("visible")
    .where("kind", "=", "status")
    .executeTakeFirst();
  expect(row).toEqual({ visible: true });
});

test("severity moves by word", async () => {
  const { incidents, timeline } = await incidentDesk();
  await incidents.open(asking(), { title: "x" });
  expect(await incidents.setSeverity(asking(), 1, "sev1", "nobody can work")).toMatchObject({ severity: "sev1" });
  expect((await timeline(1)).at(-1)).toBe("severity: Asha Rao changed the severity from sev3 to sev1: nobody can work");
});

test("lists what is not resolved, a status, or all; newest first", async () => {
  const { incidents } = await incidentDesk();
  for (const title of ["a", "b", "c"]) await incidents.open(asking(), { title });
  await incidents.setStatus(asking(), 2, "resolved");
  const numbers = async (filter: Parameters<typeof incidents.list>[1]) =>
    (await incidents.list(asking(), filter)).map(({ number }) => number);
  expect(await numbers({})).toEqual([3, 1]);
  expect(await numbers({ status: "resolved" })).toEqual([2]);
  expect(await numbers({ all: true })).toEqual([3, 2, 1]);
  expect(await incidents.get(asking({ actor: asha }), 2)).toMatchObject({ number: 2 });
  await expect(incidents.get(asking(), 9)).rejects.toThrow("There is no INC-9.");
});
