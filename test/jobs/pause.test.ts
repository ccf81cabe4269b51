import { expect, test } from "vitest";
import { BEN } from "../guard/fixture.ts";
import { scriptedWorld } from "./scripted.ts";
import { asking, drive, heldBy, queue, reread, world } from "./world.ts";

test("paused when the target says so, its place stays taken, and running again likewise", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  const { said, run: view } = await here.runs.pause(asking({ actor: BEN }), run.number);
  expect(view.state).toBe("running");
  expect(said).toContain("when the target says so");
  expect(await drive(here, run, { state: "paused" })).toMatchObject({ state: "paused", pauseRequestedAt: null });
  expect(target.told?.requestedBy).toMatchObject({ key: "ben", name: BEN.name });
  expect(await heldBy(here)).toBe(run.id);
  expect((await here.runs.pause(asking(), run.number)).said).toContain("paused already");

  here.clock.advance({ minutes: 10 });
  await here.runs.resume(asking(), run.number);
  const again = await drive(here, run, { state: "running" });
  expect(again).toMatchObject({ state: "running", resumeRequestedAt: null });
  expect(target.told?.requestedBy).toMatchObject({ key: "asha" });
  expect(again.pausedMs).toBeGreaterThanOrEqual(600_000);
  expect(target.calls.filter((call) => /^(pause|resume)/.test(call))).toEqual(["pause x1", "resume x1"]);
});

test("a target that ignores it goes on, and that is said after two minutes", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  target.says = (execution) => ({ phase: "running", evidence: `${execution.id} runs` });
  await here.runs.pause(asking(), run.number);
  await drive(here, run, { steps: 200, forMs: 130_000 });
  expect(await reread(here, run)).toMatchObject({ state: "running", pauseRequestedAt: null });
  const view = await here.runs.get(asking(), run.number);
  expect(view.because).toContain("does not pause and goes on");
});

test("what a target cannot do is refused with the way out, and is in the audit", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  target.capabilities = { pause: false };
  await expect(here.runs.pause(asking(), run.number)).rejects.toMatchObject({
    kind: "conflict",
    wayOut: `\`/sync abort run ${run.number}\` stops it.`,
  });
  const audit = here.store.db.selectFrom("audit").select(["action", "outcome"]).orderBy("id", "desc");
  expect(await audit.executeTakeFirst()).toEqual({ action: "run.pause", outcome: "denied" });
  const unable = await world();
  const other = await drive(unable, await queue(unable), { state: "running" });
  await expect(unable.runs.pause(asking(), other.number)).rejects.toMatchObject({
    wayOut: "It cannot be stopped either: wait for its end.",
  });
});

test("paused by somebody at the target: shown as what it is; ended there while paused: its own end", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  const [execution] = target.executions;
  if (execution === undefined) throw new Error("nothing runs");
  Object.assign(execution, { phase: "paused", evidence: "x1 is paused" });
  await drive(here, run, { state: "paused" });
  expect((await here.runs.get(asking(), run.number)).because).toContain("nobody asked for it here");
  Object.assign(execution, { phase: "succeeded", evidence: "x1 wrote 5,000" });
  expect(await drive(here, run)).toMatchObject({ state: "succeeded", proved: true });
});

test("a pause that is taken back before it shows ends running", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  await here.runs.pause(asking(), run.number);
  target.gate = async (verb) => {
    if (verb === "pause") await here.runs.resume(asking(), run.number);
  };
  await here.advance(run.id);
  target.gate = async () => {};
  await drive(here, run, { forMs: 60_000 });
  expect(await reread(here, run)).toMatchObject({ state: "running" });
  expect(target.active().map(({ phase }) => phase)).toEqual(["running"]);
});
