import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { root } from "./helpers/source-code.ts";

/** Makes this Node say that it is an old one: the launcher must then look for another. */
const pretendOld = `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.1.0"}})`;

/** A checkout with nothing but the launcher and a main.ts of our own. */
function checkout(main: string): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "nightdesk-bin-")));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(`${root}bin`, join(folder, "bin"), { recursive: true });
  mkdirSync(join(folder, "src"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "src/main.ts"), main);
  return folder;
}

test("arguments go in and the exit status comes out", () => {
  const folder = checkout("const words: string[] = process.argv.slice(2); console.log(words.join()); process.exit(7);");
  const run = spawnSync(process.execPath, ["bin/nightdesk", "export", "INC-1"], { cwd: folder, encoding: "utf8" });
  expect([run.stdout.trim(), run.status]).toEqual(["export,INC-1", 7]);
});

test("without a Node 24 it says in one sentence what to do", () => {
  const folder = checkout("");
  const run = spawnSync(process.execPath, ["--import", pretendOld, "bin/nightdesk"], { cwd: folder, encoding: "utf8" });
  expect(run.status).toBe(1);
  expect(run.stderr.trim().split("\n")).toEqual([
    `Nightdesk needs Node 24 and this is Node 20.1.0. Install Node 24, or run "npm ci" in ${folder}/ to get one beside Nightdesk.`,
  ]);
});

test("an old Node finds the one that npm installed beside it, and children find it too", () => {
  const folder = checkout('console.log(process.execPath, process.env["PATH"]?.split(":")[0]);');
  mkdirSync(join(folder, "node_modules/node/bin"), { recursive: true });
  writeFileSync(join(folder, "node_modules/node/package.json"), '{ "name": "node", "version": "24.0.0" }');
  const beside = join(folder, "node_modules/node/bin/node");
  symlinkSync(process.execPath, beside);
  const run = spawnSync(process.execPath, ["--import", pretendOld, "bin/nightdesk"], { cwd: folder, encoding: "utf8" });
  expect(run.stdout.trim().split(" ").at(-1)).toBe(dirname(beside));
  expect(run.status).toBe(0);
});

test("without its packages it says in one sentence what to do", () => {
  const folder = checkout("");
  writeFileSync(
    join(folder, "package.json"),
    '{ "type": "module", "dependencies": { "zod": "4.0.0", "pg": "8.0.0" } }',
  );
  mkdirSync(join(folder, "node_modules/pg"), { recursive: true });
  const run = spawnSync(process.execPath, ["bin/nightdesk"], { cwd: folder, encoding: "utf8" });
  expect(run.status).toBe(1);
  expect(run.stderr.trim().split("\n")).toEqual([
    `Nightdesk's packages are not installed (zod). Run "npm ci --omit=dev" in ${folder}/ first.`,
  ]);
});

test.each(["SIGTERM", "SIGINT"] as const)("%s reaches what was started, and its end is ours", async (signal) => {
  const folder = checkout(
    `process.on("${signal}", () => process.exit(3)); console.log("up"); setInterval(() => {}, 1_000);`,
  );
  const run = spawn(process.execPath, ["bin/nightdesk"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => run.stdout.once("data", resolve));
  const ended = new Promise((resolve) => run.once("exit", resolve));
  run.kill(signal);
  expect(await ended).toBe(3);
});
