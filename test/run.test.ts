import { expect, test } from "vitest";
import { sayDrillLine, tallyOfDrills, tallyOfVitest, total, wholeLeg } from "./helpers/tally.ts";

const file = (status: string, tests: string[]) => ({
  name: "/somewhere/test/a/b.test.ts",
  status,
  assertionResults: tests.map((one, index) => ({ fullName: `t${index}`, status: one })),
});
const report = (passed: number, failed: number, ...files: ReturnType<typeof file>[]) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  testResults: files,
});

test("passed and failed tests are counted, skipped ones are named", () => {
  const tally = tallyOfVitest(report(1, 1, file("failed", ["passed", "failed", "skipped"])), 1);
  expect(tally).toEqual({ passed: 1, failed: 1, skipped: ["test/a/b.test.ts: t2"] });
});

test("a file that does not load is a failure, though no test of it failed", () => {
  expect(tallyOfVitest(report(1, 0, file("passed", ["passed"]), file("failed", [])), 1).failed).toBe(1);
});

test("no report, a bad end without a failed test, and no test at all are failures", () => {
  expect(tallyOfVitest(undefined, 0).failed).toBe(1);
  expect(tallyOfVitest(report(1, 0, file("passed", ["passed"])), 1).failed).toBe(1);
  expect(tallyOfVitest(report(0, 0), 0).failed).toBe(1);
});

test("a drill that never ended failed", () => {
  const lines = [
    '{"drill":"a","step":1,"kind":"say","ok":true}',
    '{"drill":"a","ok":true,"steps":4,"failed":0,"ms":9}',
    "noise",
  ];
  expect(tallyOfDrills(lines.join("\n"), 2)).toEqual({ passed: 1, failed: 1, skipped: [] });
});

test("of a drill's lines its end and its failed steps are shown, and what is no JSON at all", () => {
  const step = { drill: "a", step: 2, kind: "expect", ok: true, ms: 1, message: "runs: 1" };
  expect(sayDrillLine(JSON.stringify(step))).toBeNull();
  expect(sayDrillLine(JSON.stringify({ ...step, ok: false }))).toBe("FAIL a, step 2 (expect): runs: 1");
  expect(sayDrillLine('{"drill":"a","ok":false,"steps":4,"failed":1,"ms":9}')).toBe("FAIL a (4 steps)");
  expect(sayDrillLine("a stack trace")).toBe("a stack trace");
});

test("under CI what was skipped has failed, elsewhere it is only said", () => {
  const tallies = [wholeLeg(true), wholeLeg(false), { passed: 3, failed: 0, skipped: ["a", "b"] }];
  expect(total(tallies, false)).toEqual({ passed: 4, failed: 1 });
  expect(total(tallies, true)).toEqual({ passed: 4, failed: 3 });
});
