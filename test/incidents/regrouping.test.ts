import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import type { IncidentId } from "../../src/base/ids.ts";
import type { PersonActor } from "../../src/config/actor.ts";
import { foldSignal } from "../../src/incidents/fold.ts";
import { incidentByNumber } from "../../src/incidents/incidents.store.ts";
import { mergeIncidents, splitIncident } from "../../src/incidents/regrouping.ts";
import type { NewSignal } from "../../src/incidents/signal.ts";
import { saveSignals } from "../../src/incidents/signals.store.ts";
import { timelineOf } from "../../src/incidents/timeline.store.ts";
import { testDatabase } from "../helpers/database.ts";
import { estate } from "../helpers/hear.ts";
import { signalAt } from "./signals.ts";

const catalogue = estate();
const START = Temporal.Instant.from("2021-03-16T14:42:00Z");
const asha: PersonActor = { kind: "person", slack: "U1", name: "Asha Rao", key: "asha" };
const share = { service: null, job: null, cause: null, condition: null };

/** A desk over a database of its own; every alert comes a minute after the one before. */
async function desk() {
  const { store } = await testDatabase();
  let minute = 0;
  const tell = async (over: Partial<NewSignal>) => {
    minute += 1;
    const at = START.add({ minutes: minute });
    return store.tx(async (tx) => {
      const [saved] = await saveSignals(tx, [signalAt(at, over)]);
      if (saved === undefined) throw new Error("not saved");
      await foldSignal(tx, { catalogue, now: at }, { signal: saved, run: null, incident: null });
      return saved;
    });
  };
  const incident = async (number: number) => {
    const found = await incidentByNumber(store.db, number);
    if (found === null) throw new Error(`there is no INC-${number}`);
    return found;
  };
  const now = () => START.add({ minutes: minute });
  const merge = async (from: number, into: number, more: { requestKey?: string; across?: string } = {}) => {
    const ids = { from: (await incident(from)).id, into: (await incident(into)).id };
    return store.tx((tx) =>
      mergeIncidents(tx, catalogue, { by: asha, now: now(), visible: true, requestKey: "m1", ...ids, ...more }),
    );
  };
  const split = async (number: number, what: Parameters<typeof splitIncident>[2]["what"], requestKey = "s1") => {
    const { id } = await incident(number);
    return store.tx((tx) =>
      splitIncident(tx, catalogue, {
        by: asha,
        now: now(),
        visible: true,
        requestKey,
        incident: id,
        what,
        words: "that",
      }),
    );
  };
  const lines = async (number: number) =>
    (await timelineOf(store.db, (await incident(number)).id)).map(
      ({ kind, text }) => `${kind} ${text.split(/[:(]/)[0]?.trim()}`,
    );
  const total = async () => {
    const rows = await store.db.selectFrom("incidents").select(["signal_count", "firing_count"]).execute();
    return [rows.reduce((sum, row) => sum + row.signal_count, 0), rows.reduce((sum, row) => sum + row.firing_count, 0)];
  };
  return { store, tell, incident, merge, split, lines, total };
}

const column = { service: "tis-sync", title: "Unknown column", error: "Unknown column 'pm.leadProvider'" };
const disk = { service: "reference", title: "No space left", error: "No space left on device", cause: "disk" };

test("a merge moves counts, conditions and keys, closes the other, and reads both histories in order", async () => {
  const { tell, incident, merge, lines, total } = await desk();
  await tell(column);
  await tell(disk);
  await tell(column);
  expect(await merge(2, 1)).toMatchObject({ before: false });
  expect(await merge(2, 1)).toMatchObject({ before: true });
  await tell(disk);
  const [one, two] = [await incident(1), await incident(2)];
  expect(one).toMatchObject({ status: "open", signalCount: 4, firingCount: 4, services: ["tis-sync", "reference"] });
  expect(Object.keys(one.conditions)).toHaveLength(2);
  expect(Object.values(one.rate)).toEqual([1, 1, 1, 1]);
  expect(two).toMatchObject({ status: "resolved", signalCount: 0, mergedInto: one.id, conditions: {} });
  expect(await total()).toEqual([4, 4]);
  expect(await lines(1)).toEqual([
    "signal Unknown column",
    "signal No space left",
    "merge Asha Rao merged INC-2 into this",
    "merge Asha Rao merged this into INC-1",
  ]);
  expect(await lines(2)).toEqual(["signal No space left", "merge Asha Rao merged this into INC-1"]);
});

test("a merge across environments needs words, and a closed incident hides nothing that is open", async () => {
  const { store, tell, merge } = await desk();
  await tell(column);
  await tell({ ...disk, environment: "preprod" });
  await expect(merge(2, 1)).rejects.toThrow(
    "INC-2 is of preprod and INC-1 of prod, and what is protected is kept apart.",
  );
  await expect(merge(1, 1)).rejects.toThrow("into itself");
  await store.db
    .updateTable("incidents")
    .set({ status: "resolved", resolved_at: START })
    .where("number", "=", 1)
    .execute();
  await expect(merge(2, 1, { across: "one database" })).rejects.toThrow("INC-1 is resolved and INC-2 is not");
  await store.db.updateTable("incidents").set({ status: "open", resolved_at: null }).where("number", "=", 1).execute();
  expect((await merge(2, 1, { across: "one database" })).into).toMatchObject({ environment: "prod", signalCount: 2 });
});

test("a split takes its alerts, lines and keys along, counts stay exact, and it does not come back", async () => {
  const { tell, incident, split, lines, total } = await desk();
  await tell(column);
  await tell({ ...column, service: "elsewhere" });
  await tell({ ...column, service: "elsewhere" });
  expect(await incident(1)).toMatchObject({ signalCount: 3, services: ["tis-sync", "elsewhere"] });
  const done = await split(1, { share: { ...share, service: "elsewhere" } });
  expect(done).toMatchObject({ own: { number: 2 }, before: false });
  expect(await split(1, { share: { ...share, service: "elsewhere" } })).toMatchObject({
    before: true,
    own: { number: 2 },
  });
  // The same again, and something new of the same service with the same words.
  await tell({ ...column, service: "elsewhere" });
  await tell({ ...column, service: "elsewhere", cause: "other" });
  await tell(column);
  expect(await incident(1)).toMatchObject({ signalCount: 2, firingCount: 2, services: ["tis-sync"] });
  expect(await incident(2)).toMatchObject({
    signalCount: 4,
    firingCount: 4,
    services: ["elsewhere"],
    environment: "prod",
    openedBy: "slack:U1",
  });
  expect(await total()).toEqual([6, 6]);
  expect(await lines(1)).toEqual(["signal Unknown column", "merge Asha Rao took that out of this"]);
  expect(await lines(2)).toEqual([
    "signal Unknown column",
    "merge Asha Rao took this out of INC-1",
    "signal Unknown column",
  ]);
  await expect(split(1, { share: { ...share, service: "nobody" } }, "s2")).rejects.toThrow("has no alert with that");
  await expect(split(1, { share: { ...share, service: "tis-sync" } }, "s3")).rejects.toThrow("nothing to take apart");
});

test("one key shared by both parts of a split keeps each to its own", async () => {
  const { tell, incident, split } = await desk();
  const esr = { cause: "JsonMappingException" };
  await tell({ ...esr, service: "esr-generator" });
  await tell({ ...esr, service: "esr-notifier" });
  await split(1, { share: { ...share, service: "esr-notifier" } });
  await tell({ ...esr, service: "esr-notifier" });
  await tell({ ...esr, service: "esr-generator" });
  expect(await incident(1)).toMatchObject({ signalCount: 2, services: ["esr-generator"] });
  expect(await incident(2)).toMatchObject({ signalCount: 2, services: ["esr-notifier"] });
});

test("a split undoes a merge: what came with it, what came after it, and its history", async () => {
  const { tell, incident, merge, split, lines, total } = await desk();
  await tell(column);
  await tell(disk);
  await merge(2, 1);
  await tell(disk);
  const done = await split(1, { merged: await incident(2) });
  await tell(disk);
  expect(done.own.number).toBe(3);
  expect(await incident(3)).toMatchObject({ signalCount: 3, services: ["reference"], status: "open" });
  expect(await incident(1)).toMatchObject({ signalCount: 1, services: ["tis-sync"] });
  expect(await incident(2)).toMatchObject({ mergedInto: (await incident(3)).id as IncidentId });
  expect(await total()).toEqual([4, 4]);
  expect(await lines(3)).toContain("signal No space left");
  expect(await lines(1)).not.toContain("signal No space left");
  await merge(3, 1, { requestKey: "m2" });
  await tell(disk);
  expect(await incident(1)).toMatchObject({ signalCount: 5 });
});
