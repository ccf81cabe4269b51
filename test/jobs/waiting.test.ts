import { expect, test } from "vitest";
import { asking, drive, history, numbered, partsOf, queue, reread, type World, world } from "./world.ts";

/** Two jobs that must not run side by side, both asked for while the catalogue did not say so yet. */
async function rivals() {
  const here = await world();
  const job = here.catalogue.jobs["person-sync"];
  if (job === undefined) throw new Error("the job is not there");
  const jobs = { ...here.catalogue.jobs, "person-sync": { ...job, conflicts: [] } };
  const before = partsOf({ store: here.store, clock: here.clock, catalogue: { ...here.catalogue, jobs } });
  const ask = async (name: string) => {
    const wanted = { job: name, environment: "nimdta", parameters: {} };
    const outcome = await before.runs.request(asking(), wanted);
    if (outcome.kind !== "done") throw new Error("it was asked instead");
    return numbered(here, outcome.value.number);
  };
  return { here, first: await ask("person-sync"), second: await ask("person-rebuild") };
}

const because = async (here: World, number: number) => (await here.runs.get(asking(), number)).because;

test("what has taken its place keeps its rival queued, which says once why; and neither waits for one that waits", async () => {
  const { here, first, second } = await rivals();
  expect(await drive(here, second, { state: "preparing" })).toMatchObject({ state: "preparing" });
  for (let look = 0; look < 3; look += 1) {
    const outcome = await here.advance(first.id);
    expect(outcome).toMatchObject({ done: false, dueAt: here.clock.now().add({ seconds: 5 }) });
    here.clock.advance({ seconds: 5 });
  }
  expect(await history(here, first)).toEqual(["queued", "queued"]);
  expect(await because(here, first.number)).toBe(
    "it waits: it must not run beside person-rebuild, and run 2 of it is preparing",
  );
  await here.runs.abort(asking(), second.number, null);
  expect(await drive(here, first, { state: "preparing" })).toMatchObject({ state: "preparing" });
});

test("both at the door at once: one takes its place", async () => {
  const { here, first, second } = await rivals();
  await Promise.all([here.advance(first.id), here.advance(second.id)]);
  const states = [(await reread(here, first)).state, (await reread(here, second)).state].sort();
  expect(states).toEqual(["preparing", "queued"]);
});

test("a rival that the target runs by itself keeps what has waited from starting", async () => {
  const here = await world();
  const run = await queue(here, "nimdta");
  here.clock.advance({ minutes: 1 });
  here.nimdta.running.set("rebuildJob", true);
  await here.advance(run.id);
  expect(await because(here, 1)).toContain("person-rebuild, which runs there though Nightdesk did not start it");
  here.nimdta.running.set("rebuildJob", false);
  here.clock.advance({ seconds: 5 });
  await here.advance(run.id);
  expect((await numbered(here, 1)).state).toBe("preparing");
});
