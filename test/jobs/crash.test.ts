import { expect, test } from "vitest";
import { type Http, http as realHttp } from "../../src/base/http.ts";
import { isTerminal } from "../../src/jobs/states.ts";
import type { Store } from "../../src/store/store.ts";
import { stoppable } from "./stoppable.ts";
import { asking, drive, hear, heldBy, history, partsOf, queue, reread, type World, world } from "./world.ts";

class Killed extends Error {}

/**
 * A process that is killed at its n-th touch of the outside: before or after a commit, before a call is sent, after it
 * was answered. From then on everything of it fails: nothing after the kill may have an effect.
 */
function doomed(here: World, killAt: number) {
  let touches = 0;
  let dead = false;
  const touch = () => {
    touches += 1;
    if (touches === killAt) dead = true;
    if (dead) throw new Killed();
  };
  const http: Http = async (request) => {
    touch();
    const response = await realHttp(request);
    touch();
    return response;
  };
  const store: Store = {
    ...here.store,
    tx: async (work) => {
      touch();
      const result = await here.store.tx(async (tx) => {
        const done = await work(tx);
        touch();
        return done;
      });
      touch();
      return result;
    },
  };
  const parts = partsOf({ store, clock: here.clock, catalogue: here.catalogue, http });
  return { ...here, ...parts, store: here.store, died: () => dead };
}

async function toRunning(here: Parameters<typeof drive>[0], run: Awaited<ReturnType<typeof queue>>) {
  await drive(here, run, { state: "running", steps: 10 });
}

test("killed at every point of a start: never a second start, never a lost lease, never a false word", async () => {
  const here = await world({ job: { maxAttempts: 3 } });
  let points = 0;
  for (let killAt = 1; ; killAt += 1) {
    here.prod.starts = 0;
    here.prod.running.set("personJob", false);
    const run = await queue(here);
    const victim = doomed(here, killAt);
    await toRunning(victim, run).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
    if (!victim.died()) break;
    points += 1;

    await drive(here, run, { state: "running", steps: 10 });
    const found = await reread(here, run);
    expect(here.prod.starts, `killed at ${killAt}`).toBeLessThanOrEqual(1);
    expect(["running", "unknown"], `killed at ${killAt}`).toContain(found.state);
    if (found.state === "running") expect(here.prod.starts).toBe(1);
    expect(await heldBy(here)).toBe(run.id);

    if (here.prod.starts === 1) {
      await hear(here, "started");
      here.prod.running.set("personJob", false);
      await hear(here, "finished");
      const ended = await drive(here, run, { steps: 10 });
      expect(ended.state, `killed at ${killAt}`).toBe("succeeded");
      expect(await heldBy(here)).toBeNull();
    } else {
      // Nobody can know that the call was never sent: a person says so.
      expect(isTerminal(found.state)).toBe(false);
      await here.runs.settle(asking(), run.number, { outcome: "failed", reason: "the target's log has nothing of it" });
    }
    expect(here.prod.starts).toBeLessThanOrEqual(1);
  }
  expect(points).toBeGreaterThan(12);
}, 60_000);

test("killed at every point of an abort: it is stopped, proved, and its place is free", async () => {
  const { here, target, next } = await stoppable();
  let points = 0;
  for (let killAt = 1; ; killAt += 1) {
    const run = await next();
    await here.runs.abort(asking(), run.number, null);
    const victim = doomed(here, killAt);
    await drive(victim, run, { steps: 10 }).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
    if (!victim.died()) break;
    points += 1;
    const ended = await drive(here, run, { steps: 20 });
    expect(ended, `killed at ${killAt}`).toMatchObject({ state: "aborted", proved: true });
    expect(target.stops).toBeGreaterThanOrEqual(1);
    expect(target.starts).toBe(1);
    expect(await heldBy(here)).toBeNull();
  }
  expect(points).toBeGreaterThan(6);
}, 60_000);

test("killed at every point of the look that sees an end: the end is kept once", async () => {
  const { here, target, next } = await stoppable();
  for (let killAt = 1; ; killAt += 1) {
    const run = await next();
    target.word = "OK";
    const victim = doomed(here, killAt);
    await drive(victim, run, { steps: 3 }).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
    if (!victim.died()) break;
    expect(await drive(here, run)).toMatchObject({ state: "succeeded", proved: true });
    expect((await history(here, run)).filter((state) => state === "succeeded")).toHaveLength(1);
    expect(await heldBy(here)).toBeNull();
  }
}, 60_000);
