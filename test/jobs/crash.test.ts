import { expect, test } from "vitest";
import { type Http, http as realHttp } from "../../src/base/http.ts";
import type { Connection } from "../../src/jobs/connectors/contract.ts";
import type { Run } from "../../src/jobs/runs.store.ts";
import { isTerminal } from "../../src/jobs/states.ts";
import type { Store } from "../../src/store/store.ts";
import { type ScriptedTarget, scriptedWorld } from "./scripted.ts";
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
  const connectors = here.connectors?.map((connector) => ({
    ...connector,
    open: (...given: Parameters<typeof connector.open>) => touched(connector.open(...given), touch),
  }));
  const base = { store, clock: here.clock, catalogue: here.catalogue, http };
  const parts = partsOf(connectors === undefined ? base : { ...base, connectors });
  return { ...here, ...parts, store: here.store, died: () => dead };
}

/** Every call of a connection is touched twice: before it is made, and once it was answered. */
function touched(connection: Connection, touch: () => void): Connection {
  return new Proxy(connection, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function" || name === "plan") return member;
      return async (...given: unknown[]) => {
        touch();
        const answer: unknown = await Reflect.apply(member, target, given);
        touch();
        return answer;
      };
    },
  });
}

/** Kills a process at each of its touches in turn, lets another take over, and asks `then` what came of it. */
async function killedEverywhere(
  here: World,
  how: {
    begin: () => Promise<Run>;
    drive: (victim: World, run: Run) => Promise<unknown>;
    then: (run: Run, killAt: number) => Promise<unknown>;
    least: number;
  },
): Promise<void> {
  let points = 0;
  for (let killAt = 1; ; killAt += 1) {
    const run = await how.begin();
    const victim = doomed(here, killAt);
    await how.drive(victim, run).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
    await how.then(run, killAt);
    if (!victim.died()) break;
    points += 1;
  }
  expect(points).toBeGreaterThan(how.least);
}

test("killed at every point of a start with a snapshot: one snapshot, kept before the one start", async () => {
  const { here, target } = await scriptedWorld({ snapshot: true });
  target.before = (verb) => {
    if (verb === "start") expect(target.snapshots.size).toBe(1);
  };
  await killedEverywhere(here, {
    begin: () => {
      forget(target);
      return queue(here);
    },
    drive: (victim, run) => drive(victim, run, { state: "running", steps: 10 }),
    then: async (run, killAt) => {
      const running = await drive(here, run, { state: "running" });
      expect(running, `killed at ${killAt}`).toMatchObject({ state: "running", snapshot: { ref: "snap-1" } });
      expect(target.runs(), `killed at ${killAt}`).toHaveLength(1);
      expect(await heldBy(here)).toBe(run.id);
      await here.runs.abort(asking(), run.number, null);
      expect(await drive(here, run, { state: "aborted" })).toMatchObject({ restored: true });
      expect(await heldBy(here)).toBeNull();
    },
    least: 12,
  });
}, 60_000);

test("killed at every point of an abort and its restore: stopped once, restored once, proved, its place free", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  await killedEverywhere(here, {
    begin: async () => {
      forget(target);
      const run = await running();
      await here.runs.abort(asking(), run.number, null);
      return run;
    },
    drive: (victim, run) => drive(victim, run, { state: "aborted", steps: 20 }),
    then: async (run, killAt) => {
      const ended = await drive(here, run, { state: "aborted" });
      expect(ended, `killed at ${killAt}`).toMatchObject({ state: "aborted", restored: true, proved: true });
      expect(ended.abortToldAt).not.toBeNull();
      expect(target.runs(), `killed at ${killAt}`).toHaveLength(1);
      expect(target.restores(), `killed at ${killAt}`).toHaveLength(1);
      expect(await heldBy(here)).toBeNull();
    },
    least: 12,
  });
}, 60_000);

test("killed at every point of a pause and of going on: what the target says in the end, and once asked it stays asked", async () => {
  const { here, target, running } = await scriptedWorld();
  const wish = async (run: Run, verb: "pause" | "resume") => here.runs[verb](asking(), run.number);
  await killedEverywhere(here, {
    begin: async () => {
      forget(target);
      const run = await running();
      await wish(run, "pause");
      return run;
    },
    drive: async (victim, run) => {
      await drive(victim, run, { state: "paused", steps: 10 });
      await wish(run, "resume");
      await drive(victim, run, { state: "running", steps: 10 });
    },
    then: async (run, killAt) => {
      if ((await reread(here, run)).pauseRequestedAt !== null) await drive(here, run, { state: "paused" });
      if ((await reread(here, run)).state === "paused") await wish(run, "resume");
      expect(await drive(here, run, { state: "running" }), `killed at ${killAt}`).toMatchObject({ state: "running" });
      expect(target.active().map(({ phase }) => phase)).toEqual(["running"]);
      await here.runs.abort(asking(), run.number, null);
      await drive(here, run, { state: "aborted" });
    },
    least: 8,
  });
}, 60_000);

test("killed at every point of a second attempt: each attempt was started once", async () => {
  const { here, target, running } = await scriptedWorld({ job: { maxAttempts: 4 } });
  await killedEverywhere(here, {
    begin: async () => {
      forget(target);
      const run = await running();
      const [execution] = target.executions;
      Object.assign(execution ?? {}, { phase: "failed", evidence: "the index is locked", retryable: true });
      return run;
    },
    drive: async (victim, run) => {
      await drive(victim, run, { state: "retry_wait", steps: 10 });
      await drive(victim, run, { state: "running", steps: 10 });
    },
    then: async (run, killAt) => {
      if ((await reread(here, run)).executionsEnded === 0) await drive(here, run, { state: "retry_wait" });
      expect(await drive(here, run, { state: "running" }), `killed at ${killAt}`).toMatchObject({ executionsEnded: 1 });
      expect(target.runs().map(({ key }) => key)).toEqual([run.intentKey, `${run.intentKey}:2`]);
      await here.runs.abort(asking(), run.number, null);
      await drive(here, run, { state: "aborted" });
    },
    least: 8,
  });
}, 60_000);

/** The target as it was before any run of ours. */
function forget(target: ScriptedTarget): void {
  target.executions.length = 0;
  target.snapshots.clear();
  target.calls.length = 0;
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
