import { expect, test } from "vitest";
import { wakeForgotten } from "../../src/jobs/forgotten.store.ts";
import type { Run } from "../../src/jobs/runs.store.ts";
import { isTerminal, RUN_STATES } from "../../src/jobs/states.ts";
import { workDue, workOf } from "./due.ts";
import { scriptedWorld } from "./scripted.ts";
import { asking, type World } from "./world.ts";

const forget = async (here: World, run: Run) =>
  void (await here.store.db.deleteFrom("outbox").where("ref", "=", run.id).execute());
const kinds = async (here: World, run: Run) => (await workOf(here, run)).map(({ kind }) => kind);

test("in every state that Nightdesk leads on, a run without work gets some; what ended or failed to restore gets none", async () => {
  const { here, running } = await scriptedWorld();
  const run = await running();
  const woken: string[] = [];
  // Where one has ended it stays: one end is as good as another.
  for (const state of [...RUN_STATES.filter((one) => !isTerminal(one)), "succeeded"] as const) {
    await here.store.db.updateTable("runs").set({ state }).where("id", "=", run.id).execute();
    await forget(here, run);
    const found = await wakeForgotten(here.store, here.clock.now());
    expect(await kinds(here, run)).toEqual(found.length === 0 ? [] : state === "aborting" ? ["abort", "run"] : ["run"]);
    if (found.length > 0) woken.push(state);
  }
  const waiting = ["awaiting_approval", "deferred", "queued"];
  const going = [
    "preparing",
    "starting",
    "retry_wait",
    "running",
    "paused",
    "unknown",
    "aborting",
    "abort_unconfirmed",
  ];
  expect(woken).toEqual([...waiting, ...going, "restoring"]);
});

test("work that waits for its time is left alone", async () => {
  const { here, running } = await scriptedWorld();
  const run = await running();
  await workDue(here, run, { steps: 2 });
  const before = await workOf(here, run);
  expect(before.map(({ kind }) => kind)).toEqual(["run"]);
  expect(await wakeForgotten(here.store, here.clock.now())).toEqual([]);
  expect(await workOf(here, run)).toEqual(before);
});

test("a run whose work went astray in the middle of its abort comes to its end all the same", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  const run = await running();
  await here.runs.abort(asking(), run.number, null);
  await forget(here, run);
  expect(await workDue(here, run, { steps: 10 })).toMatchObject({ state: "aborting" });
  expect(await wakeForgotten(here.store, here.clock.now())).toMatchObject([{ number: run.number, state: "aborting" }]);
  await workDue(here, run, { steps: 10, state: (state) => state === "restoring" });
  await forget(here, run);
  await wakeForgotten(here.store, here.clock.now());
  expect(await workDue(here, run, { steps: 10 })).toMatchObject({ state: "aborted", restored: true });
  expect(target.active()).toEqual([]);
});
