import fc from "fast-check";
import { expect, test } from "vitest";
import { SYSTEM } from "../../src/config/actor.ts";
import { acquireLease } from "../../src/jobs/leases.ts";
import { keepRun, moveRun, noteRun, StaleRun } from "../../src/jobs/record.ts";
import { lockRun } from "../../src/jobs/runs.store.ts";
import { can, isTerminal, type RunEvent } from "../../src/jobs/states.ts";
import { asking, drive, heldBy, numbered, queue, reread, type World, world } from "./world.ts";

const EVENTS: readonly RunEvent[] = [
  "withdraw",
  "refuse",
  "call_start",
  "started",
  "retry",
  "lose_track",
  "pause",
  "resume",
  "succeed",
  "fail",
  "abort",
  "doubt_abort",
  "restore",
  "restore_failed",
  "aborted",
];

/** One step as the rooms do it: the lease is taken when preparing begins, and nothing here gives it back by hand. */
async function happen(here: World, id: number, event: RunEvent) {
  return here.store.tx(async (tx) => {
    const run = await lockRun(tx, id);
    if (!can(run.state, event)) return run;
    const at = here.clock.now();
    if (event !== "prepare") return moveRun(tx, run, { event, at, actor: SYSTEM, reason: "a test" });
    const fence = await acquireLease(tx, run, { runId: run.id, at });
    if (fence === null) throw new Error("the lease is taken");
    return moveRun(tx, run, { event, at, actor: SYSTEM, reason: "a test", set: { fence } });
  });
}

test("whatever happens: the lease is held from preparing to the end, and its fence only grows", async () => {
  const here = await world();
  let highest = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...EVENTS, "prepare" as const), { minLength: 3, maxLength: 25 }),
      async (events) => {
        const { id } = await queue(here);
        const first = await happen(here, id, "prepare");
        expect(first.fence).toBeGreaterThan(highest);
        highest = first.fence ?? highest;
        for (const event of events) {
          const run = await happen(here, id, event);
          expect(await heldBy(here)).toBe(isTerminal(run.state) ? null : id);
        }
        // Clear the place for the next round, by whatever leads to an end.
        for (const event of ["call_start", "lose_track", "resume", "fail", "restore_failed", "fail", "refuse"] as const)
          await happen(here, id, event);
        expect(await heldBy(here)).toBeNull();
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);

test("a lease is one run's: the next waits for it", async () => {
  const here = await world();
  const first = await drive(here, await queue(here), { state: "preparing" });
  const taken = await here.store.tx((tx) =>
    acquireLease(tx, first, { runId: (first.id + 1) as typeof first.id, at: here.clock.now() }),
  );
  expect(taken).toBeNull();
  const again = await here.store.tx((tx) => acquireLease(tx, first, { runId: first.id, at: here.clock.now() }));
  expect(again).toBeGreaterThan(first.fence ?? 0);
});

test("a step that lost its lease touches nothing", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "preparing" });
  await here.store.db.updateTable("leases").set({ fence: 99 }).where("run_id", "=", run.id).execute();
  await expect(here.advance(run.id)).rejects.toThrow("without its lease");
  expect(here.prod.starts).toBe(0);
});

test("a run that was moved meanwhile is not moved by who read it before", async () => {
  const here = await world();
  const stale = await queue(here);
  await here.runs.abort(asking(), stale.number, null);
  const moving = here.store.tx((tx) =>
    moveRun(tx, stale, { event: "prepare", at: here.clock.now(), actor: SYSTEM, reason: "late" }),
  );
  await expect(moving).rejects.toThrow(StaleRun);
  expect(await reread(here, stale)).toMatchObject({ state: "withdrawn" });
  expect((await numbered(here, 1)).fence).toBeNull();
});

test("a stale holder's write is refused: the lease went on under a higher fence", async () => {
  const here = await world();
  const stale = await drive(here, await queue(here), { state: "running" });
  await here.store.db.updateTable("leases").set({ fence: 99 }).where("run_id", "=", stale.id).execute();
  const note = { at: here.clock.now(), actor: SYSTEM, reason: "late" };
  await expect(here.store.tx((tx) => moveRun(tx, stale, { event: "succeed", ...note }))).rejects.toThrow(StaleRun);
  await expect(here.store.tx((tx) => noteRun(tx, stale, note))).rejects.toThrow(StaleRun);
  await expect(here.store.tx((tx) => keepRun(tx, stale, { set: { cursor: 1 } }))).rejects.toThrow(StaleRun);
  expect(await reread(here, stale)).toMatchObject({ state: "running", cursor: null });
});

test("two workers at the same step: one start", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "preparing" });
  await Promise.allSettled([here.advance(run.id), here.advance(run.id)]);
  expect(here.prod.starts).toBe(1);
  expect((await reread(here, run)).state).not.toBe("failed");
});

test("a worker that loses track while another is in the call: the answer to the call brings it back", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "preparing" });
  here.prod.instead = (call) => (call.method === "PUT" ? { body: { status: "Just started" }, afterMs: 300 } : null);
  const calling = here.advance(run.id);
  while ((await reread(here, run)).state !== "starting") await new Promise((resolve) => setTimeout(resolve, 5));
  await here.advance(run.id);
  expect((await reread(here, run)).state).toBe("unknown");
  await calling;
  expect(await reread(here, run)).toMatchObject({ state: "running", handle: { scope: "sync-prod" } });
});
