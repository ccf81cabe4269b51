import { expect, test } from "vitest";
import { checkReferences } from "../../src/config/references.ts";
import { catalogueOf } from "../helpers/hear.ts";

test("names inside of contracts: what looks wrong is said, and keeps nothing from starting", () => {
  const { errors, warnings } = checkReferences(
    catalogueOf({
      services: { tcs: {}, "tis-sync": {} },
      contracts: {
        Person: { owner: "tsc", contains: ["PermitToWork", "Placment"], consumers: ["tis-snyc", "ndw"] },
        Placement: { owner: "tcs", contains: ["Person", "Placement"] },
      },
      fallback: "ops",
    }),
  );
  expect(errors).toEqual([]);
  expect(warnings.map(({ path, message, hint }) => `${path.join(".")}: ${message}; ${hint}`)).toEqual([
    'contracts.Person.owner: "tsc" is not among the services; did you mean "tcs"?',
    'contracts.Person.consumers.0: "tis-snyc" is not among the services; did you mean "tis-sync"?',
    'contracts.Person.contains.1: "Placment" is not among the contracts; did you mean "Placement"?',
    "contracts.Placement.contains: carries itself: Placement → Placement; ",
  ]);
});
