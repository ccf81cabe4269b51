import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const program = fileURLToPath(new URL("../../../sandbox/drill.ts", import.meta.url));
const verbs = fileURLToPath(new URL("./fixtures/verbs.yml", import.meta.url));

function drill(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...words], (_error, out, err) => {
      resolve({ code: child.exitCode ?? -1, out, err });
    });
  });
}

async function file(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "drill-file-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "drill.yml"), text);
  return join(folder, "drill.yml");
}

test("all verbs play against Nightdesk itself; one line per step, one per drill, and the code says that one failed", async () => {
  const { code, out, err } = await drill(verbs, "--json");
  const lines = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const failed = lines.filter((line) => "step" in line && line["ok"] === false);
  expect(failed, err).toEqual([
    {
      drill: "All verbs",
      step: 28,
      kind: "expect",
      ok: false,
      ms: expect.any(Number),
      message: expect.stringContaining("incidents: expected 99, is 3"),
    },
  ]);
  expect(lines.at(-1)).toEqual({ drill: "All verbs", ok: false, steps: 31, failed: 1, ms: expect.any(Number) });
  expect(lines).toHaveLength(33);
  expect(code).toBe(1);
}, 120_000);

test("a file with mistakes is told with its places and nothing is started", async () => {
  const path = await file("drill: x\ncatalogue: {}\nsteps:\n  - slak: {}\n  - redis: flush\n");
  const { code, out } = await drill(path, "--json");
  expect(code).toBe(1);
  expect(
    out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    {
      drill: path,
      step: 0,
      kind: "file",
      ok: false,
      ms: expect.any(Number),
      message: `${path}:4:5: steps[1].slak: unknown verb "slak". Did you mean "slack"?`,
    },
    { drill: path, ok: false, steps: 0, failed: 1, ms: expect.any(Number) },
  ]);
});

test("without a file it says how it is used", async () => {
  expect(await drill()).toMatchObject({ code: 2, out: "", err: expect.stringContaining("usage:") });
  expect(await drill("--jsn")).toMatchObject({ code: 2, out: "" });
});
