import { expect, test } from "vitest";
import { BEN, CARLA, DEV } from "../guard/fixture.ts";
import { asking, numbered } from "../jobs/world.ts";
import { ask, audit, guarded, settleDown } from "./guarded.ts";

const WANTED = { job: "person-sync", environment: "prod", parameters: {} };

const rowsOf = async (here: Awaited<ReturnType<typeof guarded>>) => {
  const count = async (table: "runs" | "run_events" | "outbox" | "confirmations") =>
    (await here.store.db.selectFrom(table).selectAll().execute()).length;
  return [await count("runs"), await count("run_events"), await count("outbox"), await count("confirmations")];
};

test("every check, the plan and what was found; nothing is started, and only the audit keeps that it was asked", async () => {
  const here = await guarded({});
  const dry = await here.runs.dryRun(asking(), WANTED);
  expect(dry.checks.map(({ check, level }) => `${check} ${level}`)).toEqual([
    ...["who info", "where info", "when info", "what_else info", "who_else info"],
  ]);
  expect(dry).toMatchObject({ blocked: false, next: "Asked for now: it starts.", look: "red" });
  expect(dry.plan).toContain("/sync/api/job/personJob");
  expect(dry.findings.map(({ check }) => check)).toEqual(expect.arrayContaining(["identity", "stopping"]));
  expect(await rowsOf(here)).toEqual([0, 0, 0, 0]);
  expect(here.servers.prod.calls.filter(({ method }) => method !== "GET")).toEqual([]);
  expect(await audit(here)).toEqual(["asha run.dry_run allowed"]);
});

test("what holds it is a warning, what refuses it blocks, and every check still says its own word", async () => {
  const freezes = [{ name: "release", deny: { environments: ["prod"] }, because: "TCS is released" }];
  const here = await guarded({ approvals: { count: 1, role: "operator" }, freezes });
  const dry = await here.runs.dryRun(asking(), WANTED);
  expect(dry.checks.map(({ check, level }) => `${check} ${level}`)).toEqual([
    ...["who info", "where info", "when block", "what_else info", "who_else warn"],
  ]);
  expect(dry.checks[2]).toMatchObject({ text: expect.stringContaining("is frozen by release until somebody ends it") });
  expect(dry).toMatchObject({ blocked: true, next: "It would not be started." });
  const overridden = await here.runs.dryRun(asking({ actor: CARLA }), { ...WANTED, override: "the fix" });
  expect(overridden).toMatchObject({ blocked: false });
  expect(overridden.next).toBe("Asked for now: it waits for 1 approval by operator, then it starts.");
});

test("a protected environment would ask; dry, it asks nothing", async () => {
  const here = await guarded({
    catalogue: { environments: { prod: { look: "red", protected: true }, nimdta: { look: "red" }, safe: {} } },
  });
  const dry = await here.runs.dryRun(asking(), WANTED);
  expect(dry.next).toBe('Asked for now: you are asked to type "prod person-sync", then it starts.');
});

test("whoever may not run it learns nothing, and no target is asked", async () => {
  const here = await guarded({
    catalogue: { roles: { operator: { members: ["asha"], allow: [{ actions: ["*"] }] } } },
  });
  const dry = await here.runs.dryRun(asking({ actor: DEV }), WANTED);
  expect(dry).toMatchObject({ plan: null, findings: [], blocked: true });
  expect(dry.checks).toEqual([
    {
      check: "who",
      level: "block",
      text: "Dev Patel may not run person-sync in prod",
      wayOut: "Ask Asha Rao, who may.",
    },
  ]);
  expect(here.servers.prod.calls).toEqual([]);
  expect(await audit(here)).toEqual(["dev run.dry_run denied"]);
});

test("a target that does not answer is not known, within three seconds", async () => {
  const here = await guarded({});
  here.prod.instead = () => ({ status: 200, afterMs: 10_000 });
  const from = performance.now();
  const dry = await here.runs.dryRun(asking(), WANTED);
  expect(performance.now() - from).toBeLessThan(3_000);
  expect(dry.findings[0]).toMatchObject({
    level: "warn",
    text: expect.stringContaining("not known, because sync-prod did not"),
  });
  expect(dry).toMatchObject({ blocked: false });
});

test("a run that is under way stands in the way, also of a dry rerun", async () => {
  const here = await guarded({});
  await ask(here, { actor: BEN });
  await settleDown(here, 1);
  const dry = await here.runs.dryRerun(asking(), 1);
  expect(dry.checks.find(({ check }) => check === "what_else")).toMatchObject({
    level: "block",
    wayOut: expect.stringContaining("/sync abort run 1"),
  });
  expect((await numbered(here, 1)).number).toBe(1);
});

test("how long it usually takes is by what such runs took", async () => {
  const here = await guarded({ job: { expect: { duration: "18m" } } });
  const dry = await here.runs.dryRun(asking(), WANTED);
  expect(dry.findings.find(({ check }) => check === "expected")).toMatchObject({ text: "expected to take 18 min" });
});
