import { expect, test } from "vitest";
import { environmentFor, fill, prepareCatalogue } from "../../../sandbox/drill/fill.ts";

const names = {
  env: { A: "a" },
  estate: { "tis-sync-prod": { url: "http://127.0.0.1:4000", token: "t" } },
  people: { asha: { id: "U1" } },
  channels: { ops: { id: "C1" } },
};

test("placeholders are filled in at any depth, and an unknown one is an error that says what there is", () => {
  const value = { a: ["${estate.tis-sync-prod.url}/x", { b: "<@${people.asha.id}> in ${channels.ops.id}" }], n: 1 };
  expect(fill(value, names)).toEqual({ a: ["http://127.0.0.1:4000/x", { b: "<@U1> in C1" }], n: 1 });
  expect(() => fill("${estate.tis-sync-pord.url}", names)).toThrow(/there is \$\{estate.tis-sync-prod.url\}/);
  expect(() => fill("${estate.tis-sync-prod.secret}", names)).toThrow(/not known/);
  expect(() => fill("${env.B}", names)).toThrow(/no such variable/);
});

test("what is not asked for is left as it is", () => {
  const { env: _env, ...rest } = names;
  expect(fill("${env.A} ${people.asha.id}", rest)).toBe("${env.A} U1");
});

test("people get the ids of the emulated workspace, and no address leaves this machine", () => {
  const prepared = prepareCatalogue(
    {
      people: { asha: { name: "Asha" }, ben: { name: "Ben", slack: "U9" }, carla: { name: "Carla" } },
      sources: { sentry: { kind: "sentry", api: { url: "https://sentry.example.org" } } },
      targets: { a: { url: "${estate.tis-sync-prod.url}" }, b: { url: "https://reval.example.org/x" } },
    },
    names,
  );
  expect(prepared).toEqual({
    people: { asha: { name: "Asha", slack: "U1" }, ben: { name: "Ben", slack: "U9" }, carla: { name: "Carla" } },
    sources: { sentry: { kind: "sentry", api: { url: "http://127.0.0.1:9" } } },
    targets: { a: { url: "http://127.0.0.1:4000" }, b: { url: "http://127.0.0.1:9" } },
  });
});

test("the estate stands in for the variables of a real catalogue, and nothing comes from this machine's environment", () => {
  const env = environmentFor({ a: "${env.TIS_SYNC_PROD_URL}", b: "${env.PATH}", c: "${env.OTHER_URL}" }, names.estate);
  expect(env).toEqual({
    TIS_SYNC_PROD_URL: "http://127.0.0.1:4000",
    TIS_SYNC_PROD_TOKEN: "t",
    PATH: "drill-path",
    OTHER_URL: "http://127.0.0.1:9",
  });
});
