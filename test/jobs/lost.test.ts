import { expect, test } from "vitest";
import { SYSTEM } from "../../src/config/actor.ts";
import { LOST_MS } from "../../src/jobs/lost.ts";
import { moveRun } from "../../src/jobs/record.ts";
import { lockRun, type Run } from "../../src/jobs/runs.store.ts";
import type { RunEvent } from "../../src/jobs/states.ts";
import { scriptedWorld } from "./scripted.ts";
import { asking, drive, heldBy, history, partsOf, queue, reread, world } from "./world.ts";

/** A run that was in this state when the catalogue lost its target and its job; and it as it was before. */
async function lostAt(state: "running" | "paused" | "aborting") {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  if (state === "paused") {
    for (const execution of target.executions) execution.phase = "paused";
    await drive(here, run, { state: "paused" });
  }
  if (state === "aborting") await here.runs.abort(asking(), run.number, null);
  const { "person-sync": _, ...jobs } = here.catalogue.jobs;
  const targets = Object.fromEntries(Object.entries(here.catalogue.targets).filter(([name]) => name !== run.target));
  const catalogue = { ...here.catalogue, jobs, targets };
  const { connectors } = here;
  const parts = partsOf({ ...here, catalogue, ...(connectors === undefined ? {} : { connectors }) });
  return { before: here, target, run, here: { ...here, catalogue, ...parts } };
}

test.each(["running", "paused"] as const)(
  "a run that was %s when the catalogue lost its target is asked about, looked at seldom, and settled",
  async (state) => {
    const { here, before, target, run } = await lostAt(state);
    const calls = target.calls.length;
    const lost = await drive(here, run, { state: "unknown" });
    expect(lost).toMatchObject({ state: "unknown", proved: false });
    const view = await here.runs.get(asking(), run.number);
    expect(view.because).toMatch(new RegExp(`no longer names ${run.target}.*/sync settle run ${run.number}`));
    expect(view.lost).toContain(`no longer names ${run.target}`);
    expect(await here.advance(run.id)).toEqual({ done: false, dueAt: here.clock.now().add({ milliseconds: LOST_MS }) });
    expect(target.calls).toHaveLength(calls);
    expect(await heldBy(here)).toBe(run.id);

    // Named again, it is found as it is.
    await drive(before, run, { state: state === "paused" ? "paused" : "running", steps: 3 });
    expect((await reread(here, run)).state).toBe(state);
    await drive(here, run, { state: "unknown" });
    const settled = await here.runs.settle(asking(), run.number, { outcome: "aborted", reason: "stopped by hand" });
    expect(settled).toMatchObject({ kind: "done", value: { state: "aborted", proved: false, lost: null } });
    expect(await heldBy(here)).toBeNull();
    expect(await here.advance(run.id)).toEqual({ done: true });
  },
);

test("an abort of it is kept, says that nobody is told, and is sent once the target is named again", async () => {
  const { here, before, target, run } = await lostAt("running");
  const done = await here.runs.abort(asking(), run.number, "wrong place");
  expect(done.said).toMatch(
    /^Run \d+ may go on: the catalogue no longer names \S+, so it cannot be told\. .*settle run/,
  );
  expect(done.cannot).toBeUndefined();
  expect(await drive(here, run, { state: "unknown" })).toMatchObject({ state: "unknown" });
  await expect(here.runs.pause(asking(), run.number)).rejects.toMatchObject({ code: "target_lost" });
  expect(target.active()).toHaveLength(1);
  expect(await drive(before, run)).toMatchObject({ state: "aborted", proved: true });
});

test("an abort that was being told is not confirmed, and nothing is sent in a loop", async () => {
  const { here, run } = await lostAt("aborting");
  const doubted = await drive(here, run, { state: "abort_unconfirmed", steps: 3 });
  expect(doubted.state).toBe("abort_unconfirmed");
  const seldom = { done: false, dueAt: here.clock.now().add({ milliseconds: LOST_MS }) };
  expect([await here.advance(run.id), await here.tellAbort(run.id)]).toEqual([seldom, seldom]);
  const said = (await here.runs.abort(asking(), run.number, null)).said;
  expect(said).toContain("cannot be asked");
  expect((await here.runs.get(asking(), run.number)).because).not.toContain("every minute");
  const settled = await here.runs.settle(asking(), run.number, { outcome: "aborted", reason: "stopped by hand" });
  expect(settled).toMatchObject({ kind: "done", value: { state: "aborted", proved: false } });
});

test("a restore that failed at a target that is no longer named is not tried in vain", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  const run = await running();
  await move(here, run, ["abort", "restore", "restore_failed"]);
  const parts = partsOf({ ...here, catalogue: { ...here.catalogue, targets: {} }, connectors: here.connectors ?? [] });
  await expect(parts.runs.restore(asking(), run.number, null)).rejects.toMatchObject({
    code: "target_lost",
    wayOut: expect.stringContaining(`settle run ${run.number} failed`),
  });
  expect(target.restores()).toEqual([]);
});

test("a target that knows a job by its name alone is not asked under another name", async () => {
  const here = await world();
  const run = await queue(here);
  await drive(here, run, { state: "running" });
  here.prod.running.clear();
  const { "person-sync": _, ...jobs } = here.catalogue.jobs;
  const without = { ...here, ...partsOf({ ...here, catalogue: { ...here.catalogue, jobs } }) };
  const lost = await drive(without, run, { state: "unknown" });
  expect(lost.state).toBe("unknown");
  expect(await history(here, run)).not.toContain("aborted");
  expect((await without.runs.get(asking(), run.number)).because).toContain("no longer has person-sync in prod");
});

async function move(here: Awaited<ReturnType<typeof scriptedWorld>>["here"], run: Run, events: readonly RunEvent[]) {
  for (const event of events) {
    await here.store.tx(async (tx) => {
      await moveRun(tx, await lockRun(tx, run.id), { event, at: here.clock.now(), actor: SYSTEM, reason: "so it is" });
    });
  }
}
