import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import type { WantedFreeze } from "../../src/services/contract.ts";
import { ASHA, BEN, CARLA, DEV } from "../guard/fixture.ts";
import { asking, history, numbered } from "../jobs/world.ts";
import { ask, audit, type Guarded, guarded, settleDown, state } from "./guarded.ts";

const at = (text: string) => Temporal.Instant.from(text);
const LEAD = () => asking({ actor: CARLA });

function wanted(more: Partial<WantedFreeze> = {}): WantedFreeze {
  return {
    ...{ mode: "deny", jobs: ["person-*"], environments: ["prod"], cron: null, forMs: null, zone: "Europe/London" },
    ...{ from: null, until: at("2021-03-17T07:00:00Z"), held: "defer", because: "TCS is released" },
    ...more,
  };
}

const until = async (here: Guarded, number: number) => (await numbered(here, number)).deferredUntil?.toString();

test("a start waits for the end of a freeze that somebody made, says why, and then goes on", async () => {
  const here = await guarded({});
  expect(await here.freezes.add(LEAD(), wanted())).toMatchObject({
    name: "freeze-1",
    holds: true,
    until: at("2021-03-17T07:00:00Z"),
  });
  expect(await ask(here)).toMatchObject({
    state: "deferred",
    because: "Asha Rao asked for it. freeze-1 holds it back until 2021-03-17 07:00 (Europe/London): TCS is released",
  });
  expect(await here.advance((await numbered(here, 1)).id)).toEqual({
    done: false,
    dueAt: at("2021-03-17T07:00:00Z"),
  });
  here.clock.advance({ hours: 1, minutes: 40 });
  await settleDown(here, 1);
  expect(await history(here, await numbered(here, 1))).toEqual(["deferred", "queued", "preparing"]);
  expect(await audit(here, "freeze.add")).toEqual(["carla freeze.add allowed"]);
});

test("elsewhere, and for other jobs, it holds nothing", async () => {
  const here = await guarded({});
  await here.freezes.add(LEAD(), wanted());
  expect(await ask(here, { environment: "nimdta" })).toMatchObject({ state: "queued" });
});

test("one that refuses, refuses, and says who may override it", async () => {
  const here = await guarded({});
  await here.freezes.add(LEAD(), wanted({ held: "refuse" }));
  await expect(ask(here)).rejects.toMatchObject({
    code: "frozen",
    message: "person-sync in prod is frozen by freeze-1 until 2021-03-17 07:00 (Europe/London): TCS is released.",
    wayOut: expect.stringContaining("Carla Diaz may override it"),
  });
});

test("made while it runs, it touches nothing that runs, and says what goes on", async () => {
  const here = await guarded({});
  await ask(here);
  await settleDown(here, 1);
  expect(await here.freezes.add(LEAD(), wanted())).toMatchObject({ goingOn: [1] });
  expect((await here.runs.abort(asking(), 1, null)).run.state).toBe("aborted");
});

test("made before a queued run has taken its place, it keeps it there, and says so once", async () => {
  const here = await guarded({});
  await ask(here);
  await here.freezes.add(LEAD(), wanted());
  await settleDown(here, 1);
  await settleDown(here, 1);
  expect(await history(here, await numbered(here, 1))).toEqual(["queued", "queued"]);
  here.clock.advance({ hours: 1, minutes: 40 });
  await settleDown(here, 1);
  expect(await state(here, 1)).toBe("preparing");
});

test("made longer by another one, the run waits on and says until when now", async () => {
  const here = await guarded({});
  await here.freezes.add(LEAD(), wanted());
  await ask(here);
  await here.freezes.add(LEAD(), wanted({ until: at("2021-03-17T09:00:00Z"), because: "and its database" }));
  expect(await until(here, 1)).toBe("2021-03-17T07:00:00Z");
  here.clock.advance({ hours: 1, minutes: 40 });
  await settleDown(here, 1);
  expect(await until(here, 1)).toBe("2021-03-17T09:00:00Z");
  expect(await here.runs.get(asking(), 1)).toMatchObject({
    state: "deferred",
    because: "freeze-2 holds it back until 2021-03-17 09:00 (Europe/London): and its database",
  });
});

test("ended by a person, what waited goes on at once; without an end it waits for that", async () => {
  const here = await guarded({});
  await here.freezes.add(LEAD(), wanted({ until: null }));
  expect((await ask(here)).because).toContain("until somebody ends it");
  await settleDown(here, 1);
  expect(await here.freezes.end(LEAD(), "freeze-1", "it is out")).toMatchObject({ name: "freeze-1", holds: false });
  const due = here.store.db.selectFrom("outbox").select("due_at").where("kind", "=", "run");
  expect((await due.executeTakeFirstOrThrow()).due_at).toEqual(here.clock.now());
  await settleDown(here, 1);
  expect(await state(here, 1)).toBe("preparing");
  expect(await audit(here, "freeze.end")).toEqual(["carla freeze.end allowed"]);
  await expect(here.freezes.end(LEAD(), "freeze-1", "again")).rejects.toMatchObject({ code: "freeze_not_found" });
});

test("a freeze of the catalogue is listed beside people's, and ended in the catalogue", async () => {
  const night = { name: "night", deny: { environments: ["prod"] }, cron: "0 0 * * *", for: "5h", because: "restart" };
  const here = await guarded({ freezes: [night] });
  await here.freezes.add(LEAD(), wanted());
  expect(await here.freezes.list(asking())).toMatchObject([
    { name: "night", byName: null, holds: false, cron: { expression: "0 0 * * *", forMs: 5 * 3_600_000 } },
    { name: "freeze-1", byName: "Carla Diaz", holds: true },
  ]);
  await expect(here.freezes.end(LEAD(), "night", "x")).rejects.toMatchObject({ code: "freeze_of_catalogue" });
});

test("only who may freeze everything that it covers makes or ends one", async () => {
  const roles = {
    operator: { members: ["asha", "ben"], allow: [{ actions: ["run", "view"] }] },
    keeper: { members: ["ben"], allow: [{ actions: ["freeze"], environments: ["prod"] }] },
  };
  const here = await guarded({ catalogue: { roles } });
  await expect(here.freezes.add(asking({ actor: ASHA }), wanted())).rejects.toMatchObject({
    message: "Asha Rao may not freeze person-sync in prod.",
    wayOut: "Ask Ben Okoro, who may.",
  });
  await expect(here.freezes.add(asking({ actor: BEN }), wanted({ environments: ["*"] }))).rejects.toMatchObject({
    message: "Ben Okoro may not freeze person-sync in nimdta.",
  });
  await here.freezes.add(asking({ actor: BEN }), wanted());
  await expect(here.freezes.end(asking({ actor: DEV }), "freeze-1", "x")).rejects.toMatchObject({ code: "no_grant" });
  await expect(here.freezes.add(asking({ actor: BEN }), wanted({ jobs: ["none"] }))).rejects.toMatchObject({
    code: "nothing_to_freeze",
  });
  expect(await audit(here)).toEqual([
    "asha freeze.add denied",
    "ben freeze.add denied",
    "ben freeze.add allowed",
    "dev freeze.end denied",
  ]);
});

test("the same request, delivered twice, is one freeze", async () => {
  const here = await guarded({});
  const same = LEAD();
  await here.freezes.add(same, wanted());
  expect((await here.freezes.add(same, wanted())).name).toBe("freeze-1");
  expect(await here.freezes.list(asking())).toHaveLength(1);
});

test("an override is one person's word for one run, and no approval is spared by it", async () => {
  const here = await guarded({ approvals: { count: 1, role: "operator" } });
  await here.freezes.add(LEAD(), wanted({ until: null }));
  await ask(here);
  await expect(here.freezes.override(asking(), 1, "needed")).rejects.toMatchObject({
    message: "Asha Rao may not freeze person-sync in prod.",
  });
  expect(await here.freezes.override(LEAD(), 1, "needed before 08:00")).toMatchObject({
    state: "awaiting_approval",
    because:
      "Carla Diaz overrode freeze-1: needed before 08:00. It needs 1 approval by operator: Ben Okoro may give it",
  });
  await here.runs.approve(asking({ actor: BEN }), 1);
  await settleDown(here, 1);
  expect(await state(here, 1)).toBe("preparing");
  expect(await audit(here, "freeze.override")).toEqual([
    "asha freeze.override denied",
    "carla freeze.override allowed",
  ]);
  await expect(here.freezes.override(LEAD(), 1, "again")).rejects.toMatchObject({ code: "nothing_to_override" });
});

test("an override expires: a run that starts later is held again", async () => {
  const here = await guarded({ approvals: { count: 1, role: "operator", expires: "2h" } });
  await here.freezes.add(LEAD(), wanted({ until: at("2021-03-17T09:00:00Z") }));
  await ask(here);
  await here.freezes.override(LEAD(), 1, "needed before 08:00");
  here.clock.advance({ minutes: 31 });
  expect(await here.runs.approve(asking({ actor: BEN }), 1)).toMatchObject({ state: "deferred" });
});

test("asked for with an override, it starts inside of the freeze; by whom, and why, is in the record", async () => {
  const here = await guarded({});
  await here.freezes.add(LEAD(), wanted({ held: "refuse" }));
  await expect(ask(here, { override: "I want to" })).rejects.toMatchObject({
    message: "Asha Rao may not override freeze-1, which holds person-sync in prod.",
  });
  expect(await ask(here, { actor: CARLA, override: "the fix" })).toMatchObject({
    state: "queued",
    because: "Carla Diaz asked for it. The freeze freeze-1 is overridden: the fix",
  });
  await settleDown(here, 1);
  expect(await state(here, 1)).toBe("preparing");
  expect((await audit(here)).slice(-2)).toEqual(["carla run.request allowed", "carla freeze.override allowed"]);
});
