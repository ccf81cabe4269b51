import fc from "fast-check";
import { expect, test } from "vitest";
import { EXECUTING_STATES } from "../../src/jobs/states.ts";
import { comesToAnEnd, type Real, type Seen, steps } from "./model.ts";
import { scriptedWorld } from "./scripted.ts";
import { drive, queue } from "./world.ts";

/** `NIGHTDESK_MODEL_HISTORIES=10000 vitest run test/jobs/model.test.ts` is the long form. */
const HISTORIES = Number(process.env["NIGHTDESK_MODEL_HISTORIES"] ?? 120);

test("whatever target, people and workers do: no illegal edge, no leaked lease, no double start, no end that moves", async () => {
  const { here, target } = await scriptedWorld({ snapshot: true, job: { maxAttempts: 3, abortDeadline: "10s" } });
  const from = fc.constantFrom("queued", "preparing", "running", "running", "running");
  let ends = 0;
  await fc.assert(
    fc.asyncProperty(from, fc.commands(steps, { maxCommands: 16, size: "max" }), async (state, commands) => {
      target.executions.length = 0;
      target.snapshots.clear();
      const honest = { before: () => {}, after: () => {}, says: null, obeys: true, restoreEnds: "succeeded" };
      Object.assign(target, honest, { native: false });
      await here.store.db.deleteFrom("observed_executions").execute();
      here.clock.advance({ hours: 2 });
      const run = await drive(here, await queue(here), { state });
      const seen: Seen = { ended: null, lied: false };
      const real: Real = { here, target, run };
      await fc.asyncModelRun(() => ({ model: seen, real }), commands);
      await comesToAnEnd(seen, real);
      ends += 1;
    }),
    { numRuns: HISTORIES, endOnFailure: true },
  );
  expect(ends).toBeGreaterThanOrEqual(HISTORIES);
  // A model that never came there would have proved nothing of it.
  const visited = await here.store.db.selectFrom("run_events").select("to_state").distinct().execute();
  expect(visited.map((row) => row.to_state)).toEqual(expect.arrayContaining([...EXECUTING_STATES, "retry_wait"]));
}, 3_600_000);
