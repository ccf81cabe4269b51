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
