import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import type { IncidentId } from "../../src/base/ids.ts";
import { createDeployHandler, keepDeploys, reckonWhenChanged } from "../../src/changes/suspects.ts";
import { foldSignals } from "../../src/incidents/fold.ts";
import { incidentByNumber } from "../../src/incidents/incidents.store.ts";
import { mergeIncidents, splitIncident } from "../../src/incidents/regrouping.ts";
import type { NewSignal } from "../../src/incidents/signal.ts";
import { saveSignals } from "../../src/incidents/signals.store.ts";
import { timelineOf } from "../../src/incidents/timeline.store.ts";
import { lastDeployed } from "../../src/jobs/deployed.store.ts";
import { viewIncidents } from "../../src/services/incidents-view.ts";
import { testDatabase } from "../helpers/database.ts";
import { catalogueOf, ESTATE } from "../helpers/hear.ts";
import { signalAt } from "../incidents/signals.ts";
import { at } from "./deploys.ts";

const catalogue = catalogueOf({
  ...ESTATE,
  services: { tcs: {}, "esr-generator": { dependsOn: ["tcs"] }, "esr-notifier": { dependsOn: ["tcs"] } },
});
const FIRST = at("2021-03-16T14:42:00Z");

/** What the worker does with signals and with the work that follows from them. */
async function changing() {
  const { store } = await testDatabase();
  const clock = manualClock("2021-03-16T14:20:00Z");
  const parts = { store, clock, catalogue };
  const handle = createDeployHandler(parts);
  const hear = async (...signals: readonly NewSignal[]) => {
    await store.tx(async (tx) => {
      const now = clock.now();
      const saved = await saveSignals(tx, signals);
      const toFold = saved.map((signal) => ({ signal, run: null, incident: null }));
      await keepDeploys(tx, await foldSignals(tx, { catalogue, now }, toFold), now);
    });
    await work();
  };
  const work = async () => {
    const due = await store.db.deleteFrom("outbox").returning(["kind", "ref"]).execute();
    for (const { kind, ref } of due) {
      if (kind === "deploy") await handle(ref);
      if (kind === "incident") await reckonWhenChanged(parts, ref);
    }
    return due.map(({ kind }) => kind).sort();
  };
  const incident = async (number = 1) => {
    const found = await incidentByNumber(store.db, number);
    if (found === null) throw new Error("no such incident");
    const [view] = await viewIncidents(store.db, [found]);
    return { ...found, suspects: view?.suspects ?? [] };
  };
  const lines = async (number = 1) =>
    (await timelineOf(store.db, (await incident(number)).id)).filter(({ kind }) => kind === "deploy");
  const to = (moment: string) => clock.advance(clock.now().until(at(moment)));
  return { store, clock, to, hear, work, incident, lines };
}

const alert = (over: Partial<NewSignal> = {}) => signalAt(FIRST, { service: "esr-generator", ...over });
const deploy = (over: Partial<NewSignal> = {}) =>
  signalAt(at("2021-03-16T14:30:00Z"), {
    ...{ source: "deploys", kind: "deployed", service: "tcs", title: "TCS was deployed", cause: null },
    tags: {
      ...{ "deploy.id": "77", "deploy.version": "6.2.0", "deploy.by": "Ben Okafor" },
      "deploy.url": "https://ci.example.org/77",
    },
    ...over,
  });

test("a deploy opens nothing; the incident that follows has it as a suspect", async () => {
  const here = await changing();
  await here.hear(deploy());
  expect(await incidentByNumber(here.store.db, 1)).toBeNull();
  here.to("2021-03-16T14:42:01Z");
  await here.hear(alert());
  expect((await here.incident()).suspects).toMatchObject([
    {
      ...{ name: "tcs 6.2.0", rank: 1, environment: "prod", by: "Ben Okafor", url: "https://ci.example.org/77" },
      reason: "12 min before the first alert, upstream of esr-generator",
    },
  ]);
  expect(await here.lines()).toMatchObject([
    {
      ...{ at: at("2021-03-16T14:30:00Z"), learnedAt: at("2021-03-16T14:42:01Z") },
      text: "Suspect: tcs 6.2.0 was deployed in prod by Ben Okafor, 12 min before the first alert, upstream of esr-generator",
    },
  ]);
});

test("one that is told late joins what is open, once however often it is told, and says so", async () => {
  const here = await changing();
  here.to("2021-03-16T14:42:01Z");
  await here.hear(alert());
  here.to("2021-03-16T15:10:00Z");
  const told = deploy({ receivedAt: here.clock.now() });
  await here.hear(told);
  await here.hear(told);
  await here.hear(deploy({ source: "slack", tags: {}, at: at("2021-03-16T14:33:00Z") }));
  expect((await here.incident()).suspects.map(({ name }) => name)).toEqual(["tcs 6.2.0"]);
  expect((await here.lines()).map(({ text }) => text)).toEqual([
    "Suspect: tcs 6.2.0 was deployed in prod by Ben Okafor, 12 min before the first alert, upstream of esr-generator (told 40 min later)",
  ]);
});

test("suspects follow the services of an incident and its first alert; each is told once", async () => {
  const here = await changing();
  await here.hear(
    deploy({ service: "esr-notifier", at: at("2021-03-16T14:10:00Z"), tags: { "deploy.id": "5" } }),
    deploy(),
  );
  here.to("2021-03-16T14:42:01Z");
  await here.hear(alert());
  const names = async () => (await here.incident()).suspects.map(({ name }) => name);
  expect(await names()).toEqual(["tcs 6.2.0"]);
  await here.hear(alert({ service: "esr-notifier", at: FIRST.add({ seconds: 1 }) }));
  expect(await names()).toEqual(["esr-notifier", "tcs 6.2.0"]);
  expect((await here.incident()).suspects[1]?.reason).toBe(
    "12 min before the first alert, upstream of esr-generator and esr-notifier",
  );
  // A split takes a service away, or a merge brings one: whoever writes the incident asks for its projection.
  const { id } = await here.incident();
  const move = async (services: string[]) => {
    await here.store.db.updateTable("incidents").set({ services }).where("id", "=", id).execute();
    await here.store.db.insertInto("outbox").values({ kind: "incident", ref: id, due_at: here.clock.now() }).execute();
    await here.work();
  };
  await here.work();
  await move(["esr-generator"]);
  expect(await names()).toEqual(["tcs 6.2.0"]);
  await here.work();
  await move(["esr-generator", "esr-notifier"]);
  expect(await names()).toEqual(["esr-notifier", "tcs 6.2.0"]);
  expect(await here.lines()).toHaveLength(2);
});

test("a deploy counts from when it began, and one that failed is told as what it is", async () => {
  const here = await changing();
  const tags = { "deploy.id": "9", "deploy.version": "6.2.0", "deploy.status": "started" };
  await here.hear(deploy({ kind: "started", tags }));
  here.to("2021-03-16T14:42:01Z");
  await here.hear(alert());
  expect((await here.lines()).map(({ text }) => text)).toEqual([
    "Suspect: tcs 6.2.0 was being deployed in prod, 12 min before the first alert, upstream of esr-generator",
  ]);
  const failed = { ...tags, "deploy.status": "failed" };
  await here.hear(deploy({ kind: "failed", cause: "deployment", tags: failed, at: FIRST.add({ minutes: 4 }) }));
  expect((await here.incident()).suspects).toMatchObject([{ outcome: "failed", at: at("2021-03-16T14:30:00Z") }]);
  expect(await here.lines()).toHaveLength(1);
});

test("what changes nothing asks for nothing", async () => {
  const here = await changing();
  await here.hear(alert());
  expect(await here.work()).toEqual([]);
  await here.hear(deploy());
  expect(await here.work()).toEqual(["incident"]);
  await here.hear(deploy());
  expect(await here.work()).toEqual([]);
});

test("what a job requires is what went well last; one that failed changed nothing", async () => {
  const here = await changing();
  const of = { service: "tcs", environment: "prod" };
  const told = (id: string, tags: Record<string, string>, minutes: number) =>
    here.hear(deploy({ at: FIRST.add({ minutes }), tags: { "deploy.id": id, ...tags } }));
  await told("1", { version: "6.1" }, 0);
  await told("2", { "deploy.version": "6.2", "deploy.status": "in_progress" }, 1);
  expect(await lastDeployed(here.store.db, of)).toMatchObject({ version: "6.1" });
  await told("2", { "deploy.version": "6.2", "deploy.status": "success" }, 3);
  expect(await lastDeployed(here.store.db, of)).toMatchObject({ version: "6.2" });
  await told("3", { "deploy.version": "6.3", "deploy.status": "failure" }, 5);
  expect(await lastDeployed(here.store.db, of)).toMatchObject({ version: "6.2" });
  await told("4", { "deploy.version": "9f2a90c", "deploy.sha": "9f2a90c1d2e3f4a5" }, 7);
  expect(await lastDeployed(here.store.db, { ...of, operator: ">=" })).toMatchObject({ version: null });
  expect(await lastDeployed(here.store.db, { ...of, operator: "=" })).toMatchObject({ version: "9f2a90c" });
  await here.hear(
    deploy({ environment: null, environments: ["prod", "nimdta"], at: FIRST.add({ minutes: 9 }), tags: {} }),
  );
  expect(await lastDeployed(here.store.db, of)).toMatchObject({ version: null });
});

test("a deploy and an incident that come at once find each other, whichever is committed first", async () => {
  const here = await changing();
  here.to("2021-03-16T14:42:01Z");
  await Promise.all([here.hear(alert()), here.hear(deploy())]);
  await here.work();
  await here.work();
  expect((await here.incident()).suspects).toHaveLength(1);
  const kept = await here.store.db.selectFrom("suspect_bases").select("incident_id").execute();
  expect(kept.map(({ incident_id }) => incident_id as IncidentId)).toHaveLength(1);
});

test.each([
  [2, 1],
  [1, 2],
] as const)(
  "INC-%i merged into INC-%i loses no suspect, tells none twice, and a split gives each its own",
  async (from, into) => {
    const here = await changing();
    const second = at("2021-03-16T17:00:00Z");
    const notifier = (id: string, moment: string) =>
      deploy({ service: "esr-notifier", at: at(moment), receivedAt: here.clock.now(), tags: { "deploy.id": id } });
    await here.hear(deploy());
    here.to("2021-03-16T14:42:01Z");
    await here.hear(alert());
    here.to("2021-03-16T17:00:01Z");
    await here.hear(notifier("8", "2021-03-16T16:50:00Z"));
    await here.hear(
      alert({ service: "esr-notifier", cause: "Disk", title: "No space", at: second, receivedAt: second }),
    );
    const now = here.clock.now();
    const by = { by: { kind: "system" }, now, visible: true } as const;
    const ids = { from: (await here.incident(from)).id, into: (await here.incident(into)).id };
    await here.store.tx((tx) => mergeIncidents(tx, catalogue, { ...by, ...ids, requestKey: "m" }));
    await here.work();
    const reasons = async (number: number) =>
      (await here.incident(number)).suspects.map(({ name, reason }) => `${name}: ${reason}`);
    const own = "10 min before the first alert of INC-2";
    const names = from === 2 ? "esr-generator and esr-notifier" : "esr-notifier and esr-generator";
    const upstream = `tcs 6.2.0: 12 min before the first alert, upstream of ${names}`;
    expect(await reasons(into)).toEqual([`esr-notifier: ${own}`, upstream]);
    expect(await here.lines(into)).toHaveLength(2);
    await here.work();
    // One that is told late joins where it goes on, once.
    await here.hear(notifier("9", "2021-03-16T16:55:00Z"));
    await here.work();
    expect(await reasons(into)).toEqual([
      "esr-notifier: 5 min before the first alert of INC-2",
      `esr-notifier: ${own}`,
      upstream,
    ]);
    expect(await here.lines(into)).toHaveLength(3);
    const split = { incident: ids.into, what: { merged: await here.incident(from) }, words: "that", requestKey: "s" };
    await here.store.tx((tx) => splitIncident(tx, catalogue, { ...by, ...split }));
    await here.work();
    const [taken, left] = from === 2 ? [3, 1] : [2, 3];
    expect(await reasons(taken)).toContainEqual(expect.stringMatching(/^esr-notifier: 10 min before the first alert/));
    expect((await reasons(left)).filter((reason) => reason.startsWith("esr-notifier"))).toEqual([]);
    expect(await reasons(left)).toEqual(["tcs 6.2.0: 12 min before the first alert, upstream of esr-generator"]);
  },
);
