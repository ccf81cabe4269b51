import fc from "fast-check";
import { expect, test } from "vitest";
import { satisfies } from "../../src/config/requirement.ts";
import { allFindings, dependencyFinding, ownFindings } from "../../src/jobs/preflight.ts";
import { drive, queue, type World, world } from "./world.ts";

const NEEDS = { service: "tcs", operator: ">=", version: "6.2" } as const;

async function deploy(here: World, version: string | null, more: { environment?: string; minutesAgo?: number } = {}) {
  const at = here.clock.now().subtract({ minutes: more.minutesAgo ?? 0 });
  await here.store.db
    .insertInto("deploys")
    .values({
      ...{ source: "deploys", told_as: `${version} ${at.toString()}`, title: "tcs was deployed", service: "tcs" },
      ...{ environment: more.environment ?? "prod", version, outcome: "succeeded", at, said_at: at, learned_at: at },
    })
    .execute();
}

test.each([
  ["6.2", ">=", "6.2", true],
  ["6.10", ">=", "6.9", true],
  ["v6.2.1+build.7", ">=", "6.2", true],
  ["6.2-rc.1", ">=", "6.2", false],
  ["6.1.9", ">=", "6.2", false],
  ["6.2.0", "=", "6.2", true],
  ["6.2.1", "=", "6.2", false],
  ["11", ">=", "9", true],
] as const)("%s %s %s is %s", (deployed, operator, version, is) => {
  expect(satisfies(deployed, { operator, version })).toBe(is);
});

test("versions of numbers are ordered as their numbers are", () => {
  const version = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 4 });
  const order = (one: readonly number[], other: readonly number[]) => {
    for (const at of [0, 1, 2, 3]) {
      const difference = (one[at] ?? 0) - (other[at] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  fc.assert(
    fc.property(version, version, (one, other) => {
      const needs = { operator: ">=", version: other.join(".") } as const;
      expect(satisfies(one.join("."), needs)).toBe(order(one, other) >= 0);
    }),
  );
});

test("what is not known is said, and blocks nothing; what is too old blocks", () => {
  expect(dependencyFinding(NEEDS, "prod", null)).toMatchObject({ level: "warn" });
  expect(dependencyFinding(NEEDS, "prod", null).text).toContain("no deploy of it was heard of");
});

test("the newest deploy of that service in that environment is what counts", async () => {
  const here = await world({ job: { requires: ["tcs >= 6.2"] } });
  const found = async () =>
    (
      await ownFindings(
        here.store.db,
        { job: "person-sync", environment: "prod", kind: "run" },
        { catalogue: here.catalogue, capabilities: undefined },
      )
    ).map(({ check, level }) => `${check} ${level}`);
  expect(await found()).toEqual(["dependencies warn"]);
  await deploy(here, "6.3", { environment: "nimdta" });
  await deploy(here, "6.2", { minutesAgo: 90 });
  expect(await found()).toEqual(["dependencies info"]);
  await deploy(here, "6.1", { minutesAgo: 30 });
  expect(await found()).toEqual(["dependencies block"]);
  await deploy(here, null);
  expect(await found()).toEqual(["dependencies warn"]);
});

test("a run whose source is not deployed is refused before anything is touched", async () => {
  const here = await world({ job: { requires: ["tcs >= 6.2"] } });
  await deploy(here, "6.1");
  const run = await drive(here, await queue(here));
  expect(run).toMatchObject({
    state: "refused",
    error: { message: "it needs tcs >= 6.2, and tcs 6.1 is deployed in prod" },
  });
  expect(here.servers.prod.calls.filter(({ method }) => method === "PUT")).toEqual([]);
});

test("whether it can be stopped is said once: by the target of its own job, by us of what goes out in calls of ours", async () => {
  const here = await world({});
  const theirs = [
    { check: "identity", level: "info", text: "it is prod" },
    { check: "stopping", level: "warn", text: "sync-prod cannot stop it" },
  ] as const;
  const capabilities = here.connections.of("sync-prod")?.capabilities;
  const told = async (kind: "run" | "fanout" | "compare" | "restore") => {
    const about = { job: "person-sync", environment: "prod", kind };
    const own = await ownFindings(here.store.db, about, { catalogue: here.catalogue, capabilities });
    return allFindings(kind, theirs, own).flatMap(({ check, text }) => (check === "stopping" ? [text] : []));
  };
  expect(await told("run")).toEqual(["sync-prod cannot stop it"]);
  expect(await told("fanout")).toEqual(["it can be paused and aborted"]);
  expect(await told("compare")).toEqual(["it can be paused and aborted"]);
  expect(await told("restore")).toEqual(["an abort does not interrupt it"]);
});

test("what its readers see, whether it can be stopped and what is kept before it are told", async () => {
  const here = await world({
    job: { destructive: true, snapshot: { none: "rebuilt at night" }, readers: "the list is empty" },
  });
  const found = await ownFindings(
    here.store.db,
    { job: "person-sync", environment: "prod", kind: "run" },
    { catalogue: here.catalogue, capabilities: here.connections.of("sync-prod")?.capabilities },
  );
  expect(found.map(({ level, text }) => `${level}: ${text}`)).toEqual([
    "warn: it replaces what is there, and no snapshot is kept: rebuilt at night",
    "warn: once started it cannot be stopped from here",
    "warn: until it has ended: the list is empty",
  ]);
});
