import { expect, test } from "vitest";
import { catalogueSchema } from "../../src/config/catalogue.ts";

const problemsOf = (from: string): string[] => {
  const read = catalogueSchema.safeParse({ version: 1, entities: [{ match: {}, entity: "trainee", from: [from] }] });
  return read.success ? [] : read.error.issues.map((issue) => issue.message);
};

test.each(["tags.traineeId", "message:/trainee (\\d+)/", "message:/a\\/b/"])("an id is found by %s", (from) => {
  expect(problemsOf(from)).toEqual([]);
});

test.each([
  ["tags.", 'an id is found by "tags.NAME" or "message:/pattern/"'],
  ["message:trainee", 'an id is found by "tags.NAME" or "message:/pattern/"'],
  ["message:/(/", '"(" is not a regular expression (RE2)'],
  ["message:/(?=a)/", "is not a regular expression (RE2)"],
])("but not by %s", (from, why) => {
  expect(problemsOf(from)).toEqual([expect.stringContaining(why)]);
});
