import { expect, test } from "vitest";
import { bindSources } from "../../src/intake/plugin.ts";
import { HOOK_SOURCES } from "../../src/intake/sources/index.ts";
import { catalogueOf, estate } from "../helpers/hear.ts";

test("sources are bound by their names; kinds that are not heard yet are left out", () => {
  const bound = bindSources(estate(), HOOK_SOURCES);
  expect([...bound].map(([name, source]) => [name, source.kind])).toEqual([
    ["sentry", "sentry"],
    ["jobs", "job"],
    ["queues", "generic"],
  ]);
});

test.each(["slack", "ping"])("no source may be called %s", (name) => {
  const catalogue = catalogueOf({ sources: { [name]: { kind: "job", secret: "x" } } });
  expect(() => bindSources(catalogue, HOOK_SOURCES)).toThrow(`sources.${name}: Nightdesk uses this name itself`);
});
