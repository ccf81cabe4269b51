import { expect, test } from "vitest";
import { keepFreeze } from "../../src/guard/freezes.store.ts";
import { ASHA } from "../guard/fixture.ts";
import { scriptedWorld } from "../jobs/scripted.ts";
import { asking, drive, numbered } from "../jobs/world.ts";

/** A run that failed in its last stage, with its snapshot kept, and a freeze that refuses every start. */
async function failedInAFreeze() {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  const run = await running();
  const [execution] = target.executions;
  if (execution !== undefined) Object.assign(execution, { phase: "failed", evidence: "stage 4 failed" });
  await drive(here, run, { state: "failed" });
  const at = here.clock.now();
  await here.store.tx((tx) =>
    keepFreeze(
      tx,
      {
        ...{ mode: "deny", jobs: ["*"], environments: ["*"], cron: null, forMs: null, zone: "UTC" },
        ...{ from: at, until: null, held: "refuse", because: "the release" },
      },
      { by: ASHA, requestKey: "freeze", at },
    ),
  );
  return { here, target, run };
}

test("a list that is empty during a freeze is brought back on somebody's word, with the reason in the audit", async () => {
  const { here, target, run } = await failedInAFreeze();
  await expect(here.runs.restore(asking(), run.number, null)).rejects.toMatchObject({
    wayOut: expect.stringContaining("--override="),
  });
  const outcome = await here.runs.restore(asking(), run.number, null, { override: "the list is empty" });
  expect(outcome).toMatchObject({ kind: "done", value: { kind: "restore", parent: run.number, state: "queued" } });
  expect(target.restores()).toEqual([]);
  const audit = here.store.db.selectFrom("audit").select(["outcome", "reason"]).where("action", "=", "freeze.override");
  expect(await audit.execute()).toMatchObject([
    { outcome: "allowed", reason: expect.stringContaining("the list is empty") },
  ]);
});

test("a dry restore shows the snapshot and every check, and brings nothing back", async () => {
  const { here, target, run } = await failedInAFreeze();
  const dry = await here.runs.dryRestore(asking(), run.number);
  expect(dry).toMatchObject({ blocked: true, next: "It would not be started." });
  expect(dry.plan).toContain(`of run ${run.number}`);
  expect(dry.checks).toContainEqual(expect.objectContaining({ check: "when", level: "block" }));
  const lifted = await here.runs.dryRestore(asking(), run.number, { override: "the list is empty" });
  expect(lifted).toMatchObject({ blocked: false, next: "Asked for now: it starts." });
  expect(target.restores()).toEqual([]);
  const runs = await here.store.db.selectFrom("runs").select("number").execute();
  expect(runs).toEqual([{ number: run.number }]);
});

test("a snapshot of what a failed run left is said to be one, and which run's was before that", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  const failed = async () => {
    const run = await running();
    for (const execution of target.active()) Object.assign(execution, { phase: "failed", evidence: "stage 4 failed" });
    return drive(here, run, { state: "failed" });
  };
  const planOf = async (number: number) => (await here.runs.dryRestore(asking(), number)).plan;
  const first = await failed();
  expect(await planOf(first.number)).not.toContain("was not brought back");
  const second = await failed();
  expect(await planOf(second.number)).toContain(
    `Run ${first.number}, before it, failed and was not brought back: this snapshot has what that left. \`/sync restore run ${first.number}\``,
  );
  const restored = await here.runs.restore(asking(), first.number, null);
  if (restored.kind !== "done") throw new Error("it was asked instead");
  await drive(here, await numbered(here, restored.value.number), { state: "succeeded" });
  const third = await failed();
  expect(await planOf(third.number)).not.toContain("was not brought back");
});

test("once a restore of its own is proved, the failed run offers neither restore nor to go on where it ended", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  target.capabilities = { resumeFailed: true };
  const run = await running();
  const [execution] = target.executions;
  if (execution !== undefined) Object.assign(execution, { phase: "failed", evidence: "stage 4 failed" });
  await drive(here, run, { state: "failed" });
  expect(await here.runs.get(asking(), run.number)).toMatchObject({ can: { restore: true, resumeFailed: true } });

  const restore = await here.runs.restore(asking(), run.number, null);
  if (restore.kind !== "done") throw new Error("it was asked instead");
  const cards = async () => {
    const rows = here.store.db.selectFrom("outbox").select("ref").where("kind", "=", "run-card");
    return (await rows.execute()).map(({ ref }) => ref);
  };
  await here.store.db.deleteFrom("outbox").execute();
  await drive(here, await numbered(here, restore.value.number), { state: "succeeded" });
  expect(await cards()).toContain(run.id);
  expect(await here.runs.get(asking(), run.number)).toMatchObject({
    mended: { restored: restore.value.number },
    can: { restore: false, resumeFailed: false },
  });
  await expect(here.runs.rerun(asking(), run.number, { from: "failed" })).rejects.toMatchObject({
    message: expect.stringContaining(`by run ${restore.value.number}`),
  });
  expect(await here.runs.rerun(asking(), run.number)).toMatchObject({ kind: "done" });
});
