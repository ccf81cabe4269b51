import { expect, test } from "vitest";
import { ConnectorError } from "../../src/jobs/connectors/contract.ts";
import { runEvents } from "../../src/jobs/runs.store.ts";
import { scriptedWorld } from "./scripted.ts";
import { asking, drive, heldBy, history, numbered, partsOf, queue, reread } from "./world.ts";

test("the snapshot is taken and kept before the start is called", async () => {
  const { here, target } = await scriptedWorld({ snapshot: true });
  const run = await queue(here);
  const kept: (string | undefined)[] = [];
  target.gate = async (verb) => {
    if (verb === "start") kept.push((await reread(here, run)).snapshot?.ref);
  };
  await drive(here, run, { state: "running" });
  expect(kept).toEqual(["snap-1"]);
  expect(target.calls.slice(0, 3).map((call) => call.split(" ")[0])).toEqual(["preflight", "snapshot", "start"]);
  expect(await reread(here, run)).toMatchObject({
    snapshot: { ref: "snap-1", takenAt: here.clock.now().toString(), evidence: "snap-1 holds 5,000 items" },
  });
});

test("no start without its snapshot: it failed, it cannot be taken there, or it is too old", async () => {
  const fails = await scriptedWorld({ snapshot: true });
  fails.target.before = (verb) => {
    if (verb === "snapshot") throw new ConnectorError("invalid", "no space left");
  };
  const refused = await drive(fails.here, await queue(fails.here));
  expect(refused).toMatchObject({ state: "refused", error: { message: "no snapshot could be taken: no space left" } });
  expect(fails.target.runs()).toEqual([]);
  expect(await heldBy(fails.here)).toBeNull();

  const old = await scriptedWorld({ snapshot: true });
  old.target.snapshotAgeMs = 3_600_001;
  expect(await drive(old.here, await queue(old.here))).toMatchObject({ state: "refused" });
  expect(old.target.runs()).toEqual([]);

  const cannot = await scriptedWorld({ snapshot: true, cannotSnapshot: true });
  const never = await drive(cannot.here, await queue(cannot.here));
  expect(never).toMatchObject({ state: "refused" });
  expect(never.error?.message).toContain("cannot take one");
});

test("a snapshot whose answer is lost is asked for again: it is the same one", async () => {
  const { here, target } = await scriptedWorld({ snapshot: true });
  let lost = 0;
  target.after = (verb) => {
    if (verb === "snapshot" && lost++ === 0) throw new ConnectorError("ambiguous", "the answer was lost");
  };
  const run = await drive(here, await queue(here), { state: "running" });
  expect(run.snapshot?.ref).toBe("snap-1");
  expect(target.snapshots.size).toBe(1);
});

test("an abort with a snapshot brings back what was there, and says so by the target's word", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  const run = await running();
  await here.runs.abort(asking(), run.number, null);
  const ended = await drive(here, run, { state: "aborted" });
  expect(ended).toMatchObject({
    state: "aborted",
    restored: true,
    proved: true,
    proof: { text: "the list has 5,000 of 5,000 items" },
    restoreHandle: { externalId: "x2" },
  });
  expect(await history(here, run)).toContain("restoring");
  expect(target.calls.filter((call) => call.startsWith("restore"))).toEqual([
    `restore ${run.intentKey}:restore snap-1`,
  ]);
  expect(await heldBy(here)).toBeNull();
});

test("a restore keeps the lease, and an abort of it is answered and not obeyed", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  target.restoreEnds = "running";
  const run = await running();
  await here.runs.abort(asking(), run.number, null);
  await drive(here, run, { state: "restoring" });
  await here.advance(run.id);
  expect(await heldBy(here)).toBe(run.id);
  const { said } = await here.runs.abort(asking(), run.number, null);
  expect(said).toContain("not interrupted");
  expect(target.calls.filter((call) => call.startsWith("abort"))).toHaveLength(1);
  target.restoreEnds = "succeeded";
  expect(await drive(here, run, { state: "aborted" })).toMatchObject({ restored: true });
});

test("a restore whose answer is lost is asked for again under the same key: one restore", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  const run = await running();
  let lost = 0;
  target.after = (verb) => {
    if (verb === "restore" && lost++ === 0) throw new ConnectorError("ambiguous", "the answer was lost");
  };
  await here.runs.abort(asking(), run.number, null);
  expect(await drive(here, run, { state: "aborted" })).toMatchObject({ restored: true });
  expect(target.calls.filter((call) => call.startsWith("restore"))).toHaveLength(2);
  expect(target.restores()).toHaveLength(1);
});

test("said to be gone and still running: the restore finds it in its way, and it is told to stop once more", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  const run = await running();
  target.obeys = false;
  target.says = (execution) => (execution.kind === "run" ? { phase: "not_running", evidence: "nothing runs" } : null);
  await here.runs.abort(asking(), run.number, null);
  await drive(here, run, { state: "restoring" });
  Object.assign(target, { says: null, obeys: true });
  expect(await drive(here, run, { state: "aborted" })).toMatchObject({ restored: true });
  expect(target.active()).toEqual([]);
});

test("a restore that was said to be gone and goes on is followed, not begun beside itself", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  target.restoreEnds = "running";
  const run = await running();
  await here.runs.abort(asking(), run.number, null);
  target.says = (execution) => (execution.kind === "restore" ? { phase: "not_found", evidence: "no such id" } : null);
  await drive(here, run, { state: "restore_failed" });
  target.says = null;
  await here.runs.restore(asking(), run.number, null);
  await drive(here, run, { steps: 3 });
  expect((await reread(here, run)).restoreHandle).toMatchObject({ externalId: "x2" });
  target.restoreEnds = "succeeded";
  expect(await drive(here, run, { state: "aborted" })).toMatchObject({ restored: true });
  expect(target.restores()).toHaveLength(1);
});

test("a restore that somebody paused at its target is told to go on, and ends", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  target.restoreEnds = "running";
  const run = await running();
  await here.runs.abort(asking(), run.number, null);
  await drive(here, run, { state: "restoring" });
  await drive(here, run, { steps: 1 });
  for (const restore of target.active()) Object.assign(restore, { phase: "paused", evidence: "paused by hand" });
  target.restoreEnds = "succeeded";
  expect(await drive(here, run, { state: "aborted" })).toMatchObject({ restored: true, proved: true });
  expect(target.calls.filter((call) => call.startsWith("resume"))).toEqual(["resume x2"]);
  const reasons = (await runEvents(here.store.db, run.id)).map(({ reason }) => reason);
  expect(reasons).toContain("the restore is paused there: paused by hand; it is told to go on");
});

test("a restore that stays paused is no success and no endless wait: people are asked, and Restore follows it on", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  target.restoreEnds = "running";
  const run = await running();
  await here.runs.abort(asking(), run.number, null);
  await drive(here, run, { state: "restoring" });
  await drive(here, run, { steps: 1 });
  for (const restore of target.active()) Object.assign(restore, { phase: "paused", evidence: "paused by hand" });
  target.before = (verb) => {
    if (verb === "resume") throw new ConnectorError("unavailable", "no answer");
  };
  const from = here.clock.now();
  const failed = await drive(here, run, { state: "restore_failed", steps: 200 });
  expect(failed).toMatchObject({
    state: "restore_failed",
    error: { message: expect.stringContaining("stays paused") },
  });
  expect(here.clock.now().since(from).total("minutes")).toBeCloseTo(10, 0);
  expect(await heldBy(here)).toBe(run.id);

  Object.assign(target, { before: () => {}, restoreEnds: "succeeded" });
  await here.runs.restore(asking(), run.number, null);
  expect(await drive(here, run, { state: "aborted" })).toMatchObject({ restored: true });
  expect(target.restores()).toHaveLength(1);
});

test("a restore of which its target does not tell is looked at for ten minutes, then people are asked", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  target.restoreEnds = "running";
  const run = await running();
  await here.runs.abort(asking(), run.number, null);
  await drive(here, run, { state: "restoring" });
  target.says = (execution) =>
    execution.kind === "restore" ? { phase: "unknown", evidence: "it does not tell" } : null;
  const failed = await drive(here, run, { state: "restore_failed", steps: 200 });
  expect(failed).toMatchObject({ state: "restore_failed", error: { message: "it does not tell" } });
  expect(here.clock.now().since(run.stateSince).total("minutes")).toBeLessThan(11);
});

test("a restore whose target was taken out of the catalogue is not waited for without end", async () => {
  const { here, running } = await scriptedWorld({ snapshot: true });
  const run = await running();
  await here.runs.abort(asking(), run.number, null);
  await drive(here, run, { state: "restoring" });
  const { store, clock } = here;
  const without = { ...here, ...partsOf({ store, clock, catalogue: here.catalogue }) };
  const failed = await drive(without, run, { state: "restore_failed", steps: 200 });
  expect(failed.error?.message).toContain("the catalogue no longer names sync-prod");
});

test("a run of kind restore that was paused at its target is told to go on, and people can tell it again", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  const run = await running();
  const [execution] = target.executions;
  if (execution !== undefined) Object.assign(execution, { phase: "failed", evidence: "stage 3 failed" });
  await drive(here, run, { state: "failed" });
  target.restoreEnds = "running";
  const outcome = await here.runs.restore(asking(), run.number, null);
  if (outcome.kind !== "done") throw new Error("it was asked instead");
  const restore = await numbered(here, outcome.value.number);
  await drive(here, restore, { state: "running" });
  await expect(here.runs.pause(asking(), restore.number)).rejects.toThrow("not interrupted");
  for (const one of target.active()) Object.assign(one, { phase: "paused", evidence: "paused by hand" });
  target.before = (verb) => {
    if (verb === "resume") throw new ConnectorError("unavailable", "no answer");
  };
  await drive(here, restore, { steps: 300, forMs: 180_000 });
  expect((await here.runs.get(asking(), restore.number)).because).toContain("it stays paused");

  Object.assign(target, { before: () => {}, restoreEnds: "succeeded" });
  await here.runs.resume(asking(), restore.number);
  expect(await drive(here, restore)).toMatchObject({ state: "succeeded", restored: true });
});

test("a restore that fails is tried as often as declared, then people are asked and can try it again", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  target.restoreEnds = "failed";
  const run = await running();
  await here.runs.abort(asking(), run.number, null);
  const failed = await drive(here, run, { state: "restore_failed" });
  expect(failed).toMatchObject({ state: "restore_failed", restored: false, restoreAttempts: 2 });
  expect(target.restores().map(({ key }) => key)).toEqual([`${run.intentKey}:restore`, `${run.intentKey}:restore:2`]);
  expect(await heldBy(here)).toBe(run.id);
  expect(await here.advance(run.id)).toEqual({ done: true });

  target.restoreEnds = "succeeded";
  const outcome = await here.runs.restore(asking(), run.number, "the disk is mended");
  expect(outcome).toMatchObject({ kind: "done", value: { number: run.number, state: "restoring" } });
  expect(await drive(here, run, { state: "aborted" })).toMatchObject({ restored: true, restoreAttempts: 3 });
});

test("a restore that failed is settled as failed by a person's word, and as nothing else", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  target.restoreEnds = "failed";
  const run = await running();
  await here.runs.abort(asking(), run.number, null);
  await drive(here, run, { state: "restore_failed" });
  const word = { reason: "rebuilt by hand" };
  await expect(here.runs.settle(asking(), run.number, { ...word, outcome: "succeeded" })).rejects.toThrow("failed");
  await here.runs.settle(asking(), run.number, { ...word, outcome: "failed" });
  expect(await reread(here, run)).toMatchObject({ state: "failed", proved: false, proof: { kind: "person" } });
  expect(await heldBy(here)).toBeNull();
});

test("found failed by itself: it stays failed, and its snapshot is brought back by a run of its own", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  const run = await running();
  await here.runs.abort(asking(), run.number, null);
  const [execution] = target.executions;
  if (execution !== undefined) Object.assign(execution, { phase: "failed", evidence: "stage 3 failed" });
  const failed = await drive(here, run, { state: "failed" });
  expect(failed).toMatchObject({ state: "failed", proved: true, restored: false });
  expect((await here.runs.get(asking(), run.number)).can.restore).toBe(true);

  const outcome = await here.runs.restore(asking(), run.number, null);
  if (outcome.kind !== "done") throw new Error("it was asked instead");
  const restore = await numbered(here, outcome.value.number);
  expect(restore).toMatchObject({ kind: "restore", parentId: run.id, state: "queued" });
  expect(outcome.value.because).toBe("Asha Rao asked for it, to bring back what was there before run 1");
  expect(await drive(here, restore)).toMatchObject({ state: "succeeded", restored: true, proved: true });
  expect(target.calls).toContain(`restore ${restore.intentKey} snap-1`);
  expect(target.runs()).toHaveLength(1);
  const audit = await here.store.db
    .selectFrom("audit")
    .select(["action", "outcome"])
    .orderBy("id", "desc")
    .executeTakeFirst();
  expect(audit).toEqual({ action: "run.restore", outcome: "allowed" });
});

test("a run of kind restore is started once, whatever becomes of the answer, and is not aborted", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  const run = await running();
  target.restoreEnds = "running";
  const [execution] = target.executions;
  if (execution !== undefined) Object.assign(execution, { phase: "failed", evidence: "stage 3 failed" });
  await drive(here, run, { state: "failed" });
  target.after = (verb) => {
    if (verb === "restore") throw new ConnectorError("ambiguous", "the answer was lost");
  };
  const outcome = await here.runs.restore(asking(), run.number, null);
  if (outcome.kind !== "done") throw new Error("it was asked instead");
  const restore = await numbered(here, outcome.value.number);
  expect(await drive(here, restore, { state: "running" })).toMatchObject({ state: "running" });
  expect(target.restores()).toHaveLength(1);
  const { said } = await here.runs.abort(asking(), restore.number, null);
  expect(said).toContain("not interrupted");
  target.restoreEnds = "succeeded";
  expect(await drive(here, restore)).toMatchObject({ state: "succeeded", restored: true });
});

test("what cannot be restored is said with the way out", async () => {
  const { here, running } = await scriptedWorld();
  const run = await running();
  await expect(here.runs.restore(asking(), run.number, null)).rejects.toThrow("has not ended");
  await here.runs.abort(asking(), run.number, null);
  await drive(here, run, { state: "aborted" });
  await expect(here.runs.restore(asking(), run.number, null)).rejects.toThrow("No snapshot was kept");
});

test("an abort that brings back what a failed run had left says so, to whoever asks and at the end", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  const first = await running();
  for (const execution of target.active()) Object.assign(execution, { phase: "failed", evidence: "stage 4 failed" });
  await drive(here, first, { state: "failed" });
  const second = await running();
  const warning = `Run ${first.number}, before it, failed and was not brought back`;
  expect((await here.runs.abort(asking(), second.number, null)).said).toContain(warning);
  expect(await drive(here, second, { state: "aborted" })).toMatchObject({ restored: true, proved: true });
  const { because } = await here.runs.get(asking(), second.number);
  expect(because).toContain(`the list has 5,000 of 5,000 items. ${warning}`);
  expect(because).toContain(`/sync restore run ${first.number}`);

  const third = await running();
  expect((await here.runs.abort(asking(), third.number, null)).said).not.toContain("was not brought back");
});
