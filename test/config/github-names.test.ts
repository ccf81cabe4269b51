import { expect, test } from "vitest";
import { parseCatalogue } from "../../src/config/load.ts";
import { plugins } from "../../src/plugins.ts";

const text = (service: string, environment: string) => `
version: 1
environments: { prod: { aliases: [production] } }
services: { tis-sync: {} }
fallback: ops
sources:
  github:
    kind: github
    secret: a-long-enough-secret
    services: { acme/sync: ${service} }
    deploys: [{ workflow: deploy, service: ${service}, environment: ${environment} }]
`;
const parse = (service: string, environment: string) =>
  parseCatalogue(text(service, environment), { file: "nightdesk.yml", env: {}, plugins });

test("a service or an environment that a github source misspells is told with the right name", () => {
  expect(parse("tis-sync", "production").warnings.filter((line) => line.includes("sources"))).toEqual([]);
  expect(parse("another", "prod").warnings.filter((line) => line.includes("sources"))).toEqual([]);
  expect(parse("tis-snyc", "prod").warnings).toMatchObject([
    expect.stringContaining('did you mean "tis-sync"?'),
    expect.stringContaining("sources.github.deploys[0].service"),
  ]);
  expect(() => parse("tis-sync", "prdo")).toThrow(/deploys\[0\]\.environment: there is no environment "prdo"/);
});
