import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { appendLogLines } from "../../src/jobs/run-log.store.ts";
import { tailMessage } from "../../src/slack/blocks/run-log.ts";
import { requestWork } from "../../src/store/outbox.ts";
import { type Desk, soon, startDesk } from "./desk.ts";
import { addRun } from "./record.ts";

test("the tail of a run's log is one message of its thread, edited while it grows; a longer log is attached once", async () => {
  const desk = await startDesk({});
  const { store, workspace } = desk;
  const items = Array.from({ length: 30 }, (_, line) => `item ${line} done`);
  const run = await addRun(store, systemClock.now(), { channel: "ops" });
  await grow(desk, run, ["stage 1 of 4 begins"]);
  const first = await soon(workspace, () => logMessages(desk)[0]);
  expect(first?.text).toContain("Log of run 1: stage 1 of 4 begins");
  await grow(desk, run, items);
  await soon(workspace, () => JSON.stringify(logMessages(desk)).includes("item 29 done"));
  expect(logMessages(desk)).toHaveLength(1);
  const drawn = JSON.stringify(logMessages(desk));
  expect(drawn).toContain("item 18 done");
  expect(drawn).not.toContain("item 17 done");
  expect(workspace.files()).toEqual([]);

  const over = { state: "succeeded", finished_at: systemClock.now(), proved: true };
  await store.db.updateTable("runs").set(over).where("id", "=", run).execute();
  await grow(desk, run, ["the end"]);
  await soon(workspace, () => workspace.files().length > 0);
  await grow(desk, run, []);
  await soon(workspace, () => JSON.stringify(logMessages(desk)).includes("attached below"));
  expect(workspace.files()).toHaveLength(1);
  const whole = ["stage 1 of 4 begins", ...items, "the end", ""].join("\n");
  expect(workspace.files()[0]).toMatchObject({ name: "run-1.log", size: whole.length });
}, 40_000);

async function grow({ store }: Desk, run: number, lines: readonly string[]): Promise<void> {
  await store.tx(async (tx) => {
    if (lines.length > 0) await appendLogLines(tx, run, { lines, at: systemClock.now() });
    await requestWork(tx, { kind: "run-card", ref: run, dueAt: systemClock.now() });
  });
}

const logMessages = ({ workspace }: Desk) => {
  const root = workspace.messages("ops")[0]?.ts;
  const thread = root === undefined ? [] : workspace.thread("ops", root);
  return thread.filter(({ text }) => text.startsWith("Log of run 1"));
};

test("a line of a log leaves neither its block nor calls anybody", () => {
  const message = tailMessage({
    run: 7,
    lines: ["\u001b[31mred\u001b[0m ``` <!channel> <@U1>", "\t[INFO] fine"],
    total: 2,
    over: true,
    logUrl: "https://logs.example.org/7",
    attached: false,
  });
  const text = JSON.stringify(message.blocks);
  expect(text).toContain("red ''' &lt;!channel&gt; &lt;@U1&gt;");
  expect(text).toContain(" [INFO] fine");
  expect(text).toContain("<https://logs.example.org/7|the whole log>");
  expect(
    JSON.stringify(
      tailMessage({ run: 7, lines: ["a"], total: 1, over: true, logUrl: "javascript:x", attached: false }),
    ),
  ).not.toContain("javascript");
});
