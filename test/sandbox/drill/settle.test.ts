import { expect, test } from "vitest";
import { onlyCards } from "../../../sandbox/drill/settle.ts";

test("time waits for everything but the cards of runs, which Slack lets be edited only so often", () => {
  expect(onlyCards(["run-card 1", "run-card 12"])).toBe(true);
  expect(onlyCards([])).toBe(false);
  expect(onlyCards(["run-card 1", "run 1"])).toBe(false);
  expect(onlyCards(["1 in the inbox"])).toBe(false);
  expect(onlyCards(["incident 1"])).toBe(false);
});
