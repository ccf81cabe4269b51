import fc from "fast-check";
import { expect } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { ConnectorError } from "../../src/jobs/connectors/contract.ts";
import type { Run } from "../../src/jobs/runs.store.ts";
import { isTerminal, isWaiting, type RunState } from "../../src/jobs/states.ts";
import { DRAWN } from "./drawing.ts";
import { workDue, workOf } from "./due.ts";
import type { Execution, ScriptedTarget, Verb } from "./scripted.ts";
import { asking, hear, heldBy, history, partsOf, reread, type World } from "./world.ts";

/** What the checks remember of a history. */
export interface Seen {
  ended: RunState | null;
  /** The target has said what is not so, or somebody meddled there: what is proved is proved by its word. */
  lied: boolean;
  /** The last of the run's events that were looked at, and where it left the run. */
  event: number;
  state: string;
}

/** One run at one target that does not know a key again: two starts would be two executions. */
export interface Real {
  readonly here: World;
  readonly target: ScriptedTarget;
  readonly run: Run;
}

export type Step = fc.AsyncCommand<Seen, Real>;

/** Something happens, and then everything that always holds is looked at. */
function happening(name: string, what: (real: Real, seen: Seen) => Promise<unknown>): Step {
  return {
    check: () => true,
    toString: () => name,
    run: async (seen, real) => {
      await what(real, seen).catch((error: unknown) => {
        // People are refused what cannot be; everything else is a defect.
        if (!(error instanceof UserError)) throw error;
      });
      await alwaysHolds(seen, real);
    },
  };
}

/**
 * No illegal edge, no leaked lease, no double start, no terminal state that moves, nothing proved that is not so, and no
 * run without work but those that ended or wait for a person.
 */
async function alwaysHolds(seen: Seen, { here, target, run }: Real): Promise<void> {
  const [now, holder, work, events] = await Promise.all([
    reread(here, run),
    heldBy(here),
    workOf(here, run),
    eventsAfter(here, run, seen.event),
  ]);
  if (seen.ended !== null) expect(now.state).toBe(seen.ended);
  if (isTerminal(now.state)) seen.ended = now.state;
  const holds = !isTerminal(now.state) && !isWaiting(now.state);
  expect(holder, now.state).toBe(holds ? run.id : null);
  expect(now.fence !== null, now.state).toBe(holds);
  const waits = work.map(({ kind }) => kind);
  if (!isTerminal(now.state) && now.state !== "restore_failed") expect(waits, now.state).toContain("run");
  if (now.state === "aborting" && now.abortSent === null) expect(waits).toContain("abort");

  for (const event of events) {
    expect(event.from_state).toBe(seen.state);
    const legal = event.to_state === seen.state || DRAWN[seen.state]?.split(" ").includes(event.to_state);
    expect(legal, `${seen.state} -> ${event.to_state}`).toBe(true);
    Object.assign(seen, { event: event.id, state: event.to_state });
  }

  const mine = target.runs().filter(({ key }) => key.startsWith(run.intentKey));
  expect(new Set(mine.map(({ key }) => key)).size, "one start a key").toBe(mine.length);
  expect(mine.length).toBeLessThanOrEqual(now.executionsEnded + 1);
  if (seen.lied || now.proof?.kind === "signal") return;
  if (now.restored) expect(target.restores().map(({ phase }) => phase)).toContain("succeeded");
  if (now.proved && now.state === "aborted") expect(mine.filter(isAlive)).toEqual([]);
  if (now.proved && now.state === "succeeded") expect(mine.at(-1)?.phase).toBe("succeeded");
}

const eventsAfter = ({ store }: World, run: Run, after: number) =>
  store.db
    .selectFrom("run_events")
    .select(["id", "from_state", "to_state"])
    .where("run_id", "=", run.id)
    .where("id", ">", after)
    .where("from_state", "is not", null)
    .orderBy("id")
    .execute();

const isAlive = ({ phase }: Execution): boolean => phase === "running" || phase === "paused";

/** The steps that workers would do next, each when it is due. */
const work = async ({ here, run }: Real, steps: number) => workDue(here, run, { steps });

/** Answers, or keeps from answering, the next calls of these kinds. */
const trouble = (target: ScriptedTarget, when: "before" | "after", error: () => Error, verbs: readonly Verb[]) => {
  let left = 2;
  target[when] = (verb) => {
    if (!verbs.includes(verb) || left === 0) return;
    left -= 1;
    throw error();
  };
};

const ACTS: readonly Verb[] = ["start", "abort", "snapshot", "restore", "pause", "resume"];
const ANY: readonly Verb[] = [...ACTS, "preflight", "observe", "locate"];

/** What the target itself does to what it runs. */
const become = (name: string, change: Partial<Execution>): Step =>
  happening(name, async (real) => {
    for (const execution of real.target.active()) Object.assign(execution, { evidence: name, ...change });
    await work(real, 2);
  });

const works = (n: number): Step => happening(`work ${n}`, (real) => work(real, n));
const working = fc.integer({ min: 1, max: 4 }).map(works);

const abort = happening("abort", ({ here, run }) => here.runs.abort(asking(), run.number, null));
const pausesByItself = become("it pauses by itself", { phase: "paused" });

/** Histories that came to no end once. */
export const FOUND: Readonly<Record<string, readonly Step[]>> = {
  "somebody pauses the restore at its target": [
    abort,
    happening("work until its restore", ({ here, run }) =>
      workDue(here, run, { steps: 40, state: (state) => state === "restoring" }),
    ),
    works(1),
    pausesByItself,
  ],
};

export const steps: fc.Arbitrary<Step>[] = [
  // Between what happens, Nightdesk mostly gets to work.
  ...Array.from({ length: 6 }, () => working),
  fc.constant(
    happening("two workers at once", ({ here, run }) =>
      Promise.allSettled([here.advance(run.id), here.advance(run.id), here.tellAbort(run.id)]),
    ),
  ),
  fc.constant(abort),
  fc.constant(
    happening("pause", async (real) => {
      await real.here.runs.pause(asking(), real.run.number);
      await work(real, 3);
    }),
  ),
  fc.constant(happening("resume", ({ here, run }) => here.runs.resume(asking(), run.number))),
  fc.constant(
    happening("restore again", async ({ here, run }) => {
      if ((await reread(here, run)).state === "restore_failed") await here.runs.restore(asking(), run.number, null);
    }),
  ),
  fc
    .constantFrom("succeeded", "failed", "aborted")
    .map((outcome) =>
      happening(`settle ${outcome}`, ({ here, run }) =>
        here.runs.settle(asking(), run.number, { outcome, reason: "seen" } as Parameters<World["runs"]["settle"]>[2]),
      ),
    ),
  fc
    .constantFrom("started", "finished", "failed")
    .map((kind) => happening(`hear ${kind}`, ({ here }) => hear(here, kind as "started"))),
  fc
    .constantFrom(5, 60, 3_600)
    .map((seconds) => happening(`${seconds} s pass`, async ({ here }) => here.clock.advance({ seconds }))),
  fc.constantFrom(
    become("it succeeds", { phase: "succeeded" }),
    become("it fails", { phase: "failed" }),
    become("it is stopped there", { phase: "aborted" }),
    pausesByItself,
    become("it goes on", { phase: "running" }),
  ),
  fc.constantFrom("retryable", "unavailable", "conflict", "invalid", "auth").map((kind) =>
    happening(`the next calls: ${kind}`, async ({ target }) => {
      trouble(target, "before", () => new ConnectorError(kind as "auth", kind), ANY);
    }),
  ),
  fc.constant(
    happening("the next answers are lost", async ({ target }) => {
      trouble(target, "after", () => new ConnectorError("ambiguous", "the answer was lost"), ACTS);
    }),
  ),
  fc.constant(
    happening("a defect of ours", async ({ target }) => trouble(target, "after", () => new Error("oops"), ANY)),
  ),
  fc
    .boolean()
    .map((obeys) =>
      happening(obeys ? "obeys" : "ignores aborts", async ({ target }) => Object.assign(target, { obeys })),
    ),
  fc
    .constantFrom("succeeded", "failed", "running")
    .map((ends) => happening(`restores: ${ends}`, async ({ target }) => Object.assign(target, { restoreEnds: ends }))),
  fc.constantFrom("running", "not_found", "unknown", "succeeded", "not_running").map((phase) =>
    happening(`it says ${phase}, whatever is`, async ({ target }, seen) => {
      seen.lied = true;
      target.says = () => ({ phase: phase as "running", evidence: `it says ${phase}` });
    }),
  ),
  fc.constant(become("it fails, may pass", { phase: "failed", retryable: true })),
  fc.constant(
    happening("an abort that is ignored", async ({ here, target, run }) => {
      target.obeys = false;
      await here.runs.abort(asking(), run.number, null);
      await workDue(here, run, { steps: 40, state: (state) => state === "abort_unconfirmed" || isTerminal(state) });
    }),
  ),
  fc.constant(
    happening("it forgets what it runs", async (real, seen) => {
      seen.lied = true;
      real.target.says = (execution) => ({ phase: "not_found", evidence: `there is no ${execution.id}` });
      await work(real, 2);
      real.target.says = null;
    }),
  ),
  fc.constant(happening("it tells the truth again", async ({ target }) => Object.assign(target, { says: null }))),
  fc.integer({ min: 1, max: 4 }).map((steps) =>
    happening(`the catalogue does not name its target for ${steps} steps`, async ({ here, run }) => {
      await workDue(withoutTargets(here), run, { steps });
    }),
  ),
  fc.constant(
    happening("an abort while the catalogue does not name its target", async ({ here, run }) => {
      const lost = withoutTargets(here);
      await lost.runs.abort(asking(), run.number, null);
      await workDue(lost, run, { steps: 2 });
    }),
  ),
  fc.constant(
    happening("somebody else starts it there", async ({ target }) => {
      if (target.active().length > 0) return;
      const id = `x${target.executions.length + 1}`;
      target.executions.push({ id, key: "another's", kind: "run", phase: "running", evidence: `${id} runs`, log: [] });
    }),
  ),
];

/** A process whose catalogue has lost every target. */
function withoutTargets(here: World): World {
  const { store, clock, connectors = [] } = here;
  const catalogue = { ...here.catalogue, targets: {} };
  return { ...here, ...partsOf({ store, clock, catalogue, connectors }) };
}

/** With an honest target and people who look after it, every run comes to an end and gives its place back. */
export async function comesToAnEnd(seen: Seen, { here, target, run }: Real): Promise<void> {
  Object.assign(target, { before: () => {}, after: () => {}, says: null, obeys: true, restoreEnds: "succeeded" });
  for (const execution of target.executions.filter(({ key }) => key === "another's")) execution.phase = "succeeded";
  for (let round = 0; round < 60; round += 1) {
    const { state, number } = await workDue(here, run, { steps: 8, state: isTerminal });
    if (isTerminal(state)) break;
    if (state === "restore_failed") await here.runs.restore(asking(), number, null);
    else if (state === "abort_unconfirmed" || state === "unknown") {
      await here.runs.settle(asking(), number, { outcome: "failed", reason: "looked there" });
    } else await here.runs.abort(asking(), number, null);
    await alwaysHolds(seen, { here, target, run });
  }
  await alwaysHolds(seen, { here, target, run });
  expect(seen.ended, (await history(here, run)).join(" ")).not.toBeNull();
  expect(await heldBy(here)).toBeNull();
}
