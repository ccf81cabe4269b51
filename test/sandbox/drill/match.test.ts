import fc from "fast-check";
import { expect, test } from "vitest";
import { differences, holds, satisfiedByEmptiness } from "../../../sandbox/drill/match.ts";

test.each([
  [2, 2, true],
  [2, 3, false],
  [2, "2", false],
  ["open", "open", true],
  ["open", "reopened", false],
  ["11", 11, true],
  ["~ ESR", "the esr generator", true],
  ["~ esr", "reval", false],
  ["/^INC-\\d+$/", "INC-12", true],
  ["/^inc/", "INC-12", false],
  ["/^inc/i", "INC-12", true],
  ["<= 12", 12, true],
  ["<= 12", 13, false],
  [">= 1", 0, false],
  ["> 0", 1, true],
  ["< 5", 5, false],
  [null, undefined, true],
  [null, null, true],
  [null, "", false],
  [true, true, true],
  [false, undefined, false],
  ["open", undefined, false],
  ["2023-12-11T14:45:00Z", "2023-12-11T14:45:41.250Z", true],
  ["2023-12-11T14:45:00Z", "2023-12-11T14:46:00Z", false],
  ["2023-12-11T14:45:00Z", "2023-12-11T14:44:59Z", false],
  ["2023-12-11T14:45:30Z", "2023-12-11T14:45:30.9Z", true],
  ["2023-12-11T14:45:30Z", "2023-12-11T14:45:31Z", false],
  ["2023-12-11T14:45:00.500Z", "2023-12-11T14:45:00.501Z", false],
])("%j against %j: %s", (expected, actual, result) => {
  expect(holds(expected, actual)).toBe(result);
});

test("a mapping looks at its own keys only, and says which of them differs", () => {
  expect(differences({ a: 1, b: { c: "~ x" } }, { a: 2, b: { c: "y", d: 0 }, e: 1 }, "run 1")).toEqual([
    { path: "run 1.a", expected: 1, actual: 2 },
    { path: "run 1.b.c", expected: "~ x", actual: "y" },
  ]);
});

test("buttons and services are sets, every other list has an order", () => {
  expect(holds({ buttons: ["Resolve", "Rerun"] }, { buttons: ["Rerun", "Abort", "Resolve"] })).toBe(true);
  expect(holds({ buttons: ["Settle"] }, { buttons: ["Rerun"] })).toBe(false);
  expect(holds({ ids: { exactly: ["2", "1"] } }, { ids: ["1", "2"] })).toBe(true);
  expect(holds({ ids: { exactly: ["1", "1"] } }, { ids: ["1", "2"] })).toBe(false);
  expect(holds({ approvedBy: ["ben", "asha"] }, { approvedBy: ["asha", "ben"] })).toBe(true);
  expect(holds({ text: ["b", "a"] }, { text: ["a", "b"] })).toBe(false);
});

const words = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 8 });

test("a list holds exactly when it is a subsequence", () => {
  const isSubsequence = (inner: string[], outer: string[]): boolean => {
    const [first, ...rest] = inner;
    if (first === undefined) return true;
    const at = outer.indexOf(first);
    return at >= 0 && isSubsequence(rest, outer.slice(at + 1));
  };
  fc.assert(fc.property(words, words, (inner, outer) => holds(inner, outer) === isSubsequence(inner, outer)));
});

test("whatever is taken out of a list, what is left still holds against it", () => {
  fc.assert(
    fc.property(words, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (list, keep) =>
      holds(
        list.filter((_, index) => keep[index]),
        list,
      ),
    ),
  );
});

test("exactly is the list itself and none is none of them", () => {
  fc.assert(
    fc.property(words, words, (one, other) => {
      expect(holds({ exactly: one }, other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      expect(holds({ none: one }, other)).toBe(!other.some((word) => one.includes(word)));
    }),
  );
});

test.each([
  [0],
  [3],
  [null],
  [false],
  ["<= 12"],
  ["< 1"],
  ["/.*/"],
  [[]],
  [{}],
  [{ none: ["x"] }],
  [{ exactly: ["x"] }],
  [{ lacks: ["x"] }],
  [{ status: "open", signals: 1 }],
  [[{ kind: "run", edited: false }]],
])("%j is judged only when all is settled", (expected) => {
  expect(satisfiedByEmptiness(expected)).toBe(true);
});

test.each([["open"], ["~ x"], [">= 1"], ["> 0"], [true], ["/x/"], [["~ x"]], [{ status: "open" }]])(
  "%j can be judged at any time",
  (expected) => {
    expect(satisfiedByEmptiness(expected)).toBe(false);
  },
);

test("what nothing satisfies is never mistaken for settled", () => {
  const emptiness = [undefined, null, [], "", 0, {}];
  const value = fc.oneof(fc.integer(), fc.boolean(), fc.constantFrom("a", "~ a", "<= 3", ">= 1", "/a*/", "/a/", null));
  const expected = fc.oneof(
    value,
    fc.array(value),
    fc.record({ none: fc.array(value) }),
    fc.record({ exactly: fc.array(value) }),
  );
  fc.assert(
    fc.property(expected, (one) => {
      if (emptiness.some((nothing) => holds(one, nothing))) expect(satisfiedByEmptiness(one)).toBe(true);
    }),
  );
});
