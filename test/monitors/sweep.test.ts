import { expect, test } from "vitest";
import { loadsOf } from "../../src/monitors/loads.store.ts";
import { catalogueOf } from "../helpers/hear.ts";
import { monitored } from "./world.ts";

const NIGHT = {
  night: {
    ...{ job: "etl", environment: "prod", schedule: "0 2 * * *", zone: "Europe/London" },
    ...{ startBy: "10m", finishBy: "105m", before: "03:45", tooFast: "5m", minRows: 1 },
  },
};

test("says in full what is missing within a minute of its deadline, and that it came", async () => {
  const here = await monitored(NIGHT);
  await here.until("2024-01-16T02:00:00Z");
  expect(await here.stateOf("night")).toBe("due");
  here.clock.advance({ seconds: 4 });
  await here.hear({ kind: "started" });
  await here.until("2024-01-16T03:45:29Z");
  expect(await here.told()).toEqual([]);
  await here.until("2024-01-16T03:46:00Z");
  await here.turn();
  const missing =
    "firing: etl has not finished in prod, 0 min before the load at 03:45: started 02:00:04, due by 03:45 (Europe/London)";
  expect(await here.told()).toEqual([missing]);
  expect(await here.stateOf("night")).toBe("missing_end");
  expect(await here.incidents()).toMatchObject([{ status: "open", services: ["warehouse"], jobs: ["etl"] }]);
  here.clock.advance({ minutes: 6 });
  await here.hear({ kind: "finished", counts: { rows: 7 } });
  expect(await here.told()).toEqual([
    missing,
    "resolved: etl finished in prod at 03:52 (Europe/London), 7 min after it was due",
  ]);
  expect(await here.incidents()).toMatchObject([{ status: "resolved" }]);
  expect(await here.stateOf("night")).toBe("ok");
});

test("a job that never starts is late, and folds into the incident that its failure has", async () => {
  const here = await monitored(NIGHT);
  await here.until("2024-01-16T02:11:00Z");
  await here.until("2024-01-16T03:50:00Z");
  expect(await here.told()).toEqual([
    "firing: etl has not started in prod, 1 h 34 min before the load at 03:45: scheduled for 02:00, due by 02:10 (Europe/London)",
    "firing: etl has not run in prod, 0 min before the load at 03:45: scheduled for 02:00, to be finished by 03:45 (Europe/London), and no start was heard",
  ]);
  expect(await here.stateOf("night")).toBe("late");
  await here.hear({ kind: "failed", error: "no such column" });
  expect(await here.incidents()).toHaveLength(1);
});

test("too fast and too few are told at the end, and are over with the next good one", async () => {
  const here = await monitored(NIGHT);
  await here.until("2024-01-16T02:00:00Z");
  await here.hear({ kind: "started", rid: "a" });
  here.clock.advance({ minutes: 2 });
  await here.hear({ kind: "finished", rid: "a", counts: { rows: 0 } });
  expect(await here.told()).toEqual([
    "firing: etl finished too fast in prod: in 2 min, at least 5 min are expected (a)",
    "firing: etl finished with too few rows in prod: 0, at least 1 are expected (a)",
  ]);
  await here.hear({ kind: "started", rid: "b" });
  here.clock.advance({ minutes: 20 });
  await here.hear({ kind: "finished", rid: "b", counts: { rows: 90 } });
  expect(await here.stateOf("night")).toBe("ok");
  expect(await here.incidents()).toMatchObject([{ status: "resolved" }]);
});

test("ran too long is measured by its own history, and by what is expected until there is one", async () => {
  const sections = {
    jobs: { etl: { expect: { duration: "15m" }, environments: { prod: { target: "nothing", service: "warehouse" } } } },
  };
  const every = { often: { job: "etl", environment: "prod", schedule: "0 * * * *", zone: "UTC", startBy: "10m" } };
  const here = await monitored(every, { sections });
  for (let hour = 2; hour < 8; hour += 1) {
    await here.until(`2024-01-16T0${hour}:00:00Z`);
    await here.hear({ kind: "started" });
    if (hour === 2) {
      await here.until("2024-01-16T02:31:00Z");
      expect(await here.told()).toEqual([
        "firing: etl runs too long in prod: for 30 min (15 min are expected), since 02:00:00 (UTC)",
      ]);
    } else here.clock.advance({ minutes: 10 });
    await here.hear({ kind: "finished" });
  }
  await here.until("2024-01-16T08:00:00Z");
  await here.hear({ kind: "started" });
  await here.until("2024-01-16T08:48:00Z");
  expect((await here.told()).at(-1)).toBe(
    "firing: etl runs too long in prod: for 46 min (usually 10 min, 6 of 6 within 31 min), since 08:00:00 (UTC)",
  );
});

const HOURLY = { often: { job: "etl", environment: "prod", schedule: "0 * * * *", zone: "UTC", startBy: "10m" } };

test("slots that are missed one after the other are one line, and one end; each is counted", async () => {
  const here = await monitored(HOURLY, { at: "2024-01-16T00:30:00Z" });
  await here.until("2024-01-16T03:30:00Z");
  expect(await here.told()).toEqual([
    "firing: etl has not started in prod: scheduled for 01:00, due by 01:10 (UTC)",
    "firing: etl has not started in prod: missed 2 times, since 01:00, last due by 02:10 (UTC)",
    "firing: etl has not started in prod: missed 3 times, since 01:00, last due by 03:10 (UTC)",
  ]);
  const says = (await here.view()).map((one) => one.says);
  expect(says).toEqual([["etl has not started in prod: missed 3 times, since 01:00, last due by 03:10 (UTC)"]]);
  await here.hear({ kind: "started" });
  expect((await here.told()).slice(3)).toEqual([
    "resolved: etl started in prod at 03:30 (UTC), 2 h 20 min after it was due; 3 times were missed",
  ]);
  expect(await here.lines()).toEqual([
    "etl has not started in prod: scheduled for 01:00, due by 01:10 (UTC)",
    "Resolved: etl started in prod at 03:30 (UTC), 2 h 20 min after it was due; 3 times were missed",
  ]);
});

test("slots that were missed while nobody looked are one line that says how many", async () => {
  const often = { often: { ...HOURLY.often, finishBy: "30m" } };
  const here = await monitored(often, { at: "2024-01-16T00:30:00Z" });
  await here.turn();
  here.clock.advance({ hours: 2, minutes: 45 });
  await here.turn();
  expect(await here.told()).toEqual([
    expect.stringMatching(
      /^firing: etl has not run in prod: missed 3 times, since 01:00, last to be finished by 02:30 \(UTC\), and no start was heard \| Learned 1 h 44 min late/,
    ),
  ]);
  await here.hear({ kind: "finished", rid: "a" });
  expect(await here.lines()).toEqual([
    expect.stringMatching("missed 3 times"),
    "etl finished in prod",
    expect.stringMatching("Resolved: "),
  ]);
  expect(await here.incidents()).toMatchObject([{ status: "resolved" }]);
});

test("what is missing for longer than a history is kept is still missing, and told every night", async () => {
  const here = await monitored({ night: { ...HOURLY.often, schedule: "0 2 * * *" } });
  for (let day = 16; day < 28; day += 1) await here.until(`2024-01-${day}T03:00:00Z`);
  expect((await here.told()).at(-1)).toMatch(/missed \d+ times, since 16 Jan 02:00/);
  // In one incident, and once a night; the weeks after the first are counted without those before them.
  expect(await here.incidents()).toHaveLength(1);
  expect(await here.lines()).toHaveLength(12);
  await here.hear({ kind: "started" });
  expect(await here.incidents()).toMatchObject([{ status: "resolved" }]);
});

test("an end that does not say where proves nothing while several wait, and both when both have ended", async () => {
  const places = {
    prod: { target: "nothing", service: "warehouse" },
    nimdta: { target: "nothing", service: "warehouse" },
  };
  const sections = {
    environments: { prod: { protected: true, look: "red" }, nimdta: {} },
    jobs: { etl: { environments: places } },
  };
  const watch = { ...HOURLY.often, schedule: "0 2 * * *", finishBy: "1h", startBy: undefined };
  const here = await monitored({ night: watch, other: { ...watch, environment: "nimdta" } }, { sections });
  const unsaid = { environment: null, environments: ["prod", "nimdta"] };
  await here.until("2024-01-16T02:20:00Z");
  await here.hear({ kind: "finished", ...unsaid });
  await here.until("2024-01-16T03:01:00Z");
  expect(await here.told()).toEqual([
    "firing: etl may not have finished in prod: one of prod, nimdta finished at 02:20; which one is not known; due by 03:00 (UTC)",
    "firing: etl may not have finished in nimdta: one of prod, nimdta finished at 02:20; which one is not known; due by 03:00 (UTC)",
  ]);
  expect([await here.stateOf("night"), await here.stateOf("other")]).toEqual(["late", "late"]);
  here.clock.advance({ minutes: 9 });
  await here.hear({ kind: "finished", ...unsaid });
  expect((await here.told()).slice(2).toSorted()).toEqual([
    "resolved: etl finished in nimdta at 03:10 (UTC), 10 min after it was due",
    "resolved: etl finished in prod at 03:10 (UTC), 10 min after it was due",
  ]);
  expect([await here.stateOf("night"), await here.stateOf("other")]).toEqual(["ok", "ok"]);
});

test("an end without a start is shown as what it is", async () => {
  const here = await monitored(NIGHT);
  await here.until("2024-01-16T02:20:00Z");
  await here.hear({ kind: "finished", rid: "a", counts: { rows: 7 } });
  await here.until("2024-01-16T02:21:00Z");
  expect(await here.stateOf("night")).toBe("missing_start");
  expect((await here.told()).at(-1)).toBe(
    "firing: etl finished in prod at 02:20 (Europe/London) (a), and its start was never heard",
  );
});

test("several who look at once find it once, and so does one that begins again", async () => {
  const here = await monitored(NIGHT);
  await here.until("2024-01-16T02:10:00Z");
  here.clock.advance({ seconds: 30 });
  const others = [1, 2, 3].map(() => here.sweepOf(here.catalogue, here));
  await Promise.all([here.turn(), ...others.map((sweep) => sweep(0)), ...others.map((sweep) => sweep(0))]);
  await here.sweepOf(here.catalogue, here)(0);
  expect(await here.told()).toHaveLength(1);
});

test("what was missed while nobody looked is caught up on, and told as learned late", async () => {
  const here = await monitored(NIGHT);
  await here.turn();
  here.clock.advance({ hours: 31 });
  await here.turn();
  const told = await here.told();
  expect(told).toEqual([
    expect.stringMatching(
      /^firing: etl has not run in prod, 4 h 15 min after the load at 03:45: missed 2 times, since 16 Jan 02:00, last to be/,
    ),
  ]);
  expect(told[0]).toContain("Learned 28 h 14 min late: Nightdesk did not look at");
  here.clock.advance({ hours: 24 * 30 });
  await here.turn();
  expect((await here.told()).length).toBeLessThanOrEqual(2);
});

test("another schedule plans what is to come anew; one that is gone ends what was told of it", async () => {
  const here = await monitored(NIGHT);
  await here.until("2024-01-16T03:00:00Z");
  expect(await here.told()).toHaveLength(1);
  const moved = { night: { ...NIGHT.night, schedule: "0 5 * * *", startBy: "5m" } };
  const others = { ...here.catalogue, monitors: catalogueOf({ monitors: moved }).monitors };
  await here.sweepOf(others, here)(0);
  const slots = await here.store.db.selectFrom("monitor_slots").select("slot_at").orderBy("slot_at").execute();
  expect(slots.map((row) => String(row.slot_at))).toEqual(["2024-01-16T02:00:00Z", "2024-01-16T05:00:00Z"]);
  await here.sweepOf({ ...others, monitors: {} }, here)(0);
  expect((await here.told()).at(-1)).toBe("resolved: night is not watched any more: it is no longer in the catalogue");
  expect(await here.incidents()).toMatchObject([{ status: "resolved" }]);
});

test("quiet hours keep it until they end, and then it is told if it is still true", async () => {
  const quiet = { night: { ...NIGHT.night, quiet: ["22:00-06:00"] } };
  const here = await monitored(quiet);
  await here.until("2024-01-16T05:59:00Z");
  expect([await here.told(), await here.stateOf("night")]).toEqual([[], "late"]);
  await here.until("2024-01-16T06:00:00Z");
  expect((await here.told())[0]).toContain("It was found at 03:45 (Europe/London) and held back until now.");
});

test("a freeze that holds the job pauses what is expected, and moves it by as long as it lasts", async () => {
  const freezes = [
    { name: "release", deny: { jobs: ["etl"] }, from: "2024-01-16T01:30", to: "2024-01-16T04:00", because: "x" },
  ];
  const here = await monitored(NIGHT, { sections: { freezes } });
  await here.until("2024-01-16T03:55:00Z");
  expect([await here.told(), await here.stateOf("night")]).toEqual([[], "paused"]);
  await here.until("2024-01-16T04:10:00Z");
  expect([await here.told(), await here.stateOf("night")]).toEqual([[], "due"]);
  await here.until("2024-01-16T04:11:00Z");
  expect(await here.told()).toHaveLength(1);
});

test("what waits to be understood may be what is missing", async () => {
  const here = await monitored(NIGHT);
  await here.until("2024-01-16T02:10:00Z");
  here.state.behind = true;
  here.clock.advance({ seconds: 31 });
  expect(await here.turn()).toEqual({ done: false, dueAt: here.clock.now().add({ seconds: 2 }) });
  expect(await here.told()).toEqual([]);
  here.clock.advance({ seconds: 25 });
  await here.turn();
  expect(await here.told()).toHaveLength(1);
});

test("what reads the job's work, and in how long, is known while it is not ready", async () => {
  const here = await monitored(NIGHT);
  const about = () => ({ jobs: ["etl"], environment: "prod", now: here.clock.now() });
  expect(await loadsOf(here.store.db, here.catalogue, about())).toEqual([]);
  await here.until("2024-01-16T02:30:00Z");
  const loads = await loadsOf(here.store.db, here.catalogue, about());
  expect(loads.map(({ job, at }) => `${job} ${at}`)).toEqual(["etl 2024-01-16T03:45:00Z"]);
  expect(await loadsOf(here.store.db, here.catalogue, { ...about(), environment: "preprod" })).toEqual([]);
  const cards = await here.store.db.selectFrom("outbox").select("generation").where("kind", "=", "incident").execute();
  expect(cards[0]?.generation).toBeGreaterThan(1);
  await here.hear({ kind: "finished", rid: "late" });
  expect(await loadsOf(here.store.db, here.catalogue, about())).toEqual([]);
});
