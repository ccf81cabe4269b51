import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { inspectConfig, ROLES } from "../../src/config/env.ts";
import { parseCatalogue } from "../../src/config/load.ts";
import { plugins } from "../../src/plugins.ts";
import { filesBelow, root } from "../helpers/source-code.ts";

const read = (path: string) => readFileSync(`${root}${path}`, "utf8");
const examples = [...read("docs/catalogue.md").matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text ?? "");

test("the catalogues of the documentation are good ones, with every plug-in that they name", () => {
  expect(examples).toHaveLength(2);
  for (const text of examples) {
    const result = parseCatalogue(text, { file: "docs/catalogue.md", env: {}, plugins, allowUnset: true });
    expect(result.catalogue).not.toBeNull();
    expect(result.warnings.filter((line) => line.includes("is not there yet"))).toEqual([]);
  }
});

test("the sample estate's catalogue is a good one, and nothing in it only looks right", () => {
  const text = read("examples/tis/nightdesk.yml");
  const { catalogue, warnings } = parseCatalogue(text, { file: "x.yml", env: {}, plugins, allowUnset: true });
  expect(catalogue).not.toBeNull();
  const known = /only as secret as its URL/;
  expect(warnings.filter((line) => !known.test(line))).toEqual([]);
});

test("operations.md has every variable that is read, and README those without which nothing starts", () => {
  const named = new Set(
    read("src/config/env.ts")
      .match(/^ {2}[A-Z][A-Z_]+(?=: \{)/gm)
      ?.map((name) => name.trim()),
  );
  expect(named.size).toBeGreaterThan(12);
  const operations = read("docs/operations.md");
  expect([...named].filter((name) => !operations.includes(`\`${name}\``))).toEqual([]);
  const needed = ROLES.flatMap((role) => inspectConfig({}, role).problems).map((line) => line.split(" ")[0] ?? "");
  const readme = read("README.md");
  expect(needed.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});

test("operations.md has every metric that is served, and no other", () => {
  const served = filesBelow("src/http").flatMap(
    (path) => read(path).match(/\b(nightdesk|process)_[a-z]+_?[a-z_]+(?=[ "`{])/g) ?? [],
  );
  const metrics = new Set(served.map((name) => name.replace(/_(sum|count|bucket)$/, "")));
  const documented = new Set(read("docs/operations.md").match(/(?<=`)(nightdesk|process)_[a-z_]+(?=`)/g));
  expect([...documented].sort()).toEqual([...metrics].sort());
});

test("operations.md has every address of the API", () => {
  const code = read("src/http/api.ts");
  const named = [...code.matchAll(/^ {4}case "([a-z]+)":|"\/api\/([a-z]+)"/gm)].map(
    ([, read, written]) => read ?? written,
  );
  expect(named.length).toBeGreaterThan(8);
  const addresses =
    read("docs/operations.md")
      .match(/\/api\/[\w/]+/g)
      ?.flatMap((address) => address.split("/")) ?? [];
  expect(named.filter((name) => !addresses.includes(name ?? ""))).toEqual([]);
});

test("what the documentation links to is there", () => {
  const pages = ["README.md", "CHANGELOG.md", ...filesBelow("docs").filter((path) => path.endsWith(".md"))];
  const broken = pages.flatMap((page) => {
    const folder = page.includes("/") ? page.slice(0, page.lastIndexOf("/") + 1) : "";
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link ?? "");
    return links.filter((link) => !exists(`${folder}${link}`)).map((link) => `${page}: ${link}`);
  });
  expect(broken).toEqual([]);
});

function exists(path: string): boolean {
  const clean = path.replace(/^docs\/\.\.\//, "");
  if (clean.endsWith("/")) return filesBelow(clean.slice(0, -1)).length > 0;
  try {
    return read(clean).length > 0;
  } catch {
    return false;
  }
}
