import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import type { IncidentId } from "../../src/base/ids.ts";
import { bridgeOf, mayBeOne, overBecause, pairKey, type Side } from "../../src/incidents/bridge.ts";
import { endBridges } from "../../src/incidents/bridges.ts";
import { foldSignals } from "../../src/incidents/fold.ts";
import { incidentByNumber } from "../../src/incidents/incidents.store.ts";
import { mergeIncidents, splitIncident } from "../../src/incidents/regrouping.ts";
import type { NewSignal } from "../../src/incidents/signal.ts";
import { saveSignals } from "../../src/incidents/signals.store.ts";
import { timelineOf } from "../../src/incidents/timeline.store.ts";
import { testDatabase } from "../helpers/database.ts";
import { estate } from "../helpers/hear.ts";
import { signalAt } from "./signals.ts";

const ids = fc.integer({ min: 1, max: 6 }).map((id) => id as IncidentId);
const side = fc.record({
  id: ids,
  status: fc.constantFrom("open", "acknowledged", "mitigated", "resolved"),
  environment: fc.constantFrom("prod", "preprod", null),
  mergedInto: fc.option(ids),
});
const made = side.map((one) => ({ ...one, number: one.id, title: `Trouble ${one.id}` }) as Side);
const splits = fc.array(fc.record({ from: ids, to: ids }), { maxLength: 4 });

test("two may be one only while both go on, in one environment, and nobody took them apart; whichever is asked first", () => {
  fc.assert(
    fc.property(made, made, splits, (a, b, apart) => {
      const may = mayBeOne(a, b, apart);
      expect(mayBeOne(b, a, apart)).toBe(may);
      expect(pairKey(a, b)).toBe(pairKey(b, a));
      const standing = {
        splits: apart,
        alertIn: a.id,
        goesOnIn: (id: IncidentId) => [a, b].find((one) => one.id === id),
      };
      if (!may) return;
      expect([a.status, b.status]).not.toContain("resolved");
      expect([a.mergedInto, b.mergedInto]).toEqual([null, null]);
      expect(new Set([a.environment, b.environment, null]).size).toBeLessThan(3);
      expect(apart.some(({ from, to }) => from + to === a.id + b.id && (from === a.id || from === b.id))).toBe(false);
      // What may be suggested stands; what ended may not be suggested.
      expect(overBecause(a, b, standing)).toBeNull();
    }),
  );
});

test("the likeliest that may be one is suggested, and only that", () => {
  fc.assert(
    fc.property(made, fc.uniqueArray(made, { selector: ({ id }) => id }), splits, (incident, others, apart) => {
      const relations = others.map(({ id }, at) => ({
        incident: id,
        rule: "same-job" as const,
        why: "why",
        points: 200 - at,
      }));
      const row = (id: IncidentId) => others.find((one) => one.id === id);
      const bridge = bridgeOf("Alert", incident, { relations, splits: apart, row });
      expect(bridge?.other).toEqual(others.find((other) => mayBeOne(incident, other, apart)));
    }),
  );
});

const START = Temporal.Instant.from("2021-03-16T14:42:00Z");
const asha = { kind: "person", slack: "U1", name: "Asha Rao", key: "asha" } as const;
const person = {
  source: "jobs",
  kind: "failed",
  job: "person-sync",
  title: "Person search index failed",
  cause: "a",
} as const;
const reval = { source: "jobs", kind: "failed", job: "reval-sync", title: "Revalidation failed", cause: "b" } as const;
const both = { source: "watchdog", service: null, cause: "c", title: "person-sync and reval-sync did not finish" };

async function desk() {
  const { store } = await testDatabase();
  const catalogue = estate();
  const clock = manualClock(START.toString());
  const incident = async (number: number) => {
    const found = await incidentByNumber(store.db, number);
    if (found === null) throw new Error(`there is no INC-${number}`);
    return found;
  };
  return {
    store,
    clock,
    tell: async (...overs: readonly Partial<NewSignal>[]) => {
      clock.advance({ minutes: 3 });
      const at = clock.now();
      await store.tx(async (tx) => {
        const saved = await saveSignals(
          tx,
          overs.map((over) => signalAt(at, over)),
        );
        await foldSignals(
          tx,
          { catalogue, now: at },
          saved.map((signal) => ({ signal, run: null, incident: null })),
        );
      });
    },
    regroup: async (requestKey: string, what: { merge: [number, number] } | { split: number; signal: string }) => {
      const by = { by: asha, now: clock.now(), visible: true, requestKey };
      if ("merge" in what) {
        const [from, into] = [(await incident(what.merge[0])).id, (await incident(what.merge[1])).id];
        await store.tx((tx) => mergeIncidents(tx, catalogue, { ...by, from, into }));
        return;
      }
      const share = { service: null, job: null, cause: what.signal, condition: null };
      const { id } = await incident(what.split);
      await store.tx((tx) => splitIncident(tx, catalogue, { ...by, incident: id, what: { share }, words: "that" }));
    },
    resolve: (number: number) =>
      store.db
        .updateTable("incidents")
        .set({ status: "resolved", resolved_at: clock.now() })
        .where("number", "=", number)
        .execute(),
    end: async (number: number) => endBridges({ store, clock }, (await incident(number)).id),
    said: async (number: number) =>
      (await timelineOf(store.db, (await incident(number)).id)).filter(({ data }) => data["like"] !== undefined),
    rung: async () =>
      (await store.db.selectFrom("outbox").select("ref").where("kind", "=", "incident").orderBy("ref").execute()).map(
        ({ ref }) => ref,
      ),
  };
}

test("an alert of two open incidents joins one, and both are told once which the other is, why, and how to merge", async () => {
  const { tell, said, rung, store } = await desk();
  await tell(person);
  await tell({ ...reval, service: "reference" });
  await store.db.deleteFrom("outbox").execute();
  await tell(both);
  const [[one], [two]] = [await said(1), await said(2)];
  const texts = [one?.text, two?.text].join("\n");
  expect(texts).toMatch(
    /INC-2 looks like the same trouble: Revalidation failed\. "person-sync and reval-sync did not finish" came /,
  );
  expect(texts).toMatch(
    /too: it speaks of the job (reval|person)-sync in prod\. One trouble\? `\/incident merge INC-2 INC-1`/,
  );
  expect(one?.data).toMatchObject({ like: 2, rule: "same-job", merge: "incident merge INC-2 INC-1" });
  expect(two?.data).toMatchObject({ like: 1, merge: "incident merge INC-2 INC-1" });
  expect(await rung()).toHaveLength(2);
  await tell({ ...both, cause: "d" }, { ...both, cause: "e" });
  expect([await said(1), await said(2)].map(({ length }) => length)).toEqual([1, 1]);
});

test.each(["resolved", "merged", "taken out"] as const)(
  "it is withdrawn in both threads when it was %s",
  async (how) => {
    const { tell, said, end, regroup, resolve } = await desk();
    await tell(person);
    await tell({ ...reval, service: "reference" });
    await tell(both);
    await end(1);
    expect((await said(1))[0]).toMatchObject({ edited: false });
    const here = (await said(1))[0]?.text.includes("came here") ? 1 : 2;
    if (how === "resolved") await resolve(2);
    if (how === "merged") await regroup("m", { merge: [2, 1] });
    if (how === "taken out") await regroup("s", { split: here, signal: "c" });
    await end(2);
    await end(1);
    const words = {
      resolved: "INC-2 is resolved.",
      merged: "They are one by now: INC-1.",
      "taken out": "The alert that looked like both was taken out.",
    }[how];
    for (const line of [...(await said(1)), ...(await said(2))]) {
      expect(line).toMatchObject({ edited: true });
      expect(line.text).toMatch(/^INC-\d looked like the same trouble: .*failed \(.*\)\. /);
      expect(line.text).toContain(words);
    }
  },
);

test("what people took apart is never suggested again, nor what is of another environment", async () => {
  const { tell, said, regroup } = await desk();
  await tell(person);
  await tell({ ...reval, service: "reference" });
  await regroup("m", { merge: [2, 1] });
  await regroup("s", { split: 1, signal: "b" });
  await tell(both);
  expect([await said(1), await said(3)]).toEqual([[], []]);
  await tell({ ...person, environment: "nimdta", service: null, cause: "x" });
  await tell({ ...both, cause: "y", environment: "nimdta" });
  expect([await said(1), await said(3), await said(4)]).toEqual([[], [], []]);
});

test("so it is with something new that a key leads to its incident, but not with a repetition", async () => {
  const { tell, said } = await desk();
  const disk = { service: "reference", cause: "Disk", title: "No space left", condition: "disk" };
  await tell(disk);
  await tell(person);
  const speaks = { ...disk, error: "person-sync could not write its file" };
  await tell(speaks);
  expect(await said(1)).toEqual([]);
  await tell({ ...speaks, condition: "other disk" });
  expect((await said(1))[0]?.text).toContain("INC-2 looks like the same trouble");
  expect((await said(2))[0]?.text).toContain("INC-1 looks like the same trouble: No space left");
});
