import { expect, test } from "vitest";
import { ConnectorError } from "../../src/jobs/connectors/contract.ts";
import { ASHA } from "../guard/fixture.ts";
import { scriptedWorld } from "./scripted.ts";
import { asking, drive, hear, heldBy, history, queue, reread } from "./world.ts";

test("the word to stop is told at once, with the time at which the target had it", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  await here.runs.abort(asking(), run.number, "wrong place");
  const asked = await here.store.db
    .selectFrom("outbox")
    .select(["kind", "due_at"])
    .where("kind", "=", "abort")
    .execute();
  expect(asked).toMatchObject([{ kind: "abort" }]);
  expect(await here.tellAbort(run.id)).toEqual({ done: true });
  expect(target.calls.filter((call) => call.startsWith("abort"))).toEqual(["abort soft x1"]);
  expect(await reread(here, run)).toMatchObject({
    state: "aborting",
    abortSent: "soft",
    abortToldAt: here.clock.machineNow(),
  });
  expect(await drive(here, run)).toMatchObject({ state: "aborted", proved: true, proof: { text: "x1 was stopped" } });
});

test("the target is told who asked it to stop, and why", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  const ben = { ...ASHA, slack: "U_BEN", name: "Ben Okafor", key: "ben" };
  await here.runs.abort(asking({ actor: ben }), run.number, "wrong place");
  await here.tellAbort(run.id);
  expect(target.told).toMatchObject({ requestedBy: { key: "ben", name: "Ben Okafor" }, reason: "wrong place" });
});

test("no step of the run that hangs holds the word to stop up", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  target.gate = (verb) => (verb === "observe" ? held : Promise.resolve());
  const stuck = here.advance(run.id);
  await here.runs.abort(asking(), run.number, null);
  expect(await here.tellAbort(run.id)).toEqual({ done: true });
  expect(target.active()).toEqual([]);
  expect(await reread(here, run)).toMatchObject({ state: "aborting", abortSent: "soft" });
  release();
  await stuck;
  expect(await drive(here, run)).toMatchObject({ state: "aborted" });
});

test("two workers that tell at once, and a worker that was slow: told, kept once", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  await here.runs.abort(asking(), run.number, null);
  await Promise.all([here.tellAbort(run.id), here.tellAbort(run.id)]);
  expect(target.calls.filter((call) => call.startsWith("abort")).length).toBeGreaterThanOrEqual(1);
  expect((await reasons(here, run.id)).filter((reason) => reason.includes("accepted the abort"))).toHaveLength(1);
  await drive(here, run);
  expect(await here.tellAbort(run.id)).toEqual({ done: true });
  expect(await reread(here, run)).toMatchObject({ state: "aborted", abortSent: "soft" });
});

test("an abort that is not taken is sent again every second, and without an answer people are asked", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  target.before = (verb) => {
    if (verb === "abort") throw new ConnectorError("unavailable", "it restarts");
  };
  await here.runs.abort(asking(), run.number, null);
  expect(await here.tellAbort(run.id)).toEqual({ done: false, dueAt: here.clock.now().add({ seconds: 1 }) });
  const doubted = await drive(here, run, { state: "abort_unconfirmed", steps: 200 });
  expect(doubted).toMatchObject({ state: "abort_unconfirmed", abortSent: null });
  expect((await reasons(here, run.id)).at(-1)).toContain("it restarts");
  expect(await heldBy(here)).toBe(run.id);
  target.before = () => {};
  expect(await drive(here, run)).toMatchObject({ state: "aborted", proved: true, abortSent: "soft" });
});

test("proof is looked for every second at first; soft, then hard at the deadline, then people", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  target.obeys = false;
  await here.runs.abort(asking(), run.number, null);
  await here.tellAbort(run.id);
  expect(await here.advance(run.id)).toEqual({ done: false, dueAt: here.clock.now().add({ seconds: 1 }) });
  const doubted = await drive(here, run, { state: "abort_unconfirmed", steps: 200 });
  expect(target.calls.filter((call) => call.startsWith("abort"))).toEqual(["abort soft x1", "abort hard x1"]);
  const tookMs = doubted.stateSince.epochMilliseconds - (doubted.abortRequestedAt?.epochMilliseconds ?? 0);
  expect(tookMs).toBeGreaterThanOrEqual(120_000);
  expect(tookMs).toBeLessThan(130_000);
});

test("a target that has forgotten it proves no abort: people are asked, and the place stays taken", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  target.says = () => ({ phase: "not_found", evidence: "there is no x1" });
  await here.runs.abort(asking(), run.number, null);
  await drive(here, run, { state: "abort_unconfirmed" });
  expect(await drive(here, run, { forMs: 600_000 })).toMatchObject({ state: "abort_unconfirmed", proved: false });
  expect(await heldBy(here)).toBe(run.id);
  target.says = null;
  expect(await drive(here, run, { state: "aborted" })).toMatchObject({ proved: true });
});

test("an abort while the start is called is kept, and sent as soon as the target has answered", async () => {
  const { here, target } = await scriptedWorld();
  const run = await drive(here, await queue(here), { state: "preparing" });
  target.after = (verb) => {
    if (verb === "start") throw new ConnectorError("ambiguous", "the answer was lost");
  };
  target.before = (verb) => {
    if (verb === "locate") throw new ConnectorError("unavailable", "it restarts");
  };
  await here.advance(run.id);
  expect((await reread(here, run)).state).toBe("unknown");
  const { said } = await here.runs.abort(asking(), run.number, null);
  expect(said).toContain("as soon as that is known");
  target.before = () => {};
  target.after = () => {};
  expect(await drive(here, run)).toMatchObject({ state: "aborted", proved: true });
  expect(target.runs()).toHaveLength(1);
  expect(await history(here, run)).toContain("aborting");
});

test("heard to have started before its handle was kept: it is located, then told to stop", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  await here.store.db.updateTable("runs").set({ handle: null }).where("id", "=", run.id).execute();
  await here.runs.abort(asking(), run.number, null);
  expect(await drive(here, run)).toMatchObject({ state: "aborted", handle: { externalId: "x1" } });
  expect(target.calls).toContain(`locate ${run.intentKey}`);
});

test("a run that is paused is aborted", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  await here.runs.pause(asking(), run.number);
  expect(await drive(here, run, { state: "paused" })).toMatchObject({ state: "paused" });
  await here.runs.abort(asking(), run.number, null);
  expect(await drive(here, run)).toMatchObject({ state: "aborted", proved: true });
  expect(target.active()).toEqual([]);
});

test("a late success after an abort is an alert and moves nothing; it is said once", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  await here.runs.abort(asking(), run.number, null);
  await drive(here, run, { state: "aborted" });
  target.executions[0] &&
    Object.assign(target.executions[0], { phase: "succeeded", evidence: "x1 wrote 5,000 of 5,000" });
  const after = await drive(here, run);
  expect(after).toMatchObject({ state: "aborted", proved: true });
  const late = (await reasons(here, run.id)).filter((reason) => reason.includes("x1 wrote 5,000"));
  expect(late).toHaveLength(1);
  expect(await incidents(here)).toMatchObject([
    { title: `Run ${run.number} of person-sync succeeded after its abort`, number: 1 },
  ]);
  expect((await reread(here, run)).incidentId).not.toBeNull();
  expect(target.calls.filter((call) => call === "observe x1").length).toBeGreaterThanOrEqual(3);
});

test("still running half a minute after its abort: an alert; one that keeps still is none", async () => {
  const { here, target, running } = await scriptedWorld();
  const quiet = await running();
  await here.runs.abort(asking(), quiet.number, null);
  await drive(here, quiet);
  expect(await incidents(here)).toEqual([]);
  const liar = await running();
  await here.runs.abort(asking(), liar.number, null);
  await drive(here, liar, { state: "aborted" });
  const [, execution] = target.executions;
  if (execution !== undefined) Object.assign(execution, { phase: "running", evidence: "x2 runs" });
  await drive(here, liar);
  expect(await incidents(here)).toMatchObject([
    { title: `Run ${liar.number} of person-sync still runs after its abort` },
  ]);
});

test("a message that tells of a success after the abort is an alert too", async () => {
  const { here, running } = await scriptedWorld();
  const run = await running();
  await here.runs.abort(asking(), run.number, null);
  await drive(here, run, { state: "aborted" });
  here.clock.advance({ minutes: 4 });
  expect(await hear(here, "finished")).toMatchObject({ runId: run.id });
  expect(await incidents(here)).toHaveLength(1);
  expect((await reread(here, run)).state).toBe("aborted");
  expect(await hear(here, "finished", { rid: "somebody else's" })).toBeNull();
  expect(await incidents(here)).toHaveLength(1);
});

type Here = Awaited<ReturnType<typeof scriptedWorld>>["here"];

async function reasons(here: Here, runId: number): Promise<string[]> {
  const rows = await here.store.db
    .selectFrom("run_events")
    .select("reason")
    .where("run_id", "=", runId)
    .orderBy("id")
    .execute();
  return rows.map(({ reason }) => reason);
}

const incidents = (here: Here) =>
  here.store.db.selectFrom("incidents").select(["number", "title"]).orderBy("id").execute();
