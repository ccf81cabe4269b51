import { Temporal } from "temporal-polyfill";
import { expect, onTestFinished, test } from "vitest";
import type { IncidentId } from "../../src/base/ids.ts";
import { foldSignal } from "../../src/incidents/fold.ts";
import { incidentByNumber, listIncidents } from "../../src/incidents/incidents.store.ts";
import type { NewSignal } from "../../src/incidents/signal.ts";
import { saveSignals, signalsOf } from "../../src/incidents/signals.store.ts";
import { timelineOf } from "../../src/incidents/timeline.store.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { testDatabase } from "../helpers/database.ts";
import { catalogueOf, ESTATE, estate } from "../helpers/hear.ts";
import { signalAt } from "./signals.ts";

const catalogue = estate();
const now = Temporal.Instant.from("2021-03-16T14:42:00Z");

const signal = (over: Partial<NewSignal> = {}): NewSignal =>
  signalAt(now, { tags: { queue: "outbound" }, counts: { rows: 7 }, ...over });

const fold = (store: Store, one: NewSignal) =>
  store.tx(async (tx) => {
    const [saved] = await saveSignals(tx, [one]);
    if (saved === undefined) throw new Error("not saved");
    return foldSignal(tx, { catalogue, now }, { signal: saved, run: null, incident: null });
  });

test("many at once that would each open an incident open one, and none is lost", async () => {
  const { store } = await testDatabase({ connections: 8 });
  const joinings = await Promise.all(Array.from({ length: 24 }, () => fold(store, signal())));
  expect(await listIncidents(store.db, { limit: 9 })).toMatchObject([{ number: 1, signalCount: 24 }]);
  expect(new Set(joinings.map((joining) => joining.incident)).size).toBe(1);
});

test("many at once of different keys are numbered without a gap", async () => {
  const { store } = await testDatabase({ connections: 8 });
  await Promise.all(Array.from({ length: 12 }, (_, n) => fold(store, signal({ service: `service-${n}` }))));
  const numbers = (await listIncidents(store.db, { limit: 20 })).map((incident) => incident.number);
  expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
});

test("a transaction that fails leaves no incident, no signal and no gap", async () => {
  const { store } = await testDatabase();
  const failing = store.tx(async (tx) => {
    const [saved] = await saveSignals(tx, [signal()]);
    if (saved === undefined) throw new Error("not saved");
    await foldSignal(tx, { catalogue, now }, { signal: saved, run: null, incident: null });
    throw new Error("after all");
  });
  await expect(failing).rejects.toThrow("after all");
  expect(await incidentByNumber(store.db, 1)).toBeNull();
  await fold(store, signal());
  expect(await incidentByNumber(store.db, 1)).toMatchObject({ number: 1, signalCount: 1 });
});

test("a saved signal is read as it was saved", async () => {
  const { store } = await testDatabase();
  const { incident, joinedBy } = await fold(store, signal());
  if (incident === null) throw new Error("not joined");
  expect(await signalsOf(store.db, incident, 5)).toEqual([{ ...signal(), id: expect.any(Number) }]);
  expect(joinedBy).toEqual({
    rule: "default",
    key: "service=tis-sync; environment=prod; cause=SqlException",
    why: "nothing with this key before",
  });
});

test("what began elsewhere for the same reason joins, says why, and brings its key along", async () => {
  const { store } = await testDatabase();
  const error = "Unknown column 'pm.leadProvider' in 'field list'";
  await fold(store, signal({ error }));
  const failed = {
    source: "jobs",
    kind: "failed",
    job: "person-sync",
    cause: "person-sync",
    title: "Person search index failed",
  } as const;
  const joined = await fold(store, signal({ ...failed, error }));
  expect(joined.joinedBy).toMatchObject({ rule: "default", relation: "same-error", why: `the same error: ${error}` });
  const again = await fold(store, signal({ ...failed, error: "exit code 1" }));
  expect(again).toMatchObject({ incident: joined.incident, joinedBy: { why: "within 4 h of the last alert" } });
  const missed = {
    source: "monitor",
    job: "person-sync",
    cause: "finishBy",
    title: "Person search index did not finish",
  } as const;
  expect((await fold(store, signal(missed))).joinedBy).toMatchObject({ relation: "same-job" });
  expect(await listIncidents(store.db, { limit: 9 })).toMatchObject([
    { number: 1, signalCount: 4, jobs: ["person-sync"], environment: "prod" },
  ]);
  const entries = await timelineOf(store.db, joined.incident as IncidentId);
  const told = entries.filter(({ kind }) => kind !== "severity");
  expect(told.map(({ data }) => data["joinedBy"])).toMatchObject([
    {},
    { relation: "same-error" },
    { relation: "same-job" },
  ]);
});

test("staging never opens nor joins what is production's, whatever is the same", async () => {
  const { store } = await testDatabase();
  const same = {
    rid: "run-4711-abcdef",
    job: "person-sync",
    kind: "failed",
    error: "Unknown column 'pm.leadProvider'",
  } as const;
  const [prod, preprod, nimdta] = [
    await fold(store, signal(same)),
    await fold(store, signal({ ...same, environment: "preprod" })),
    await fold(store, signal({ ...same, environment: "nimdta" })),
  ];
  expect(new Set([prod.incident, preprod.incident, nimdta.incident]).size).toBe(3);
});

test("two services that fail for one reason in the same moment, in two workers, are one incident", async () => {
  const { store, url } = await testDatabase({ connections: 8 });
  const other = openStore({ url, connections: 8 });
  onTestFinished(() => other.close());
  const failing = (service: string) => signal({ service, error: "Unknown column 'pm.leadProvider' in 'field list'" });
  const services = Array.from({ length: 12 }, (_, n) => `service-${n}`);
  await Promise.all(services.map((service, n) => fold(n % 2 === 0 ? store : other, failing(service))));
  const all = await listIncidents(store.db, { limit: 20 });
  expect(all).toMatchObject([{ signalCount: 12 }]);
  expect([...(all[0]?.services ?? [])].sort()).toEqual([...services].sort());
});

test("a rule that says so keeps to its key", async () => {
  const { store } = await testDatabase();
  const alone = catalogueOf({
    ...ESTATE,
    folding: [{ name: "alone", match: { services: ["tis-sync"] }, key: ["service", "cause"], relate: false }],
  });
  const error = "Unknown column 'pm.leadProvider'";
  for (const service of ["tis-sync", "reference", "elsewhere"]) {
    await store.tx(async (tx) => {
      const [saved] = await saveSignals(tx, [signal({ service, error })]);
      if (saved !== undefined)
        await foldSignal(tx, { catalogue: alone, now }, { signal: saved, run: null, incident: null });
    });
  }
  const all = await listIncidents(store.db, { limit: 9 });
  expect(all.map(({ services }) => services)).toEqual([["reference", "elsewhere"], ["tis-sync"]]);
});
