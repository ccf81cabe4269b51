import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { silentLogger } from "../../src/base/log.ts";
import { connectors } from "../../src/jobs/connectors/index.ts";
import { keysOver } from "../../src/jobs/retention.store.ts";
import { forgetRuns } from "../../src/jobs/retention.ts";
import { appendLogLines } from "../../src/jobs/run-log.store.ts";
import { connect, intentFor } from "../helpers/conformance/connector.ts";
import { shellTarget } from "./connectors/shell-bench.ts";
import { scriptedWorld } from "./scripted.ts";
import { asking, drive, type World } from "./world.ts";

const DAYS_90 = { hours: 24 * 90 };
const forget = async (here: World) =>
  forgetRuns({ ...here, db: here.store.db, log: silentLogger }, here.clock.now().subtract(DAYS_90));

test("the log of a run that ended long ago goes, and its history stays; one that goes on keeps its log", async () => {
  const { here, running } = await scriptedWorld();
  const lines = async () => (await here.store.db.selectFrom("run_log_lines").select("run_id").execute()).length;
  const add = (run: number) =>
    here.store.tx((tx) => appendLogLines(tx, run, { lines: ["one", "two"], at: here.clock.now() }));
  const old = await running();
  await here.runs.abort(asking(), old.number, null);
  await drive(here, old, { state: "aborted" });
  await add(old.id);
  here.clock.advance({ hours: 24 * 91 });
  const open = await running();
  await add(open.id);
  await forget(here);
  expect(await lines()).toBe(2);
  expect((await here.runs.get(asking(), old.number)).state).toBe("aborted");
  here.clock.advance({ hours: 24 * 91 });
  await forget(here);
  expect(await lines()).toBe(2);

  const before = here.clock.now();
  const keys = [old.intentKey, `${old.intentKey}:2`, open.intentKey, "of another record"];
  expect([...(await keysOver(here.store.db, keys, before))].sort()).toEqual([old.intentKey, `${old.intentKey}:2`]);
});

test("a command that has ended is forgotten once its run is over, one that lives never", async () => {
  const shell = connectors.find(({ name }) => name === "shell");
  if (shell === undefined) throw new Error("there is no shell connector");
  const target = shellTarget();
  const connection = connect(shell, target.entry, { mayRunCommands: true });
  const intent = intentFor("load");
  const over = async (keys: readonly string[]) => new Set(keys);
  await connection.start(intent);
  mkdirSync(join(target.stateDir, "somebody-else's"));
  expect(await connection.forget?.(over)).toBe(0);
  await target.finish();
  expect(await connection.forget?.(async () => new Set())).toBe(0);
  expect((await connection.locate(intent)).kind).toBe("found");
  expect(await connection.forget?.(over)).toBe(1);
  expect(target.folders()).toEqual([join(target.stateDir, "somebody-else's")]);
});
