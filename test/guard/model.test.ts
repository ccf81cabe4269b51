import fc from "fast-check";
import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { UserError } from "../../src/base/errors.ts";
import type { PersonActor } from "../../src/config/actor.ts";
import { createAuthorise } from "../../src/guard/authorise.ts";
import { createFreezes } from "../../src/services/freezes.ts";
import type { Store } from "../../src/store/store.ts";
import { testDatabase } from "../helpers/database.ts";
import { asking, numbered, partsOf } from "../jobs/world.ts";
import { catalogueOf } from "./fixture.ts";
import { JOBS, type Job, Model, type ModelRun, type Person } from "./model.ts";

/**
 * Random histories of requests, approvals, freezes and time by people with random roles, carried out by the real use
 * cases on Postgres and compared, after every step, with a model that knows nothing of how they do it.
 * `MODEL_HISTORIES=10000` is the long form.
 */
const HISTORIES = Number(process.env["MODEL_HISTORIES"] ?? 25);
const LONGEST_MS = 60_000 + HISTORIES * 2_000;

const person = fc.record({ run: fc.boolean(), abort: fc.boolean(), freeze: fc.boolean(), approver: fc.boolean() });
const who = fc.nat({ max: 3 });
const run = fc.nat({ max: 3 });
const minutes = fc.integer({ min: 1, max: 40 });
const does = <Do extends string>(name: Do) => fc.constant(name);
const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: does("request"), who, job: fc.constantFrom(...JOBS), override: fc.boolean() }),
    },
    { weight: 4, arbitrary: fc.record({ do: does("approve"), who, run }) },
    { weight: 1, arbitrary: fc.record({ do: does("reject"), who, run }) },
    { weight: 1, arbitrary: fc.record({ do: does("withdraw"), who, run }) },
    { weight: 1, arbitrary: fc.record({ do: does("abort"), who, run }) },
    { weight: 2, arbitrary: fc.record({ do: does("override"), who, run }) },
    { weight: 2, arbitrary: fc.record({ do: does("freeze"), who, minutes, refuse: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: does("unfreeze"), who }) },
    { weight: 6, arbitrary: fc.record({ do: does("advance"), run }) },
    { weight: 2, arbitrary: fc.record({ do: does("wait"), minutes }) },
  ),
  { minLength: 5, maxLength: 25 },
);
type Step = typeof steps extends fc.Arbitrary<(infer One)[]> ? One : never;

const KEYS = ["asha", "ben", "carla", "dev"] as const;
const actorOf = (index: number): PersonActor => {
  const key = KEYS[index] ?? "asha";
  return { kind: "person", slack: `U_${key.toUpperCase()}`, name: key, key };
};

/** Each history has an environment to itself: the record forgets nothing. */
interface History {
  readonly here: string;
  readonly people: readonly Person[];
  readonly needed: number;
}

function catalogueFor({ here, people, needed }: History) {
  const having = (grant: keyof Person) => KEYS.filter((_, index) => people[index]?.[grant] === true);
  const approvals = needed === 0 ? {} : { approvals: { count: needed, role: "approver", expires: "30m" } };
  return catalogueOf({
    environments: { [here]: {} },
    people: Object.fromEntries(KEYS.map((key) => [key, { name: key, slack: `U_${key.toUpperCase()}` }])),
    groups: {},
    rota: undefined,
    roles: {
      viewer: { members: [...KEYS], allow: [{ actions: ["view"] }] },
      runner: { members: having("run"), allow: [{ actions: ["run"] }] },
      stopper: { members: having("abort"), allow: [{ actions: ["abort"] }] },
      freezer: { members: having("freeze"), allow: [{ actions: ["freeze"] }] },
      approver: { members: having("approver") },
    },
    jobs: {
      one: { conflicts: ["two"], environments: { [here]: { target: "nothing", ...approvals } } },
      two: { environments: { [here]: { target: "nothing", ...approvals } } },
    },
  });
}

/** The real desk: every answer is whether it was taken. */
function realDesk(store: Store, history: History) {
  const { here } = history;
  const clock = manualClock("2021-03-17T05:20:00Z");
  const catalogue = catalogueFor(history);
  const { runs, advance, connections } = partsOf({ store, clock, catalogue });
  const groupMembers = async () => [];
  const authorise = createAuthorise({ store, clock, catalogue, groupMembers });
  const freezes = createFreezes({ store, clock, catalogue, connections, groupMembers, authorise });
  const taken = async (act: Promise<unknown>): Promise<boolean> => {
    try {
      await act;
      return true;
    } catch (error) {
      if (error instanceof UserError) return false;
      throw error;
    }
  };
  const by = (index: number) => asking({ actor: actorOf(index) });
  return {
    clock,
    request: (index: number, job: Job, override: boolean) => {
      const why = override ? { override: "needed" } : {};
      return taken(runs.request(by(index), { job, environment: here, parameters: {}, ...why }));
    },
    approve: (index: number, number: number) => taken(runs.approve(by(index), number)),
    reject: (index: number, number: number) => taken(runs.reject(by(index), number, "no")),
    withdraw: (index: number, number: number) => taken(runs.withdraw(by(index), number, null)),
    abort: (index: number, number: number) => taken(runs.abort(by(index), number, null)),
    override: (index: number, number: number) => taken(freezes.override(by(index), number, "needed")),
    freeze: (index: number, until: number, refuse: boolean) =>
      taken(
        freezes.add(by(index), {
          ...{ mode: "deny", jobs: ["*"], environments: [here], cron: null, forMs: null, zone: "UTC", from: null },
          until: clock.now().add({ minutes: until }),
          held: refuse ? "refuse" : "defer",
          because: "release",
        }),
      ),
    unfreeze: async (index: number) => {
      const [first] = (await freezes.list(by(index))).filter(({ holds }) => holds);
      return first === undefined
        ? null
        : { name: first.name, done: await taken(freezes.end(by(index), first.name, "x")) };
    },
    advance: async (number: number) => void (await advance((await numbered({ store }, number)).id)),
  };
}

type Real = ReturnType<typeof realDesk>;

async function play(step: Step, model: Model, real: Real): Promise<void> {
  const chosen = "run" in step ? model.runs[step.run] : undefined;
  switch (step.do) {
    case "request":
      expect(await real.request(step.who, step.job, step.override)).toBe(
        model.request(step.who, step.job, step.override) !== null,
      );
      return;
    case "freeze":
      expect(await real.freeze(step.who, step.minutes, step.refuse)).toBe(model.person(step.who).freeze);
      if (!model.person(step.who).freeze) return;
      model.freezes.push({
        ...{ from: model.now, refuse: step.refuse, ended: false },
        to: model.now + step.minutes * 60_000,
      });
      return;
    case "unfreeze": {
      const ended = await real.unfreeze(step.who);
      const [first] = model.holding();
      expect(ended?.done).toBe(first === undefined ? undefined : model.person(step.who).freeze);
      if (first !== undefined && model.person(step.who).freeze) first.ended = true;
      return;
    }
    case "wait":
      real.clock.advance({ minutes: step.minutes });
      model.now += step.minutes * 60_000;
      return;
    case "advance":
      if (chosen === undefined) return;
      await real.advance(chosen.number);
      model.advance(chosen);
      return;
    default:
      if (chosen === undefined) return;
      expect(await real[step.do](step.who, chosen.number)).toBe(model[step.do](step.who, chosen));
  }
}

const ENDS: readonly string[] = ["succeeded", "failed", "aborted", "refused"];

/** The record agrees with the model, and never are two of them under way at once. */
async function compare(store: Store, here: string, model: Model): Promise<void> {
  const own = store.db.selectFrom("runs").select(["number", "state"]).where("environment", "=", here);
  const rows = await own.orderBy("number").execute();
  expect(rows).toHaveLength(model.runs.length);
  for (const [index, row] of rows.entries()) {
    const known: ModelRun | undefined = model.runs[index];
    if (known === undefined) throw new Error("a run that the model does not know");
    const begun = known.state === "begun" || known.state === "over";
    if (begun && ENDS.includes(row.state)) known.state = "over";
    if (begun) expect(["awaiting_approval", "deferred", "queued", "withdrawn"]).not.toContain(row.state);
    else expect(`run ${row.number} ${row.state}`).toBe(`run ${known.number} ${known.state}`);
  }
  expect(model.runs.filter(({ state }) => state === "begun").length).toBeLessThanOrEqual(1);
}

async function playAll(store: Store, history: History & { number: number }, all: readonly Step[]): Promise<void> {
  // What is left of the one before is nobody's concern.
  await store.db.deleteFrom("freezes").execute();
  const open = ["awaiting_approval", "deferred", "queued"];
  await store.db.updateTable("runs").set({ state: "withdrawn" }).where("state", "in", open).execute();
  const base = history.number * 100;
  await store.db.updateTable("counters").set({ value: base }).where("name", "=", "run").execute();
  const model = new Model(history.people, history.needed, base);
  const real = realDesk(store, history);
  for (const step of all) {
    await play(step, model, real);
    await compare(store, history.here, model);
  }
}

test(
  "whatever is asked for, approved, frozen and taken back: nothing begins without grant, others and room",
  async () => {
    const { store } = await testDatabase();
    const people = fc.tuple(person, person, person, person);
    let number = 0;
    await fc.assert(
      fc.asyncProperty(people, fc.nat({ max: 2 }), steps, async (some, needed, all) => {
        number += 1;
        await playAll(store, { number, here: `here-${number}`, people: some, needed }, all);
      }),
      { numRuns: HISTORIES },
    );
  },
  LONGEST_MS,
);
