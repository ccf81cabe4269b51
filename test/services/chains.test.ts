import { describe, expect, test } from "vitest";
import { BEN } from "../guard/fixture.ts";
import { asking } from "../jobs/world.ts";
import { openIncident } from "../slack/record.ts";
import { asked, control, done, START } from "./control.ts";

const jobs = ["person-sync", "post-sync", "site-sync"];
const here = { jobs, environment: "preprod" };

describe("chain", () => {
  test("each job starts when the one before has succeeded, and no sooner", async () => {
    const { chains, move, advanceChain, view, due, audit } = await control();
    const first = done(await chains.start(asking(), here));
    expect(first).toMatchObject({ number: 1, job: "person-sync", chain: { position: 1, jobs, state: "running" } });
    await move(1, ...START);
    await advanceChain(1);
    await expect(view(2)).rejects.toThrow("there is no run 2");
    await move(1, "succeed");
    expect(await due()).toContain("chain 1");
    await advanceChain(1);
    await advanceChain(1);
    expect(await view(2)).toMatchObject({ job: "post-sync", state: "queued", chain: { position: 2 } });
    expect(await view(1)).toMatchObject({ chain: { next: 2 }, then: [] });
    await move(2, ...START, "succeed");
    await advanceChain(1);
    await move(3, ...START, "succeed");
    await advanceChain(1);
    expect(await view(3)).toMatchObject({
      chain: { position: 3, state: "done", said: null, next: null },
      because: "the chain is through: person-sync, post-sync, site-sync",
    });
    await expect(view(4)).rejects.toThrow("there is no run 4");
    expect(await audit()).toEqual([
      "asha chain.request allowed",
      "asha run.request allowed",
      "asha run.request allowed",
      "asha run.request allowed",
    ]);
  });

  test("the same request again is the same chain, and one run a position", async () => {
    const { chains, store } = await control();
    const once = asking();
    await Promise.all([chains.start(once, here), chains.start(once, here)]);
    await chains.start(once, here);
    expect(await store.db.selectFrom("chains").select("jobs").execute()).toEqual([{ jobs }]);
    expect(await store.db.selectFrom("runs").select("intent_key").execute()).toEqual([{ intent_key: "chain:1:1" }]);
  });

  test("stops at the first that fails, says what was not run and how to go on", async () => {
    const { chains, move, advanceChain, view, store } = await control();
    await chains.start(asking(), here);
    await move(1, ...START, "succeed");
    await advanceChain(1);
    await move(2, ...START, "fail");
    await advanceChain(1);
    await advanceChain(1);
    const said =
      "the chain stopped: run 2 (post-sync) failed. Not run: site-sync. When it is mended: `/sync chain post-sync site-sync preprod`";
    expect(await view(2)).toMatchObject({ state: "failed", because: said, chain: { state: "stopped", said } });
    expect(await store.db.selectFrom("runs").select("number").execute()).toHaveLength(2);
  });

  test("stops when its active run is aborted or withdrawn, also when the abort came too late", async () => {
    const { chains, runs, move, advanceChain, view } = await control();
    await chains.start(asking(), here);
    await runs.abort(asking(), 1, null);
    await advanceChain(1);
    expect((await view(1)).chain).toMatchObject({
      state: "stopped",
      said: expect.stringContaining("run 1 (person-sync) was withdrawn"),
    });

    await chains.start(asking(), here);
    await move(2, ...START);
    await runs.abort(asking(), 2, null);
    await move(2, "succeed");
    await advanceChain(2);
    expect((await view(2)).chain).toMatchObject({
      state: "stopped",
      said: "the chain stopped: run 2 (person-sync) succeeded, though an abort was asked for. Not run: post-sync, site-sync. When it is mended: `/sync chain post-sync site-sync preprod`",
    });
  });

  test("the guard decides anew at each turn: what is in the way then stops the chain", async () => {
    const { chains, runs, move, advanceChain, view, audit } = await control();
    await chains.start(asking(), here);
    done(await runs.request(asking(), { job: "post-sync", environment: "preprod", parameters: {} }));
    await move(1, ...START, "succeed");
    await advanceChain(1);
    expect((await view(1)).chain?.said).toContain(
      "post-sync was not started: Run 2 of post-sync in preprod is queued.",
    );
    expect((await view(1)).chain?.said).toContain("/sync chain post-sync site-sync preprod");
    expect((await audit()).at(-1)).toBe("asha run.request denied");
  });

  test("a protected environment asks once, for all of it", async () => {
    const { chains, move, advanceChain, view } = await control();
    const prod = { jobs: ["person-sync", "post-sync"], environment: "prod" };
    const question = asked(await chains.start(asking(), prod));
    expect(question.fields[0]?.expected).toBe("prod person-sync");
    expect(question.lines.join("\n")).toMatch(/1\. \*person-sync\*[\s\S]*2\. \*post-sync\*/);
    const yes = asking({ confirmation: { id: question.id, values: { confirm: "prod person-sync" } } });
    await expect(chains.start(yes, { ...prod, jobs: ["person-sync", "site-sync"] })).rejects.toMatchObject({
      code: "confirmation_differs",
    });
    expect(done(await chains.start(yes, prod))).toMatchObject({ number: 1, state: "queued" });
    await move(1, ...START, "succeed");
    await advanceChain(1);
    expect(await view(2)).toMatchObject({ job: "post-sync", state: "queued" });
  });

  test("nothing is started when one of its jobs may not be run, and the refusal is kept", async () => {
    const { chains, store, audit } = await control();
    await expect(chains.start(asking({ actor: BEN }), here)).rejects.toMatchObject({
      message: "Ben Okoro may not run post-sync in preprod.",
    });
    expect(await store.db.selectFrom("runs").selectAll().execute()).toEqual([]);
    expect(await audit()).toEqual(["ben chain.request denied"]);
    await expect(chains.start(asking(), { ...here, jobs: ["person-sync"] })).rejects.toMatchObject({ kind: "usage" });
    await expect(chains.start(asking(), { ...here, jobs: ["person-sync", "person-sync"] })).rejects.toThrow("twice");
  });

  test("what a later job needs is said before the first is started", async () => {
    const needs = { day: { type: "string", required: true } };
    const places = { preprod: { target: "plain" } };
    const { chains, store } = await control({
      jobs: { first: { environments: places }, second: { parameters: needs, environments: places } },
    });
    await expect(chains.start(asking(), { jobs: ["first", "second"], environment: "preprod" })).rejects.toMatchObject({
      code: "missing_parameter",
    });
    expect(await store.db.selectFrom("chains").selectAll().execute()).toEqual([]);
  });

  test("dry, it shows each job's plan and checks in order, and leaves nothing behind", async () => {
    const { chains, store, audit, runs } = await control();
    const prod = { jobs: ["person-sync", "post-sync"], environment: "prod" };
    const dry = await chains.dryStart(asking(), prod);
    expect(dry.runs.map(({ job, plan, blocked }) => [job, plan !== null, blocked])).toEqual([
      ["person-sync", true, false],
      ["post-sync", true, false],
    ]);
    expect(dry).toMatchObject({
      ...{ environment: "prod", blocked: false },
      next: 'Asked for now: you are asked to type "prod person-sync", then it starts. Each further one starts when the one before has succeeded, and is checked again then.',
    });
    const rows = async (table: "chains" | "runs" | "run_events" | "outbox" | "confirmations") =>
      (await store.db.selectFrom(table).selectAll().execute()).length;
    const kept = [await rows("chains"), await rows("runs"), await rows("run_events"), await rows("outbox")];
    expect([...kept, await rows("confirmations")]).toEqual([0, 0, 0, 0, 0]);
    expect(await audit()).toEqual(["asha run.dry_run allowed", "asha run.dry_run allowed"]);

    done(await runs.request(asking(), { job: "post-sync", environment: "preprod", parameters: {} }));
    const later = await chains.dryStart(asking(), here);
    expect(later).toMatchObject({ blocked: false, next: expect.stringContaining("it would stop before post-sync") });
    const first = await chains.dryStart(asking(), { ...here, jobs: ["post-sync", "site-sync"] });
    expect(first).toMatchObject({ blocked: true, next: "It would not be started." });
  });

  test("dry, one job that may not be run refuses all of it, and what is wrongly typed is said as ever", async () => {
    const { chains, audit } = await control();
    const dry = await chains.dryStart(asking({ actor: BEN }), here);
    expect(dry).toMatchObject({ blocked: true, next: "It would not be started." });
    expect(dry.runs[1]).toMatchObject({ plan: null, findings: [], checks: [{ check: "who", level: "block" }] });
    expect(await audit()).toEqual(["ben run.dry_run allowed", "ben run.dry_run denied", "ben run.dry_run denied"]);
    await expect(chains.dryStart(asking(), { ...here, jobs: ["person-sync"] })).rejects.toMatchObject({
      kind: "usage",
    });
  });

  test("asked in the thread of an incident's run, all of it is the incident's", async () => {
    const { chains, move, advanceChain, store, run, clock } = await control();
    await openIncident(store, clock.now());
    await chains.start(asking({ incident: 1 }), here);
    await move(1, ...START, "succeed");
    await advanceChain(1);
    expect([(await run(1)).incidentId, (await run(2)).incidentId]).toEqual([1, 1]);
    await move(2, ...START, "fail");
    await advanceChain(1);
    const told = await store.db.selectFrom("timeline_entries").select("text").orderBy("id", "desc").limit(1).execute();
    expect(told[0]?.text).toContain("run 2: post-sync in preprod: the chain stopped");
    await chains.start(asking({ run: 2 }), { ...here, jobs: ["post-sync", "site-sync"] });
    expect((await run(3)).incidentId).toBe(1);
  });

  test("an override is every run's of it, and whoever may not give one learns it before the first starts", async () => {
    const roles = {
      all: { members: ["asha"], allow: [{ actions: ["*"] }] },
      runner: { members: ["ben"], allow: [{ actions: ["view", "run"] }] },
    };
    const freezes = [
      { name: "release", deny: { environments: ["preprod"], jobs: ["post-sync"] }, because: "a release" },
    ];
    const { chains, move, advanceChain, run, store } = await control({ roles, freezes });
    const override = "the list is empty";
    await expect(chains.start(asking({ actor: BEN }), { ...here, override })).rejects.toMatchObject({
      message: "Ben Okoro may not override release, which holds post-sync in preprod.",
    });
    expect(await store.db.selectFrom("runs").select("number").execute()).toEqual([]);
    await chains.start(asking(), { ...here, override });
    expect((await run(1)).freezeOverride).toBeNull();
    await move(1, ...START, "succeed");
    await advanceChain(1);
    expect(await run(2)).toMatchObject({ state: "queued", freezeOverride: { freeze: "release", reason: override } });
    await move(2, ...START, "succeed");
    await chains.start(asking(), here);
    await move(3, "withdraw");
    expect(
      (await store.db.selectFrom("chains").select("override").orderBy("id").execute()).map((row) => row.override),
    ).toEqual([override, null]);
  });

  test("a protected environment shows the override, and the answer is bound to it", async () => {
    const { chains } = await control({ environments: { prod: { protected: true, look: "red" }, preprod: {} } });
    const prod = { jobs: ["person-sync", "post-sync"], environment: "prod" };
    const question = asked(await chains.start(asking(), { ...prod, override: "the list is empty" }));
    expect(question.lines.join("\n")).toContain("in spite of a freeze that holds it: the list is empty");
    const yes = asking({ confirmation: { id: question.id, values: { confirm: "prod person-sync" } } });
    await expect(chains.start(yes, prod)).rejects.toMatchObject({ code: "confirmation_differs" });
  });

  test("a process that died between the chain and its first run leaves work behind", async () => {
    const { chains, due, clock, advanceChain, store } = await control();
    await chains.start(asking(), here);
    expect(await due()).not.toContain("chain 1");
    clock.advance({ seconds: 30 });
    expect(await due()).toContain("chain 1");
    await advanceChain(1);
    expect(await store.db.selectFrom("runs").select("number").execute()).toHaveLength(1);
  });
});

test("what the catalogue has after a job is offered when it has succeeded, and not while a chain sees to it", async () => {
  const { runs, move, view } = await control();
  await runs.request(asking(), { job: "person-sync", environment: "preprod", parameters: {} });
  expect((await view(1)).then).toEqual([]);
  await move(1, ...START, "succeed");
  expect((await view(1)).then).toEqual(["post-sync", "site-sync"]);
});
