import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { contractsFromTerminal } from "../src/contracts.ts";

function folder(files: Record<string, string>): {
  path: string;
  scan: (...more: string[]) => ReturnType<typeof contractsFromTerminal>;
  read: () => string;
} {
  const path = mkdtempSync(join(tmpdir(), "nightdesk-contracts-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  mkdirSync(join(path, "schemas/deep"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  const catalogue = join(path, "nightdesk.yml");
  return {
    path,
    scan: (...more) =>
      contractsFromTerminal(["scan", join(path, "schemas"), ...more], { NIGHTDESK_CATALOGUE: catalogue }),
    read: () => readFileSync(catalogue, "utf8"),
  };
}

const PERSON = '{ "title": "Person", "x-owner": "tcs", "properties": { "site": { "$ref": "deep/site.json" } } }';
const SITE = '{ "title": "Site", "x-owner": "reference", "type": "object" }';
const CATALOGUE = "version: 1\ncontracts:\n  Person: { owner: tcs, consumers: [tis-sync] }\n";

test("a pipeline learns that the catalogue is behind its schemas, and --write brings it up", () => {
  const here = folder({ "schemas/person.json": PERSON, "schemas/deep/site.json": SITE, "nightdesk.yml": CATALOGUE });
  const { exitCode, block, lines } = here.scan();
  expect(exitCode).toBe(1);
  expect(block).toBe(
    "contracts:\n  Person: { owner: tcs, contains: [Site], consumers: [tis-sync] }\n  Site: { owner: reference }\n",
  );
  expect(lines).toEqual([
    "differs: Person carries Site, the catalogue does not say it",
    "differs: Site (deep/site.json) is not in the catalogue",
  ]);
  expect(here.read()).toBe(CATALOGUE);
  expect(here.scan("--write").exitCode).toBe(0);
  expect(here.read()).toBe(`version: 1\n${block}`);
  expect(here.scan()).toMatchObject({ exitCode: 0, lines: ["2 shapes: the catalogue says the same"] });
});

test("what cannot be read is told with its place, and nothing is written", () => {
  const here = folder({ "schemas/person.json": PERSON, "nightdesk.yml": CATALOGUE });
  const { exitCode, lines } = here.scan("--write");
  expect(exitCode).toBe(2);
  expect(lines[0]).toBe(`${here.path}/schemas/person.json:1:74: $ref "deep/site.json": there is no deep/site.json`);
  expect(here.read()).toBe(CATALOGUE);
});

test.each([
  [["scan"], "Which folder"],
  [["scan", "a", "--wirte"], "There is no --wirte"],
  [["scna", "a"], 'There is no "contracts scna"'],
  [["scan", "/nowhere/at/all"], "is no folder"],
])("nightdesk contracts %j is answered with what there is", (words, why) => {
  expect(() => contractsFromTerminal(words, {})).toThrow(why);
});

test("the sample estate's schemas and its catalogue say the same", () => {
  const root = new URL("../examples/tis/", import.meta.url).pathname;
  const scan = () => contractsFromTerminal(["scan", `${root}schemas`], { NIGHTDESK_CATALOGUE: `${root}nightdesk.yml` });
  expect(scan()).toMatchObject({ exitCode: 0, lines: ["3 shapes: the catalogue says the same"] });
});
