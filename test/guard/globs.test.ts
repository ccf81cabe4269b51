import fc from "fast-check";
import { expect, test } from "vitest";
import { matchesAny, matchesGlob } from "../../src/guard/globs.ts";

test.each([
  ["*", "", true],
  ["*", "anything", true],
  ["esr-*", "esr-generator", true],
  ["esr-*", "tcs-esr-x", false],
  ["*-sync", "person-sync", true],
  ["p?rson", "person", true],
  ["p?rson", "prson", false],
  ["a*b*c", "aXbXbXc", true],
  ["a*b*c", "aXbXbX", false],
  ["Prod", "prod", false],
  [".*", "prod", false],
])("%s on %s is %s", (glob, value, matches) => {
  expect(matchesGlob(glob, value)).toBe(matches);
});

test("agrees with the same glob written as a regular expression", () => {
  const few = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
  fc.assert(
    fc.property(few, few, (glob, value) => {
      const expression = new RegExp(
        `^${[...glob].map((c) => (c === "*" ? "[\\s\\S]*" : c === "?" ? "[\\s\\S]" : c)).join("")}$`,
      );
      expect(matchesGlob(glob, value)).toBe(expression.test(value));
    }),
  );
});

test("a list matches when any of its globs does", () => {
  expect(matchesAny(["prod", "pre*"], "preprod")).toBe(true);
  expect(matchesAny([], "preprod")).toBe(false);
});
