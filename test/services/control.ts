import { manualClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { SYSTEM } from "../../src/config/actor.ts";
import { createAuthorise } from "../../src/guard/authorise.ts";
import { moveRun } from "../../src/jobs/record.ts";
import { lockRun, type Run, runNumbered } from "../../src/jobs/runs.store.ts";
import type { RunEvent } from "../../src/jobs/states.ts";
import { createChains } from "../../src/services/chains.ts";
import { createAdvanceChain } from "../../src/services/chains-advance.ts";
import type { Outcome, Question } from "../../src/services/contract.ts";
import { createPins } from "../../src/services/pins.ts";
import { createCarryPin } from "../../src/services/pins-carry.ts";
import { createRuns } from "../../src/services/runs.ts";
import { viewRun } from "../../src/services/runs-view.ts";
import { dueWork } from "../../src/store/outbox.ts";
import { catalogueOf } from "../guard/fixture.ts";
import { testDatabase } from "../helpers/database.ts";
import { connectionsTo, fakeTarget } from "./fake-target.ts";

/** An ETL with versions and a schedule, three jobs that follow each other, and the use cases that control them. */
export async function control(more: Record<string, unknown> = {}) {
  const { store } = await testDatabase();
  const clock = manualClock("2024-01-17T02:00:00Z");
  const etl = fakeTarget();
  const plain = fakeTarget({ versions: false, pins: false, resumeFailed: false, pause: false });
  const everywhere = (target: string) => ({ prod: { target }, preprod: { target } });
  const catalogue = catalogueOf({
    roles: {
      all: { members: ["asha"], allow: [{ actions: ["*"] }] },
      runner: { members: ["ben"], allow: [{ actions: ["view", "run"], jobs: ["ndw-etl", "person-sync"] }] },
    },
    targets: { etl: { connector: "noop" }, plain: { connector: "noop" } },
    jobs: {
      "ndw-etl": { environments: everywhere("etl"), parameters: { day: { type: "string", default: "all" } } },
      "person-sync": { environments: everywhere("plain"), then: ["post-sync", "site-sync"] },
      "post-sync": { environments: everywhere("plain") },
      "site-sync": { environments: everywhere("plain") },
    },
    ...more,
  });
  const connections = connectionsTo({ etl, plain });
  const groupMembers = async () => [];
  const authorise = createAuthorise({ store, clock, catalogue, groupMembers });
  const parts = { store, clock, catalogue, connections, groupMembers, authorise, log: silentLogger };

  const run = async (number: number): Promise<Run> => {
    const found = await runNumbered(store.db, number);
    if (found === null) throw new Error(`there is no run ${number}`);
    return found;
  };
  /** Moves a run along these edges, as the steps of its state machine would. */
  const move = async (number: number, ...events: readonly (RunEvent | { event: RunEvent; error: string })[]) => {
    const { id } = await run(number);
    for (const one of events) {
      const { event, error } = typeof one === "string" ? { event: one, error: null } : one;
      await store.tx(async (tx) => {
        const set = {
          ...(event === "started"
            ? { startedAt: clock.now(), handle: { scope: "fake", externalId: `e${number}` } }
            : {}),
          ...(error === null ? {} : { error: { kind: "target", message: error } }),
          ...(event === "succeed" || event === "fail" ? { proved: true } : {}),
        };
        await moveRun(tx, await lockRun(tx, id), {
          event,
          at: clock.now(),
          actor: SYSTEM,
          reason: `it did ${event}`,
          set,
        });
      });
    }
    return run(number);
  };

  return {
    ...{ store, clock, catalogue, etl, plain, parts, run, move },
    pins: createPins(parts),
    chains: createChains(parts),
    runs: createRuns(parts),
    carryPin: createCarryPin(parts),
    advanceChain: createAdvanceChain(parts),
    view: async (number: number) => viewRun(parts, await run(number)),
    due: async () => {
      const rings = await dueWork(store.db, { now: clock.now(), machineNow: clock.machineNow(), limit: 50 });
      return rings.map(({ kind, ref }) => `${kind} ${ref}`);
    },
    audit: async () =>
      (await store.db.selectFrom("audit").selectAll().orderBy("id").execute()).map(
        ({ action, actor_key: by, outcome }) => `${by} ${action} ${outcome}`,
      ),
  };
}

export const START = ["prepare", "call_start", "started"] as const satisfies readonly RunEvent[];

export function done<T>(outcome: Outcome<T>): T {
  if (outcome.kind === "done") return outcome.value;
  throw new Error(`it was asked instead: ${outcome.question.title}`);
}

export function asked<T>(outcome: Outcome<T>): Question {
  if (outcome.kind === "ask") return outcome.question;
  throw new Error("it was done without a question");
}
