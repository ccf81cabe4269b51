import { expect, test } from "vitest";
import { commands } from "../../commands/index.ts";
import { catalogue, desk, told } from "./desk.ts";

test.each([
  ["sync resync person-sync prod --ids=1,2", { job: "person-sync", environment: "prod", ids: "1,2" }],
  ["sync resync Person sync job stage --ids=1", { job: "person-sync", environment: "preprod", ids: "1" }],
  ["sync resync person-sync prod --incident=INC-7", { job: "person-sync", environment: "prod", incident: 7 }],
  ["sync resync --run=12 --only=Failed", { run: 12, only: "failed" }],
  [
    "sync resync person-sync prod --run=run-12 --only=skipped --reason=again",
    { job: "person-sync", environment: "prod", run: 12, only: "skipped", reason: "again" },
  ],
])("%s", async (line, wanted) => {
  const here = desk();
  const answer = await here.type(line);
  expect(here.calls).toEqual([["fanouts.resync", wanted]]);
  expect(answer.text).toContain("*run 7*");
});

test.each([
  ["sync resync", "Which job, and where?"],
  ["sync resync person-snyc prod --ids=1", "Did you mean person-sync?"],
  ["sync resync --run=12 --only=faild", "Did you mean failed?"],
  ["sync resync person-sync prod --incident=night", '"night" is no incident'],
  ["sync resync --run=last", '"last" is no run'],
  ["sync repair run 14", "Add --delete or --resync"],
  ["sync repair run 14 --delete --resync", "Add --delete or --resync"],
  ["sync repair --delete", "Which run?"],
  ["sync dlq lst", "Did you mean list?"],
  ["sync dlq show", "Which message?"],
  ["sync dlq redrive 3 --all", "All, or those?"],
  ["sync dlq redrive 3 --rate=fast", '"fast" is no rate'],
  ["sync dlq list nothng", "Did you mean nothing?"],
])("%s is answered with: %s", async (line, why) => {
  const here = desk();
  const answer = await here.type(line);
  expect(told(answer)).toContain(why);
  expect(here.calls).toEqual([]);
});

test("hands over in spite of a freeze on somebody's word", async () => {
  const here = desk();
  await here.type('sync resync person-sync prod --ids=1,2 --override="the fix is out"');
  expect(here.calls).toEqual([
    ["fanouts.resync", { job: "person-sync", environment: "prod", ids: "1,2", override: "the fix is out" }],
  ]);
});

test("compares both sides; mends in the thread of the run that compared", async () => {
  const here = desk();
  await here.type("sync orphans person-sync prod");
  await here.type("repair --delete", { run: 7 });
  await here.type("sync repair run 14 --resync");
  expect(here.calls).toEqual([
    ["fanouts.orphans", { job: "person-sync", environment: "prod" }],
    ["fanouts.repair", { run: 7, by: "delete" }],
    ["fanouts.repair", { run: 14, by: "resync" }],
  ]);
});

test.each([
  ["sync repair run 14 --delete --dry-run", {}, ["fanouts.dryRepair", { run: 14, by: "delete" }]],
  ["repair --dry-run --resync", { run: 7 }, ["fanouts.dryRepair", { run: 7, by: "resync" }]],
  [
    'sync chain person-sync post-sync prod --dry-run --override="the fix"',
    {},
    ["chains.dryStart", { jobs: ["person-sync", "post-sync"], environment: "prod", override: "the fix" }],
  ],
])("%s starts nothing and opens no form", async (line, at, call) => {
  const here = desk();
  const answer = await here.type(line, at);
  expect(here.calls).toEqual([call]);
  expect(answer.text).toMatch(/^Dry run, nothing was started: /);
  expect(answer.ask).toBeUndefined();
});

test("what has to be asked first is a form, wherever it is typed", () => {
  const mayAsk = (name: string, line: string) =>
    commands
      .find((command) => command.family === "sync" && command.name === name)
      ?.mayAsk(line, { incident: null, run: null }, catalogue);
  expect(mayAsk("resync", "--run=1 --only=failed")).toBe(true);
  expect(mayAsk("repair", "run 1 --delete")).toBe(true);
  expect(mayAsk("repair", "run 1 --delete --dry-run")).toBe(false);
  expect(mayAsk("chain", "person-sync post-sync prod")).toBe(true);
  expect(mayAsk("chain", "person-sync post-sync prod --dry-run")).toBe(false);
  expect(mayAsk("dlq", "redrive 1")).toBe(true);
  expect(mayAsk("dlq", "redrive 1 --dry-run")).toBe(false);
  expect(mayAsk("dlq", "list")).toBe(false);
  expect(mayAsk("orphans", "person-sync prod")).toBe(false);
});

test.each([
  ["sync dlq", ["deadLetters.list", {}]],
  ["sync dlq list nothing", ["deadLetters.list", { target: "nothing" }]],
  ["sync dlq list person-sync prod", ["deadLetters.list", { job: "person-sync", environment: "prod" }]],
  ["sync dlq show #3", ["deadLetters.show", 3]],
  ["sync dlq redrive 3 4", ["deadLetters.redrive", { numbers: [3, 4], all: false, rate: 5, dryRun: false }]],
  [
    "sync dlq redrive nothing --all --rate=2 --dry-run",
    ["deadLetters.redrive", { target: "nothing", numbers: [], all: true, rate: 2, dryRun: true }],
  ],
])("%s", async (line, call) => {
  const here = desk();
  await here.type(line);
  expect(here.calls).toEqual([call]);
});

test("a dead letter is shown as it is, without its words becoming Slack's", async () => {
  const answer = await desk().type("sync dlq show 3");
  expect(answer.text).toBe("*Message 3* of placements-dlq lies there.");
  expect(told(answer)).toContain('{"placement":"4711"}');
  expect(told(answer)).toContain("no such &lt;site&gt;");
});

test("a queue that cannot be looked at is not called empty", async () => {
  const queue = {
    target: "q",
    queue: null,
    count: 0,
    oldestSentAt: null,
    firstExpiresAt: null,
    trouble: "no answer",
    letters: [],
  };
  const answer = await desk({ deadLetters: { list: async () => [queue] } }).type("sync dlq list");
  expect(answer.text).toContain("not every queue could be looked at");
  expect(answer.sections?.[0]?.lines).toEqual([":warning: It could not be looked at: no answer"]);
});
