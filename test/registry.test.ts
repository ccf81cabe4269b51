import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commands } from "../commands/index.ts";
import { findCommand } from "../src/command/router.ts";
import { ACTIONS } from "../src/config/catalogue.ts";
import { generated, HOW_TO_WRITE } from "./helpers/write-generated.ts";

const root = new URL("../", import.meta.url);
const files = (folder: string) =>
  readdirSync(new URL(folder, root))
    .filter((file) => file.endsWith(".ts") && file !== "index.ts" && file !== "contract.ts")
    .map((file) => file.replace(/\.ts$/, ""))
    .sort();

test.each(["sync", "incident"] as const)("the list of commands is the folder commands/%s", (family) => {
  const listed = commands.filter((command) => command.family === family).map(({ name }) => name);
  expect([...listed].sort()).toEqual(files(`commands/${family}`));
  expect(new Set(listed).size).toBe(listed.length);
});

test.each(commands.map((command) => [`${command.family} ${command.name}`, command] as const))(
  "%s describes itself with examples that reach it",
  (_, command) => {
    expect(command.usage.split(" ")[0]).toBe(command.name);
    expect(command.summary).toMatch(/^[A-Z].*[^.]$/);
    expect(command.examples.length).toBeGreaterThan(0);
    expect(command.needs === null || ACTIONS.includes(command.needs)).toBe(true);
    for (const example of command.examples) {
      expect(findCommand(commands, example, { incident: null, run: null }).command).toBe(command);
    }
  },
);

test("docs/commands.md is what the list of commands makes of it", () => {
  const text = readFileSync(new URL("docs/commands.md", root), "utf8");
  expect(text, HOW_TO_WRITE).toBe(generated["docs/commands.md"]);
});

test.each(["src/postmortem/exporters", "src/jobs/connectors", "src/intake/sources"])(
  "%s: every plug-in's file is in its list",
  (folder) => {
    const list = readFileSync(new URL(`${folder}/index.ts`, root), "utf8");
    for (const file of files(folder)) expect(list).toContain(`"./${file}.ts"`);
  },
);
