import { expect, test } from "vitest";
import { ConnectorError } from "../../src/jobs/connectors/contract.ts";
import { MOST_LOG_LINES, readLogTail } from "../../src/jobs/run-log.store.ts";
import { type Execution, scriptedWorld } from "./scripted.ts";
import { asking, drive, heldBy, history, queue, reread } from "./world.ts";

/** Fails, and says that it may pass. */
const passing = (execution: Execution): null => {
  Object.assign(execution, { phase: "failed", evidence: "the index is locked", retryable: true });
  return null;
};

test("a failure that the target calls passing is tried again under a key of its own, as often as declared", async () => {
  const { here, target, running } = await scriptedWorld();
  target.says = passing;
  const first = await running();
  const failed = await drive(here, first);
  expect(failed).toMatchObject({ state: "failed", attempt: 2, executionsEnded: 1, proved: true });
  expect(target.runs().map(({ key }) => key)).toEqual([first.intentKey, `${first.intentKey}:2`]);
  expect(await history(here, first)).toEqual([
    ...["queued", "preparing", "starting", "running", "retry_wait"],
    ...["preparing", "starting", "running", "failed"],
  ]);
  expect(await heldBy(here)).toBeNull();
});

test("any other failure is never executed again by itself", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  const [execution] = target.executions;
  if (execution !== undefined) Object.assign(execution, { phase: "failed", evidence: "Unknown column" });
  expect(await drive(here, run)).toMatchObject({ state: "failed", attempt: 1 });
  expect(target.runs()).toHaveLength(1);
});

test("an attempt that is not let in after one that ran: failed, never 'nothing was started'", async () => {
  const { here, target, running } = await scriptedWorld();
  target.says = passing;
  const run = await running();
  target.before = (verb) => {
    if (verb === "preflight") throw new ConnectorError("auth", "the token has expired");
  };
  const failed = await drive(here, run, { state: "failed" });
  expect(failed).toMatchObject({ state: "failed", error: { message: "the token has expired" } });
  expect((await here.runs.get(asking(), run.number)).because).toContain("it had failed, and is not started again");
});

test("aborted between two attempts: not tried again, and not called untouched", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  target.says = passing;
  const run = await running();
  await drive(here, run, { state: "retry_wait" });
  const { said, run: view } = await here.runs.abort(asking(), run.number, null);
  expect(said).toContain("ran and failed; Restore brings the snapshot back");
  expect(view).toMatchObject({ state: "aborted", can: { restore: true } });
});

test("an attempt after one that failed keeps the snapshot from before the first", async () => {
  const { here, target, running } = await scriptedWorld({ snapshot: true });
  target.says = (execution) => (execution.id === "x1" ? passing(execution) : null);
  const run = await running();
  await drive(here, run, { state: "retry_wait" });
  await drive(here, run, { state: "running" });
  expect(await reread(here, run)).toMatchObject({ snapshot: { ref: "snap-1" }, handle: { externalId: "x2" } });
  expect(target.calls.filter((call) => call.startsWith("snapshot"))).toHaveLength(1);
});

test("a log that can be followed is fetched every two seconds, masked, and its newest lines are kept", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  const [execution] = target.executions;
  if (execution === undefined) throw new Error("nothing runs");
  execution.log.push("connecting with password=hunter22", "stage 1 of 4");
  const outcome = await here.advance(run.id);
  expect(outcome).toEqual({ done: false, dueAt: here.clock.now().add({ seconds: 2 }) });
  expect(await readLogTail(here.store.db, run.id, 12)).toEqual({
    lines: ["connecting with password=[secret]", "stage 1 of 4"],
    total: 2,
  });
  await here.advance(run.id);
  expect((await readLogTail(here.store.db, run.id, 12)).total).toBe(2);
  execution.log.push(...Array.from({ length: MOST_LOG_LINES + 5 }, (_, line) => `line ${line}`));
  await here.advance(run.id);
  const { lines, total } = await readLogTail(here.store.db, run.id, 10_000);
  expect(lines).toHaveLength(MOST_LOG_LINES);
  expect(lines.at(-1)).toBe(`line ${MOST_LOG_LINES + 4}`);
  expect(total).toBe(MOST_LOG_LINES + 7);
});

test("the target's own retry is kept while it is due, and forgotten when it is over", async () => {
  const { here, target, running } = await scriptedWorld();
  const run = await running();
  const nextAt = here.clock.now().add({ minutes: 5 });
  target.retry = { number: 2, of: 3, nextAt };
  await here.advance(run.id);
  expect((await reread(here, run)).targetRetry).toEqual({ number: 2, of: 3, nextAt: nextAt.toString() });
  target.retry = null;
  await here.advance(run.id);
  expect((await reread(here, run)).targetRetry).toBeNull();
});

test("a queue of the same job waits while one is paused or restoring", async () => {
  const { here, running } = await scriptedWorld();
  const run = await running();
  await here.runs.pause(asking(), run.number);
  await drive(here, run, { state: "paused" });
  await expect(queue(here)).rejects.toThrow();
  expect(await heldBy(here)).toBe(run.id);
});
