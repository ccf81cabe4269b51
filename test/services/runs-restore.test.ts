import { expect, test } from "vitest";
import { keepFreeze } from "../../src/guard/freezes.store.ts";
import { ASHA } from "../guard/fixture.ts";
import { scriptedWorld } from "../jobs/scripted.ts";
import { asking, drive } from "../jobs/world.ts";

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
