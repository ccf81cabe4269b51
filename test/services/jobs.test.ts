import { expect, test } from "vitest";
import { BEN, DEV } from "../guard/fixture.ts";
import { asking, drive, hear, queue, world } from "../jobs/world.ts";

test("the list shows what there is, what it does now and what one may do", async () => {
  const here = await world();
  const run = await queue(here);
  const list = await here.jobs.list(asking(), {});
  expect(list.map((view) => `${view.job} ${view.environment}`)).toEqual([
    "person-sync prod",
    "person-sync nimdta",
    "person-sync safe",
    "person-rebuild prod",
    "person-rebuild nimdta",
  ]);
  expect(list[0]).toMatchObject({
    look: "red",
    abortable: false,
    may: ["view", "run", "abort", "settle", "resync", "pin", "freeze"],
    active: { number: run.number },
    last: { number: run.number },
  });
  expect(list[0]?.target).toBeUndefined();
  expect(list[2]).toMatchObject({ protected: true, active: null, last: null });
  expect(here.servers.nimdta.calls).toEqual([]);
});

test("only what one may see is listed; what is named and hidden is refused, and audited", async () => {
  const here = await world();
  const seen = await here.jobs.list(asking({ actor: DEV }), {});
  expect(seen.map((view) => view.environment)).toEqual(["prod", "prod"]);
  expect(seen[0]?.may).toEqual(["view"]);
  const hidden = here.jobs.status(asking({ actor: DEV }), { job: "person-sync", environment: "nimdta" });
  await expect(hidden).rejects.toMatchObject({ message: "Dev Patel may not view person-sync in nimdta." });
  expect(await here.store.db.selectFrom("audit").select(["action", "outcome"]).execute()).toEqual([
    { action: "job.view", outcome: "denied" },
  ]);
});

test("status asks the targets at once and says what is not known", async () => {
  const here = await world();
  here.prod.running.set("personJob", true);
  await here.servers.nimdta.close();
  await hear(here, "started");
  const [prod, nimdta] = await here.jobs.status(asking(), { job: "person-sync" });
  expect(prod?.target).toContain(
    "sync-prod says that personJob is running; a start by something else was heard, here or elsewhere",
  );
  expect(nimdta?.target).toContain("not known: sync-nimdta did not answer");
});

test("a slow target costs three seconds and no more", async () => {
  const here = await world({ targets: {} });
  here.prod.instead = () => ({ afterMs: 950 });
  const began = performance.now();
  await here.jobs.status(asking(), {});
  expect(performance.now() - began).toBeLessThan(3_500);
});

test("history is newest first, of what one may see, up to the limit", async () => {
  const here = await world();
  for (const environment of ["prod", "nimdta", "prod"]) {
    const run = await queue(here, environment, environment === "prod" ? "person-sync" : "person-sync");
    await here.runs.abort(asking({ actor: BEN }), run.number, null);
  }
  await drive(here, await queue(here, "prod", "person-rebuild"));
  const numbers = async (of: Parameters<typeof here.jobs.history>[1], actor = BEN) =>
    (await here.jobs.history(asking({ actor }), of)).map((run) => run.number);
  expect(await numbers({ limit: 10 })).toEqual([4, 3, 2, 1]);
  expect(await numbers({ limit: 2 })).toEqual([4, 3]);
  expect(await numbers({ job: "personJob", environment: "prod", limit: 10 })).toEqual([3, 1]);
  expect(await numbers({ limit: 10 }, DEV)).toEqual([4, 3, 1]);
  await expect(numbers({ job: "person-snyc", limit: 1 })).rejects.toMatchObject({
    wayOut: 'Did you mean "person-sync"?',
  });
});
