import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigError } from "../../src/base/errors.ts";
import { parseCatalogue } from "../../src/config/load.ts";
import { plugins } from "../../src/plugins.ts";
import { root } from "../helpers/source-code.ts";

const documented =
  readFileSync(`${root}docs/catalogue.md`, "utf8").match(/## Everything[\s\S]*?```yaml\n([\s\S]*?)```/)?.[1] ?? "";
const lines = documented.split("\n");

test("the documented catalogue with a value, or a piece of a line, replaced is accepted or told with a place", () => {
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom("${env.X}", "", "a.b", "[", "-1s", "*", null));
  expect(lines.length).toBeGreaterThan(60);
  fc.assert(
    fc.property(fc.nat(lines.length - 1), fc.nat(400), value, (at, place, replacement) => {
      const line = lines[at] ?? "";
      const places = [...line.matchAll(/: ("[^"]*"|'[^']*'|[^ ,{}[\]#]+|\[[^\]]*\]|\{[^}]*\})/g)];
      const chosen = places[place % Math.max(1, places.length)];
      if (chosen === undefined) return;
      const changed = `${line.slice(0, chosen.index)}: ${JSON.stringify(replacement)}${line.slice(chosen.index + chosen[0].length)}`;
      for (const problem of problemsOf(lines.with(at, changed).join("\n"))) {
        expect(problem).toMatch(/^nightdesk\.yml:[1-9]\d*:[1-9]\d*: ./);
        expect(problem).not.toMatch(/undefined|\[object|Invalid input/);
      }
    }),
    { numRuns: 200 },
  );
});

function problemsOf(text: string): readonly string[] {
  try {
    parseCatalogue(text, { file: "nightdesk.yml", env: {}, plugins, allowUnset: true });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
