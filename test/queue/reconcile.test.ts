import { expect, onTestFinished, test } from "vitest";
import { silentLogger } from "../../src/base/log.ts";
import { startReconciling } from "../../src/queue/reconcile.ts";
import { workOf } from "../jobs/due.ts";
import { scriptedWorld } from "../jobs/scripted.ts";

test("a run that nobody looks after is found at the start and again later", async () => {
  const { here, running } = await scriptedWorld();
  const run = await running();
  const forget = () => here.store.db.deleteFrom("outbox").where("ref", "=", run.id).execute();
  await forget();
  const sweep = startReconciling({ store: here.store, clock: here.clock, log: silentLogger, everyMs: 20 });
  onTestFinished(() => sweep.close());
  const work = async () => (await workOf(here, run)).map(({ kind }) => kind);
  await expect.poll(work).toEqual(["run"]);
  await forget();
  await expect.poll(work).toEqual(["run"]);
});
