import { expect, test } from "vitest";
import { allPlaced, needPlaced } from "../../src/guard/names.ts";
import { catalogueOf } from "./fixture.ts";

const catalogue = catalogueOf();

test("a name that is nearly right is answered with the right one", () => {
  expect(() => needPlaced(catalogue, { job: "person-snyc", environment: "prod" })).toThrow(
    expect.objectContaining({
      kind: "not_found",
      message: "There is no job person-snyc.",
      wayOut: 'Did you mean "person-sync"?',
    }),
  );
  expect(() => needPlaced(catalogue, { job: "person-sync", environment: "prd" })).toThrow(
    expect.objectContaining({ code: "environment_not_found", wayOut: 'Did you mean "prod"?' }),
  );
});

test("a job that is not in that environment says where it is", () => {
  expect(() => needPlaced(catalogue, { job: "person-rebuild", environment: "nimdta" })).toThrow(
    expect.objectContaining({ code: "job_not_there", wayOut: "It runs in prod." }),
  );
});

test("every job in every environment that it has", () => {
  expect(allPlaced(catalogue).map(({ job, environment }) => `${job} ${environment}`)).toEqual([
    "person-sync prod",
    "person-sync nimdta",
    "person-sync preprod",
    "person-rebuild prod",
  ]);
});
