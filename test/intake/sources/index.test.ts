import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { HOOK_SOURCES, SOURCES } from "../../../src/intake/sources/index.ts";

const folder = new URL("../../../src/intake/sources/", import.meta.url);

test("the list of sources is the folder of sources", () => {
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts") && !/^(contract|index)\.ts$/.test(file));
  expect(SOURCES.map((source) => `${source.kind}.ts`).sort()).toEqual(files.sort());
  expect(HOOK_SOURCES.every((source) => SOURCES.includes(source))).toBe(true);
});
