import { expect, test } from "vitest";
import { DEV } from "../guard/fixture.ts";
import { syncEntry } from "../jobs/target-server.ts";
import { asking, type World, world } from "../jobs/world.ts";

async function estate(more: Parameters<typeof world>[0] = {}): Promise<World> {
  return world({
    ...more,
    catalogue: {
      roles: {
        all: { members: ["asha"], allow: [{ actions: ["*"] }] },
        prodOnly: { members: ["on-call"], allow: [{ actions: ["view", "run"], environments: ["prod", "safe"] }] },
      },
      ...more.catalogue,
    },
  });
}

test("what one may do, by which grant, and both answers of the target", async () => {
  const here = await estate();
  const { person, lines } = await here.permissions.show(asking(), { job: "person-sync", environment: "prod" });
  expect(person).toBe("Asha Rao");
  expect(lines.map((line) => line.action)).toEqual(["view", "run", "abort", "settle"]);
  expect(lines.find((line) => line.action === "run")).toEqual({
    job: "person-sync",
    environment: "prod",
    action: "run",
    allowed: true,
    because: "role all: * in every environment",
    own: "yes: Nightdesk's token holds Update on tis:sync::jobs:",
    person: "yes: asha holds Machine User there",
  });
});

test.each(["@ben", "ben", "Ben Okoro", "U_BEN", "<@U_BEN|ben>"])(
  "%s is Ben: not allowed in nimdta, and who may instead",
  async (typed) => {
    const here = await estate();
    const { person, lines } = await here.permissions.show(asking(), { person: typed, environment: "nimdta" });
    expect(person).toBe("Ben Okoro");
    expect(lines.find((line) => line.action === "run")).toMatchObject({
      allowed: false,
      because: "Ask Asha Rao, who may.",
      person: "no: sync-nimdta does not know ben. Grant the role Machine User to ben at sync-nimdta.",
    });
  },
);

test("somebody whom only Slack knows, and a guest, have no grants", async () => {
  const here = await estate();
  const at = here.clock.machineNow();
  const user = { email: null, zone: null, is_bot: false, is_foreign: false, is_deleted: false, fetched_at: at };
  await here.store.db
    .insertInto("slack_users")
    .values([
      { ...user, id: "U_EVE", handle: "asha.two", name: "Asha Rao Two", is_guest: false },
      { ...user, id: "U_GUEST", handle: "guest", name: "Guest", is_guest: true },
    ])
    .execute();
  const eve = await here.permissions.show(asking(), { person: "@asha.two", job: "person-sync", environment: "prod" });
  expect(eve.lines.every((line) => !line.allowed)).toBe(true);
  const guest = await here.permissions.show(asking(), {
    person: "<@U_GUEST>",
    job: "person-sync",
    environment: "prod",
  });
  expect(guest.lines[0]?.because).toContain("Guests cannot");
  await expect(here.permissions.show(asking(), { person: "nobody-at-all" })).rejects.toMatchObject({
    code: "person_not_found",
  });
});

test("a target that does not answer in time is not known, and nobody waits longer", async () => {
  const here = await estate({
    targets: { "sync-nimdta": { ...syncEntry("http://127.0.0.1:9", ["x"]), timeout: "30s" } },
  });
  here.prod.instead = () => ({ afterMs: 900 });
  const began = performance.now();
  const { lines } = await here.permissions.show(asking(), {});
  expect(performance.now() - began).toBeLessThan(3_900);
  expect(lines.find((line) => line.action === "run" && line.environment === "nimdta")?.own).toContain(
    "not known: sync-nimdta did not answer",
  );
  expect(lines.find((line) => line.job === "person-rebuild" && line.action === "run")?.own).toBe(
    "yes: nothing asks nobody",
  );
});

test("gaps: who on the rota could not run it, which target would refuse Nightdesk, and what is not known", async () => {
  const here = await estate();
  here.nimdta.policies = [];
  here.nimdta.roles.set("ben", []);
  here.prod.roles.set("ben", ["Machine User"]);
  const gaps = await here.permissions.gaps(asking());
  expect(gaps.people).toEqual([
    {
      person: "Ben Okoro",
      job: "person-sync, person-rebuild",
      environment: "nimdta",
      why: "Ben Okoro may not run person-sync, person-rebuild in nimdta",
      wayOut: "Ask Asha Rao, who may.",
    },
    {
      person: "Ben Okoro",
      job: "person-sync, person-rebuild",
      environment: "nimdta",
      why: "at sync-nimdta: ben does not hold Machine User there",
      wayOut: "Grant the role Machine User to ben at sync-nimdta.",
    },
  ]);
  expect(gaps.targets).toMatchObject([
    { target: "sync-nimdta", job: "person-sync, person-rebuild", environment: "nimdta" },
  ]);
  expect(gaps.notKnown).toEqual([]);
});

test("gaps never take silence for a yes", async () => {
  const here = await estate({ catalogue: { groups: { "on-call": { slackGroup: "S_UNKNOWN" } } } });
  await here.servers.nimdta.close();
  const gaps = await here.permissions.gaps(asking());
  expect(gaps.people).toEqual([]);
  expect(gaps.notKnown.join("\n")).toContain("sync-nimdta: what Nightdesk may do there");
});

test("without a rota there is nothing to compare", async () => {
  const here = await estate({ catalogue: { rota: undefined } });
  await expect(here.permissions.gaps(asking({ actor: DEV }))).rejects.toMatchObject({
    code: "no_rota",
    wayOut: expect.stringContaining("rota:"),
  });
});
