import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const FOLDER = resolve(import.meta.dirname, "../../../sandbox/workspace");

test("the workspace is built from nothing of the product, and nothing of Slack's", () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const imports = files.flatMap((file) => {
    const path = join(FOLDER, file);
    return [...readFileSync(path, "utf8").matchAll(/from "([^"]+)"/g)].map(([, from = ""]) =>
      from.startsWith(".") ? relative(FOLDER, resolve(dirname(path), from)) : from,
    );
  });
  expect(imports.length).toBeGreaterThan(files.length);
  const foreign = imports.filter(
    (from) => from.startsWith("..") || !(from.endsWith(".ts") || from.startsWith("node:")),
  );
  expect([...new Set(foreign)]).toEqual(["ws"]);
});
