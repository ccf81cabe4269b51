import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import type { Catalogue } from "../../src/config/catalogue.ts";
import { turnedBy } from "../../src/incidents/flapping.ts";
import { foldSignal } from "../../src/incidents/fold.ts";
import { incidentByNumber } from "../../src/incidents/incidents.store.ts";
import { createQuiet } from "../../src/incidents/quiet.ts";
import { saveSignals } from "../../src/incidents/signals.store.ts";
import { testDatabase } from "../helpers/database.ts";
import { catalogueOf, estate } from "../helpers/hear.ts";
import { signalAt } from "./signals.ts";

const START = Temporal.Instant.from("2021-03-16T14:42:00Z");

async function desk(catalogue: Catalogue = estate()) {
  const { store } = await testDatabase();
  const clock = manualClock(START.toString());
  const quiet = createQuiet({ store, clock });
  const tell = async (kind: "firing" | "resolved") => {
    const at = clock.now();
    await store.tx(async (tx) => {
      const [saved] = await saveSignals(tx, [signalAt(at, { kind })]);
      if (saved === undefined) throw new Error("not saved");
      await foldSignal(tx, { catalogue, now: at }, { signal: saved, run: null, incident: null });
    });
  };
  const flap = async (changes: number, everyMinutes = 2) => {
    await tell("firing");
    for (let n = 1; n <= changes; n += 1) {
      clock.advance({ minutes: everyMinutes });
      await tell(n % 2 === 1 ? "resolved" : "firing");
    }
  };
  const incident = async () => {
    const found = await incidentByNumber(store.db, 1);
    if (found === null) throw new Error("there is no INC-1");
    return found;
  };
  const replies = async () =>
    (
      await store.db.selectFrom("timeline_entries").select("text").where("visible", "=", true).orderBy("id").execute()
    ).map(({ text }) => text.split(/[:,]/)[0]);
  const due = async () =>
    (await store.db.selectFrom("outbox").select("due_at").where("kind", "=", "quiet").executeTakeFirst())?.due_at;
  return { store, clock, tell, flap, incident, replies, due, quiet };
}

test("what comes and goes is one incident that says so once, and is resolved when it is quiet", async () => {
  const { clock, flap, incident, replies, due, quiet } = await desk();
  await flap(7);
  const flapping = await incident();
  expect(flapping).toMatchObject({ status: "open", signalCount: 8, flapping: { changes: 7, quietMs: 900_000 } });
  expect(await replies()).toEqual(["Resolved", "Reopened", "Resolved", "Reopened", "Flapping"]);
  expect(await quiet(flapping.id)).toEqual({ done: false, dueAt: clock.now().add({ minutes: 15 }) });
  expect(await due()).toBeDefined();
  clock.advance({ minutes: 15 });
  expect(await quiet(flapping.id)).toEqual({ done: true });
  expect(await incident()).toMatchObject({ status: "resolved", flapping: null });
  expect((await replies()).at(-1)).toBe("Resolved");
  expect(await quiet(flapping.id)).toEqual({ done: true });
});

test("what fires still when it is quiet stays open, and says that it no longer flaps", async () => {
  const { clock, flap, incident, replies, quiet, tell } = await desk();
  await flap(4);
  clock.advance({ minutes: 15 });
  await quiet((await incident()).id);
  expect(await incident()).toMatchObject({ status: "open", flapping: null });
  expect((await replies()).at(-1)).toBe("No longer flapping");
  clock.advance({ minutes: 5 });
  await tell("resolved");
  expect(await incident()).toMatchObject({ status: "resolved" });
});

test("few changes, slow ones, and a rule that says so are no flapping", async () => {
  const slow = await desk();
  await slow.flap(6, 12);
  expect((await slow.incident()).flapping).toBeNull();
  const off = await desk(catalogueOf({ folding: [{ name: "all", key: ["service", "cause"], flapping: false }] }));
  await off.flap(7);
  expect(await off.incident()).toMatchObject({ status: "resolved", flapping: null });
});

test("property: however it comes and goes, it flaps exactly when that many changes fall into the time", () => {
  const rule = { changes: 4, withinMs: 30, quietMs: 15 };
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 30 }), (gaps) => {
      let state: Parameters<typeof turnedBy>[0] = { conditions: { c: { fired: 0 } }, flapping: null };
      const turns: number[] = [];
      let ms = 0;
      let expected = false;
      for (const [n, gap] of gaps.entries()) {
        ms += gap;
        turns.push(ms);
        const known = state.conditions["c"] ?? {};
        const after = { c: n % 2 === 0 ? { ...known, cleared: ms } : { ...known, fired: ms } };
        const turned = turnedBy(state, after, { condition: "c", ms, rule });
        expected ||= turns.filter((turn) => turn > ms - rule.withinMs).length >= rule.changes;
        state = { conditions: turned?.conditions ?? after, flapping: turned?.flapping ?? null };
        expect(state.flapping !== null).toBe(expected);
      }
    }),
  );
});
