import { expect, test } from "vitest";
import { namesOf } from "../../src/config/names.ts";
import { catalogueOf } from "../guard/fixture.ts";

const names = namesOf(catalogueOf());

test("names and aliases lead to the catalogue's own name, case and blanks do not count", () => {
  expect(names.keyOf("environment", "Production")).toBe("prod");
  expect(names.keyOf("job", " PERSONElasticSearchSyncJob ")).toBe("person-sync");
  expect(names.keyOf("job", "constructor")).toBeNull();
});

test("a sender's name that the catalogue does not know stays as it is", () => {
  expect(names.job("nightly-thing ")).toBe("nightly-thing");
  expect(names.environment("stage-2")).toBe("stage-2");
});

test("an alias never takes another entry's own name", () => {
  for (const way of names.waysToWrite("job", "person-sync")) expect(names.job(way)).toBe("person-sync");
});
