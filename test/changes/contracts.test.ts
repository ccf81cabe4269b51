import fc from "fast-check";
import { expect, test } from "vitest";
import { carriedBy, impactOf, ownedBy, shapesOf } from "../../src/changes/contracts.ts";
import { contractBetween, downstreamOf, upstreamOf } from "../../src/changes/upstream.ts";
import { circlesOf } from "../../src/config/contract-checks.ts";
import { catalogueOf } from "../helpers/hear.ts";

const tis = catalogueOf({
  services: { tcs: { aliases: ["tis-tcs"] }, "tis-sync": { dependsOn: ["profile"] } },
  contracts: {
    Person: { owner: "tis-tcs", contains: ["PermitToWork"], consumers: ["esr-generator"] },
    PersonView: { owner: "tcs", contains: ["Person"], consumers: ["tis-sync", "esr-generator"] },
  },
});

test("a change reaches who reads the shape, and who only carries it inside of another", () => {
  expect(impactOf(tis, "PermitToWork")).toEqual({
    contract: "PermitToWork",
    owner: null,
    carries: [],
    readers: [
      {
        service: "esr-generator",
        paths: [
          ["Person", "PermitToWork"],
          ["PersonView", "Person", "PermitToWork"],
        ],
      },
      { service: "tis-sync", paths: [["PersonView", "Person", "PermitToWork"]] },
    ],
    carriers: [
      {
        service: "tcs",
        paths: [
          ["Person", "PermitToWork"],
          ["PersonView", "Person", "PermitToWork"],
        ],
      },
    ],
  });
  expect(impactOf(tis, "Person").readers).toMatchObject([
    { service: "esr-generator", paths: [["Person"], ["PersonView", "Person"]] },
    { service: "tis-sync", paths: [["PersonView", "Person"]] },
  ]);
  expect(shapesOf(tis.contracts)).toEqual(["Person", "PermitToWork", "PersonView"]);
  expect(ownedBy(tis, "tcs")).toEqual(["Person", "PersonView"]);
});

test("who reads a contract depends on its owner, and on what its owner depends on", () => {
  expect(upstreamOf(tis, "tis-sync").get("tcs")).toEqual({ depth: 1, path: ["tis-sync", "tcs"] });
  expect(contractBetween(tis, "tis-sync", "tcs")).toBe("PersonView");
  expect(downstreamOf(tis, "tcs").sort()).toEqual(["esr-generator", "tcs", "tis-sync"]);
});

test("circles are told once, and are no trap", () => {
  const { contracts } = catalogueOf({
    contracts: {
      A: { owner: "a", contains: ["B"] },
      B: { owner: "b", contains: ["C"] },
      C: { owner: "c", contains: ["B"], consumers: ["x"] },
      D: { owner: "d", contains: ["D"] },
    },
  });
  expect(circlesOf(contracts)).toEqual([["B", "C"], ["D"]]);
});

const NAMES = ["A", "B", "C", "D", "E", "F"];
const SERVICES = ["s", "t", "u", "v"];
const contracts = fc.dictionary(
  fc.constantFrom(...NAMES),
  fc.record({
    owner: fc.constantFrom(...SERVICES),
    contains: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 4 }),
    consumers: fc.uniqueArray(fc.constantFrom(...SERVICES), { maxLength: 3 }),
  }),
);
const services = fc.dictionary(
  fc.constantFrom(...SERVICES),
  fc.record({ dependsOn: fc.uniqueArray(fc.constantFrom(...SERVICES), { maxLength: 3 }) }),
);

test("in any web of shapes each reader is found, each way is one, and none is longer than it must be", () => {
  fc.assert(
    fc.property(contracts, fc.constantFrom(...NAMES), (web, name) => {
      const catalogue = catalogueOf({ contracts: web });
      const carriers = Object.keys(web).filter((one) => carriedBy(catalogue.contracts, one).includes(name));
      const expected = new Set(carriers.flatMap((one) => web[one]?.consumers ?? []));
      const { readers } = impactOf(catalogue, name);
      expect(new Set(readers.map(({ service }) => service))).toEqual(expected);
      for (const { service, paths } of readers) {
        for (const path of paths) {
          expect(web[path[0] ?? ""]?.consumers).toContain(service);
          expect(path.at(-1)).toBe(name);
          path.slice(1).forEach((inner, index) => {
            expect(web[path[index] ?? ""]?.contains).toContain(inner);
          });
          expect(new Set(path).size).toBe(path.length);
        }
        const lengths = paths.map((path) => path.length);
        expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
      }
    }),
  );
});

test("in any web of services, upstream and downstream are two views of one thing", () => {
  fc.assert(
    fc.property(contracts, services, (web, order) => {
      const catalogue = catalogueOf({ contracts: web, services: order });
      for (const one of SERVICES) {
        const upstream = upstreamOf(catalogue, one);
        for (const other of SERVICES) {
          expect(downstreamOf(catalogue, other).includes(one)).toBe(upstream.has(other));
        }
        for (const [other, { depth, path }] of upstream) {
          expect([path[0], path.at(-1), path.length]).toEqual([one, other, depth + 1]);
        }
      }
    }),
  );
});
