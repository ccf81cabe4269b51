import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { momentOf } from "../../src/command/moments.ts";

const now = Temporal.Instant.from("2021-07-01T00:30:00Z");
const read = (text: string) => momentOf(text, now, "Europe/London").toString();

test("a time of day is the last one there was, in the zone", () => {
  expect(read("01:15")).toBe("2021-07-01T00:15:00Z");
  expect(read("14:30")).toBe("2021-06-30T13:30:00Z");
});

test("dates are local, instants are what they say", () => {
  expect(read("2021-03-16 14:30")).toBe("2021-03-16T14:30:00Z");
  expect(read("2021-06-16T14:30")).toBe("2021-06-16T13:30:00Z");
  expect(read("2021-06-16T14:30Z")).toBe("2021-06-16T14:30:00Z");
});

test.each(["soon", "24:00", "2021-02-30", ""])("%s is no time", (text) => {
  expect(() => read(text)).toThrow("is no time");
});

test("a moment that is a little ahead is now: clocks differ", () => {
  expect(read("2021-07-01T00:31:00Z")).toBe("2021-07-01T00:30:00Z");
});

test("what is still to come is refused", () => {
  expect(() => read("2021-07-02")).toThrow("still to come");
});
