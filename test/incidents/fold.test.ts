import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { foldSignal } from "../../src/incidents/fold.ts";
import { incidentByNumber, listIncidents } from "../../src/incidents/incidents.store.ts";
import type { NewSignal } from "../../src/incidents/signal.ts";
import { saveSignals, signalsOf } from "../../src/incidents/signals.store.ts";
import type { Store } from "../../src/store/store.ts";
import { testDatabase } from "../helpers/database.ts";
import { estate } from "../helpers/hear.ts";
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
  await Promise.all(Array.from({ length: 12 }, (_, n) => fold(store, signal({ cause: `cause ${n}` }))));
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
