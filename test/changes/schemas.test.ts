import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { compareContracts, contractsBlock, withContracts } from "../../src/changes/contracts-block.ts";
import { scanSchemas } from "../../src/changes/schemas.ts";
import { catalogueSchema } from "../../src/config/catalogue.ts";
import { catalogueOf } from "../helpers/hear.ts";

const scanned = (files: Record<string, unknown>) =>
  scanSchemas(
    new Map(
      Object.entries(files).map(([path, schema]) => [
        path,
        typeof schema === "string" ? schema : JSON.stringify(schema),
      ]),
    ),
  );
const carries = (files: Record<string, unknown>) =>
  Object.fromEntries(scanned(files).shapes.map(({ name, contains }) => [name, contains]));

test("shapes carry what they refer to: by path, by $id, by pointer, by anchor, in lists and alternatives", () => {
  const files = {
    "person.json": {
      ...{ title: "Person", "x-owner": "tcs", "x-consumers": ["esr-generator"] },
      properties: {
        permit: { $ref: "#/$defs/Permit" },
        posts: { type: "array", items: { oneOf: [{ $ref: "posts/post.schema.json" }, { type: "null" }] } },
        site: { $ref: "https://schemas.example.org/site" },
        grade: { $ref: "#grade" },
      },
      $defs: {
        Permit: { enum: ["a"] },
        Level: { $anchor: "grade", allOf: [{ $ref: "#/$defs/Alias" }] },
        Alias: { $ref: "#/$defs/Permit" },
      },
    },
    "posts/post.schema.json": { properties: { holder: { $ref: "../person.json#" } } },
    "site.json": { $id: "https://schemas.example.org/site", properties: { name: { type: "string" } } },
  };
  expect(scanned(files)).toMatchObject({ problems: [], notes: [] });
  expect(carries(files)).toEqual({
    Level: ["Permit"],
    Permit: [],
    Person: ["Level", "Permit", "post", "site"],
    post: ["Person"],
    site: [],
  });
  expect(scanned(files).shapes.find(({ name }) => name === "Person")).toMatchObject({
    owner: "tcs",
    consumers: ["esr-generator"],
  });
});

test("a reference that goes over a plain part of a shape is followed through it", () => {
  expect(
    carries({
      "a.json": { title: "A", properties: { x: { $ref: "b.json#/properties/inner" } } },
      "b.json": {
        title: "B",
        properties: { inner: { properties: { c: { $ref: "c.json" }, up: { $ref: "#/properties/inner" } } } },
      },
      "c.json": { title: "C", type: "object" },
    }),
  ).toEqual({ A: ["C"], B: ["C"], C: [] });
});

test("what is elsewhere is named and never fetched", () => {
  const scan = scanned({
    "a.json": { properties: { x: { $ref: "https://elsewhere.example.org/v1/Address.json#/x" } } },
  });
  expect(scan.shapes).toMatchObject([{ name: "a", contains: ["Address"] }]);
  expect(scan.notes).toEqual([
    'a.json: "https://elsewhere.example.org/v1/Address.json" is elsewhere and is not fetched; what Address carries is not known',
  ]);
});

test("other JSON that lies there is left out, and said", () => {
  const scan = scanned({
    "package.json": { name: "x", type: "module" },
    "biome.json": { $schema: "https://biomejs.dev/x.json" },
  });
  expect(scan).toEqual({
    shapes: [],
    problems: [],
    notes: ["package.json", "biome.json"].map((file) => `${file}: says nothing that a JSON Schema says; left out`),
  });
});

test.each([
  [{ "a.json": '{\n  "type": "object",\n  x\n}' }, "a.json:3:3: is not JSON"],
  [{ "a.json": "[]" }, "a.json:1:1: is no JSON Schema: an object is expected"],
  [
    { "a.json": '{\n "$ref": "adress.json" }', "address.json": { type: "object" } },
    'a.json:2:10: $ref "adress.json": there is no adress.json; did you mean address.json?',
  ],
  [{ "a.json": { $ref: "../b.json" } }, 'a.json:1:9: $ref "../b.json": leads out of the folder'],
  [{ "a.json": { $ref: "#/$defs/B" } }, 'a.json:1:9: $ref "#/$defs/B": a.json has nothing at #/$defs/B'],
  [{ "a.json": { type: "object", "x-owner": 3 } }, "a.json:1:18: x-owner is the name of a service"],
  [{ "a.json": { type: "object", "x-consumers": "tcs" } }, "a.json:1:18: x-consumers is a list"],
  [
    { "a.json": { title: "A", type: "object" }, "b.json": { title: "A", type: "object" } },
    'b.json:1:10: "A" is what a.json is called, too',
  ],
])("what has to be mended is told with its place: %o", (files, problem) => {
  expect(scanned(files).problems).toEqual([expect.stringContaining(problem)]);
});

const known = catalogueOf({
  contracts: {
    Person: { owner: "tcs", contains: ["PermitToWork"], consumers: ["tis-sync"] },
    Old: { owner: "tcs" },
  },
}).contracts;
const person = (more: Record<string, unknown> = {}) =>
  scanned({
    "person.json": {
      title: "Person",
      properties: { p: { $ref: "#/$defs/PermitToWork" }, ...more },
      $defs: { PermitToWork: {}, Grade: {} },
    },
  }).shapes;

test("owners and consumers that the catalogue knows stay; what differs is told", () => {
  expect(compareContracts(person(), known)).toMatchObject({
    differences: [],
    notes: ["Old is in the catalogue and in no schema: it stays as it is"],
  });
  const { contracts, differences } = compareContracts(
    [
      ...person({ g: { $ref: "#/$defs/Grade" } }),
      ...scanned({ "post.json": { type: "object", "x-consumers": ["a: b"] } }).shapes,
    ],
    known,
  );
  expect(differences).toEqual([
    "Person carries Grade, the catalogue does not say it",
    "post (post.json) is not in the catalogue",
    'post has no owner: say "x-owner": "SERVICE" in post.json, or owner in the catalogue',
  ]);
  expect(contractsBlock(contracts)).toBe(
    'contracts:\n  Person: { owner: tcs, contains: [PermitToWork, Grade], consumers: [tis-sync] }\n  Old: { owner: tcs }\n  post: { owner: null, consumers: ["a: b"] } # whose is it?\n',
  );
});

test("the catalogue's text changes only where a contract does", () => {
  const text = `version: 1
contracts: # who reads what
  # the big one
  Person:
    owner: tcs
    contains: [PermitToWork]
    consumers: [tis-sync]

  # no more
  Old: { owner: tcs }   # soon gone

fallback: ops
`;
  const { contracts } = compareContracts(
    [
      ...person({ g: { $ref: "#/$defs/Grade" } }),
      ...scanned({ "post.json": { type: "object", "x-owner": "tcs" } }).shapes,
    ],
    known,
  );
  expect(withContracts(text, contracts, known)).toBe(`version: 1
contracts: # who reads what
  # the big one
  Person: { owner: tcs, contains: [PermitToWork, Grade], consumers: [tis-sync] }

  # no more
  Old: { owner: tcs }   # soon gone
  post: { owner: tcs }

fallback: ops
`);
  expect(withContracts("version: 1\n", contracts, {})).toBe(`version: 1\n\n${contractsBlock(contracts)}`);
  expect(withContracts(text.replace("Person:", "Person: # mine"), contracts, known)).toBeNull();
  expect(withContracts("contracts: { A: { owner: b } }\n", contracts, {})).toBeNull();
});

test("any folder of schemas ends, and its block is a catalogue's that then does not differ", () => {
  const NAMES = ["A", "B", "C", "true", "x y"];
  const ref = fc.constantFrom(...NAMES).map((name) => ({ $ref: `${encodeURIComponent(name)}.json` }));
  const schema = fc.record({
    allOf: fc.array(ref, { maxLength: 3 }),
    items: fc.oneof(ref, fc.constant({ $ref: "#" }), fc.constant({ type: "string" })),
    "x-owner": fc.constantFrom("tcs", "null", "a: #b"),
    "x-consumers": fc.array(fc.constantFrom("s", "t"), { maxLength: 2 }),
  });
  fc.assert(
    fc.property(fc.array(schema, { minLength: NAMES.length, maxLength: NAMES.length }), (drawn) => {
      const { shapes, problems } = scanned(Object.fromEntries(NAMES.map((name, n) => [`${name}.json`, drawn[n]])));
      expect(problems).toEqual([]);
      const { contracts } = compareContracts(shapes, {});
      const written = catalogueSchema.parse({ version: 1, ...(parse(contractsBlock(contracts)) as object) });
      expect(compareContracts(shapes, written.contracts).differences).toEqual([]);
    }),
  );
});
