import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** The only places that may do what the guard decides about. A new one goes through these, or fails here. */
const ONLY_IN: readonly { what: string; code: RegExp; files: readonly string[] }[] = [
  { what: "a run is made", code: /\.insertInto\("runs"\)/, files: ["src/services/runs-birth.ts"] },
  {
    what: "a run is born",
    code: /\bbearAllowed\(/,
    files: ["src/services/runs-birth.ts", "src/services/runs-request.ts"],
  },
  { what: "a target is told to start", code: /\bconnection\s*\.\s*start\(/, files: ["src/jobs/start.ts"] },
  { what: "a target is told to stop", code: /\bconnection\s*\.\s*abort\(/, files: ["src/jobs/abort.ts"] },
  {
    what: "an abort is put into a run",
    code: /\babortRun\(/,
    files: ["src/services/runs-abort.ts", "src/services/runs.ts"],
  },
  {
    what: "a run is settled by a word",
    code: /\bsettleRun\(/,
    files: ["src/services/runs-settle.ts", "src/services/runs.ts"],
  },
  { what: "a target's schedule is changed", code: /\bconnection\s*\.\s*pin\(/, files: ["src/services/pins-carry.ts"] },
  { what: "a target's state is kept", code: /\bconnection\s*\.\s*snapshot\(/, files: ["src/jobs/snapshot.ts"] },
  { what: "a target's state is brought back", code: /\bconnection\s*\.\s*restore\(/, files: ["src/jobs/restore.ts"] },
  {
    what: "a target is told to pause or to go on",
    code: /\bconnection\s*\.\s*(pause|resume)\b/,
    // A restore that somebody paused at its target is told to go on: nothing interrupts one.
    files: ["src/jobs/pause.ts", "src/jobs/restore.ts"],
  },
  { what: "a target is handed ids", code: /\bconnection\s*\.\s*items\(/, files: ["src/fanout/chunk.ts"] },
  { what: "dead letters are sent back", code: /\bconnection\s*\.\s*redrive\(/, files: ["src/fanout/dead-letters.ts"] },
  {
    what: "a waiting run is let go",
    code: /event: "approve"/,
    files: ["src/jobs/waiting.ts", "src/services/runs-approvals.ts"],
  },
  {
    what: "an approval is kept",
    code: /\bkeepApproval\(/,
    files: ["src/jobs/approvals.store.ts", "src/services/runs-approvals.ts"],
  },
  {
    what: "a freeze is made or ended",
    code: /\b(keepFreeze|endFreeze)\(/,
    files: ["src/guard/freezes.store.ts", "src/services/freezes.ts"],
  },
  { what: "a freeze is lifted for a run", code: /\bset: \{ freezeOverride\b/, files: ["src/services/freezes.ts"] },
  {
    what: "one form stands for several runs",
    code: /\bcoveredBy: /,
    files: ["src/services/chains-advance.ts"],
  },
  { what: "an issue of Sentry's is changed", code: /\bclient\.change\(/, files: ["src/services/sentry-carry.ts"] },
  {
    what: "a change of Sentry's is kept",
    code: /\bkeepChange\(/,
    files: ["src/services/sentry-changes.store.ts", "src/services/sentry.ts"],
  },
  { what: "a target's connection is opened", code: /\.open\(own/, files: ["src/jobs/connections.ts"] },
];

const root = new URL("../../", import.meta.url);
const sources = readdirSync(new URL("src/", root), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => ({ file: `src/${file}`, text: readFileSync(new URL(`src/${file}`, root), "utf8") }));

test.each(ONLY_IN)("$what only where the guard has said yes", ({ code, files }) => {
  const found = sources.filter(({ text }) => code.test(text)).map(({ file }) => file);
  expect(found.sort()).toEqual([...files].sort());
});

test("whoever makes, aborts or settles a run asks the guard first and writes the audit", () => {
  const textOf = (file: string) => sources.find((source) => source.file === file)?.text ?? "";
  const request = textOf("src/services/runs-request.ts");
  expect(request.indexOf("decide({")).toBeGreaterThan(0);
  expect(request.indexOf("decide({")).toBeLessThan(request.indexOf("return bear("));
  const runs = textOf("src/services/runs.ts");
  for (const act of ["abortRun(tx", "settleRun(tx"]) {
    const before = runs.slice(0, runs.indexOf(act));
    expect(before.lastIndexOf("allowed.record(tx")).toBeGreaterThan(before.lastIndexOf("authorise.need("));
    expect(before.lastIndexOf("authorise.need(")).toBeGreaterThan(0);
  }
});

test("a run takes its place only through the last look at freezes, approvals and conflicts", () => {
  const start = sources.find(({ file }) => file === "src/jobs/start.ts")?.text ?? "";
  const prepare = start.slice(start.indexOf("export async function prepare("), start.indexOf('event: "prepare"'));
  expect(prepare).toContain("passDoor(stepping, run");
  expect(sources.filter(({ text }) => text.includes('event: "prepare"')).map(({ file }) => file)).toEqual([
    "src/jobs/start.ts",
  ]);
});

test("whoever has something changed in Sentry asks the guard first and writes the audit", () => {
  const text = sources.find(({ file }) => file === "src/services/sentry.ts")?.text ?? "";
  const before = text.slice(0, text.indexOf("keepChange(tx"));
  expect(before).toContain("await authorise.need(asking, act)");
  expect(text.slice(text.indexOf("keepChange(tx"))).toContain("await allowed.record(tx");
});

test("whoever makes or ends a freeze, or says yes or no to a run, asks the guard first", () => {
  const textOf = (file: string) => sources.find((source) => source.file === file)?.text ?? "";
  const before = (text: string, act: string) => text.slice(0, text.indexOf(act));
  const freezes = textOf("src/services/freezes.ts");
  expect(before(freezes, "keepFreeze(tx")).toContain('needAll(asking, wanted, "freeze.add")');
  expect(before(freezes, "endFreeze(tx")).toContain('needAll(asking, known, "freeze.end")');
  expect(before(freezes, "leaveFreeze(tx")).toContain("authorise.need(asking, { ...act");
  const approvals = textOf("src/services/runs-approvals.ts");
  expect(approvals.match(/mayNot\(asking, run, groups\)/g)).toHaveLength(2);
  for (const half of approvals.split("reject: ")) {
    expect(before(half, "keepApproval(tx")).toContain("const not = mayNot(asking, run, groups)");
  }
});
