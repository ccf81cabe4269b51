import fc from "fast-check";
import { expect, test } from "vitest";
import { EXECUTING_STATES, type RunState } from "../../src/jobs/states.ts";
import { workDue } from "./due.ts";
import { comesToAnEnd, FOUND, type Real, type Seen, type Step, steps } from "./model.ts";
import { scriptedWorld } from "./scripted.ts";
import { queue } from "./world.ts";

/** `NIGHTDESK_MODEL_HISTORIES=10000 vitest run test/jobs/model.test.ts` is the long form. */
const HISTORIES = Number(process.env["NIGHTDESK_MODEL_HISTORIES"] ?? 100);

/** Each history has one target and one database, and a run of its own from this state on. */
async function playground() {
  const { here, target } = await scriptedWorld({ snapshot: true, job: { maxAttempts: 3, abortDeadline: "10s" } });
  const play = async (from: RunState, steps: Iterable<Step>): Promise<void> => {
    target.executions.length = 0;
    target.snapshots.clear();
    const honest = { before: () => {}, after: () => {}, says: null, obeys: true, restoreEnds: "succeeded" };
    Object.assign(target, honest, { native: false });
    await here.store.db.deleteFrom("observed_executions").execute();
    here.clock.advance({ hours: 2 });
    const run = await workDue(here, await queue(here), { steps: 10, state: (state) => state === from });
    const seen: Seen = { ended: null, lied: false, event: 0, state: "queued" };
    const real: Real = { here, target, run };
    await fc.asyncModelRun(() => ({ model: seen, real }), steps);
    await comesToAnEnd(seen, real);
  };
  return { here, play };
}

test("whatever target, people and workers do: no illegal edge, no leaked lease, no double start, no end that moves", async () => {
  const { here, play } = await playground();
  const from = fc.constantFrom("queued", "preparing", "running", "running", "running");
  let ends = 0;
  await fc.assert(
    fc.asyncProperty(from, fc.commands(steps, { maxCommands: 16, size: "max" }), async (state, commands) => {
      await play(state, commands);
      ends += 1;
    }),
    { numRuns: HISTORIES, endOnFailure: true },
  );
  expect(ends).toBeGreaterThanOrEqual(HISTORIES);
  // A model that never came there would have proved nothing of it.
  const visited = await here.store.db.selectFrom("run_events").select("to_state").distinct().execute();
  expect(visited.map((row) => row.to_state)).toEqual(expect.arrayContaining([...EXECUTING_STATES, "retry_wait"]));
}, 3_600_000);

test.each(Object.keys(FOUND))("a history that came to no end once does: %s", async (name) => {
  const { play } = await playground();
  await play("running", FOUND[name] ?? []);
});
