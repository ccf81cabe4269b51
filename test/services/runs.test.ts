import { expect, test } from "vitest";
import { ASHA, BEN, DEV } from "../guard/fixture.ts";
import {
  asking,
  drive,
  hear,
  heldBy,
  history,
  numbered,
  partsOf,
  queue,
  reread,
  type World,
  world,
} from "../jobs/world.ts";

const WANTED = { job: "person-sync", environment: "prod", parameters: {} };
const SAFE = { ...WANTED, environment: "safe" };

const audits = (here: World) => here.store.db.selectFrom("audit").selectAll().orderBy("id").execute();
const countRuns = async (here: World) => (await here.store.db.selectFrom("runs").select("id").execute()).length;

async function question(here: World, from = asking(), wanted = SAFE) {
  const outcome = await here.runs.request(from, wanted);
  if (outcome.kind !== "ask") throw new Error("it was not asked");
  return outcome.question;
}

test("a run is numbered, queued, told and asked to be carried out, all at once", async () => {
  const here = await world();
  const outcome = await here.runs.request(asking(), { ...WANTED, parameters: { dateOverride: "ANY" } });
  expect(outcome).toMatchObject({
    kind: "done",
    value: { number: 1, state: "queued", by: "asha", parameters: { dateOverride: "ANY" }, proved: false },
  });
  const work = await here.store.db.selectFrom("outbox").select("kind").orderBy("kind").execute();
  expect(work.map((row) => row.kind)).toEqual(["run", "run-card"]);
  expect(await audits(here)).toMatchObject([
    { action: "run.request", outcome: "allowed", run_id: 1, reason: "role all: * in every environment" },
  ]);
});

test("the same request, delivered 1,000 times at once by several processes, is one run", async () => {
  const here = await world({ connections: 8 });
  const second = partsOf({ store: here.store, clock: here.clock, catalogue: here.catalogue });
  const same = asking();
  const deliver = (n: number) => (n % 2 === 0 ? here : second).runs.request(same, WANTED);
  const outcomes: Awaited<ReturnType<typeof deliver>>[] = [];
  // In waves: a thousand at once would test how long a connection is waited for.
  for (let wave = 0; wave < 20; wave += 1) {
    outcomes.push(...(await Promise.all(Array.from({ length: 50 }, (_, n) => deliver(n)))));
  }
  expect(new Set(outcomes.map((outcome) => (outcome.kind === "done" ? outcome.value.number : "asked")))).toEqual(
    new Set([1]),
  );
  expect(await countRuns(here)).toBe(1);
  expect((await audits(here)).map((row) => row.outcome)).toEqual(["allowed"]);
}, 60_000);

test("two people at once: one run, the other is told whose", async () => {
  const here = await world();
  const both = await Promise.allSettled([
    here.runs.request(asking(), WANTED),
    here.runs.request(asking({ actor: BEN }), WANTED),
  ]);
  expect(both.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
  const refused = both.find((one) => one.status === "rejected");
  expect(refused?.reason).toMatchObject({
    kind: "conflict",
    code: "already_active",
    message: expect.stringContaining("run 1 of person-sync in prod".replace("run", "Run")),
  });
  expect(await countRuns(here)).toBe(1);
});

test("another person's request key gives nothing away", async () => {
  const here = await world();
  const first = asking();
  await here.runs.request(first, WANTED);
  await expect(here.runs.request({ ...first, actor: BEN }, WANTED)).rejects.toMatchObject({
    code: "request_of_another",
  });
});

test("a refusal is in the audit, makes no run, and asks nothing of the target", async () => {
  const here = await world();
  await expect(here.runs.request(asking({ actor: DEV }), WANTED)).rejects.toMatchObject({
    kind: "denied",
    message: "Dev Patel may not run person-sync in prod.",
  });
  expect(await audits(here)).toMatchObject([
    { action: "run.request", outcome: "denied", actor_key: "dev", reason: "Dev Patel may not run person-sync in prod" },
  ]);
  expect(await countRuns(here)).toBe(0);
  expect(here.servers.prod.calls).toEqual([]);
});

test("jobs that conflict do not run side by side, whichever of them says so", async () => {
  const here = await world();
  await queue(here, "prod", "person-rebuild");
  await expect(queue(here, "prod", "person-sync")).rejects.toMatchObject({ code: "conflict" });
  expect((await queue(here, "nimdta", "person-sync")).state).toBe("queued");
});

test("a conflicting job that the target runs by itself counts, and one that it does not run is not waited for", async () => {
  const here = await world();
  here.nimdta.running.set("rebuildJob", true);
  await expect(queue(here, "nimdta")).rejects.toMatchObject({ code: "conflict_at_target" });
  here.nimdta.running.set("rebuildJob", false);
  await hear(here, "started", { job: "person-rebuild" });
  here.clock.advance({ seconds: 30 });
  expect((await queue(here, "nimdta")).state).toBe("queued");
});

test("what the target runs by itself is a conflict; one that cannot be asked is not", async () => {
  const here = await world();
  here.prod.running.set("personJob", true);
  await expect(queue(here)).rejects.toMatchObject({ kind: "conflict", code: "target_running" });
  here.prod.instead = () => ({ status: 500 });
  expect((await queue(here)).state).toBe("queued");
});

test("parameters that do not fit make no run", async () => {
  const here = await world();
  const wrong = (parameters: Record<string, string>) => here.runs.request(asking(), { ...WANTED, parameters });
  await expect(wrong({ dateOveride: "ANY" })).rejects.toMatchObject({
    code: "unknown_parameter",
    wayOut: 'Did you mean "dateOverride"?',
  });
  await expect(wrong({ dateOverride: "ANYTHING" })).rejects.toMatchObject({ code: "bad_parameter" });
  expect(await countRuns(here)).toBe(0);
});

test("a protected environment asks, and starts only on exactly the text, by the asker, in time, once", async () => {
  const here = await world();
  const asked = await question(here);
  expect(asked).toMatchObject({ look: "red", fields: [{ key: "confirm", expected: "safe person-sync" }] });
  expect(asked.lines.join(" ")).toContain("cannot be stopped");
  expect(await countRuns(here)).toBe(0);
  const submit = (confirm: string, more = {}) =>
    here.runs.request(asking({ confirmation: { id: asked.id, values: { confirm } }, surface: "modal", ...more }), SAFE);

  await expect(submit("safe person-syn")).rejects.toMatchObject({ kind: "invalid", code: "confirmation_mistyped" });
  await expect(submit("Safe person-sync")).rejects.toMatchObject({ code: "confirmation_mistyped" });
  await expect(submit("safe person-sync", { actor: BEN })).rejects.toMatchObject({ code: "confirmation_of_another" });
  const first = await submit("safe person-sync");
  const twice = await submit("safe person-sync");
  expect([first, twice]).toMatchObject([{ value: { number: 1 } }, { value: { number: 1 } }]);
  expect((await audits(here)).map((row) => row.outcome)).toEqual(["asked", "denied", "denied", "denied", "allowed"]);
});

test("a confirmation is bound to what was asked", async () => {
  const here = await world();
  const asked = await question(here);
  const confirmation = { id: asked.id, values: { confirm: "safe person-sync" } };
  await expect(
    here.runs.request(asking({ confirmation }), { ...SAFE, parameters: { dateOverride: "ANY" } }),
  ).rejects.toMatchObject({ code: "confirmation_differs" });
  await expect(
    here.runs.request(asking({ confirmation: { ...confirmation, id: "made-up" } }), SAFE),
  ).rejects.toMatchObject({ code: "confirmation_unknown" });
  here.clock.advance({ minutes: 10, seconds: 1 });
  await expect(here.runs.request(asking({ confirmation }), SAFE)).rejects.toMatchObject({
    code: "confirmation_expired",
  });
  expect(await countRuns(here)).toBe(0);
});

test("the same question delivered again is the same question", async () => {
  const here = await world();
  const from = asking();
  expect((await question(here, from)).id).toBe((await question(here, from)).id);
});

test("what changed while somebody typed still refuses", async () => {
  const here = await world();
  const asked = await question(here);
  here.prod.running.set("personJob", true);
  const confirmation = { id: asked.id, values: { confirm: "safe person-sync" } };
  await expect(here.runs.request(asking({ confirmation }), SAFE)).rejects.toMatchObject({ code: "target_running" });
});

test("a rerun is a new run with a parent and the same parameters", async () => {
  const here = await world();
  const first = await here.runs.request(asking(), { ...WANTED, parameters: { dateOverride: "NONE" } });
  if (first.kind !== "done") throw new Error("it was asked");
  await expect(here.runs.rerun(asking(), 1)).rejects.toMatchObject({ code: "already_active" });
  await here.runs.abort(asking(), 1, null);
  expect(await here.runs.rerun(asking({ actor: BEN }), 1)).toMatchObject({
    value: { number: 2, parent: 1, by: "ben", parameters: { dateOverride: "NONE" } },
  });
  await expect(here.runs.rerun(asking(), 9)).rejects.toMatchObject({ kind: "not_found" });
});

test("an abort is only ever refused for a missing grant, naming who may", async () => {
  const here = await world({ catalogue: { freezes: [{ name: "all", deny: {}, because: "night" }] } });
  await expect(queue(here)).rejects.toMatchObject({ code: "frozen" });
  const free = await world();
  const run = await queue(free);
  await expect(free.runs.abort(asking({ actor: DEV }), run.number, null)).rejects.toMatchObject({
    message: "Dev Patel may not abort person-sync in prod.",
    wayOut: "Ask Asha Rao or Ben Okoro, who may.",
  });
  expect((await audits(free)).at(-1)).toMatchObject({ action: "run.abort", outcome: "denied", run_id: run.id });
  expect((await free.runs.abort(asking(), run.number, null)).said).toContain("withdrawn");
  expect((await free.runs.abort(asking(), run.number, null)).said).toContain("has ended already");
});

async function unknownRun() {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "running" });
  here.prod.running.set("personJob", false);
  return { here, run: await drive(here, run) };
}

test("a run that nobody knows is settled by a person's word, and never shown as proved", async () => {
  const { here, run } = await unknownRun();
  const asked = await here.runs.settle(asking(), run.number, {});
  if (asked.kind !== "ask") throw new Error("it was not asked");
  expect(asked.question.fields.map((field) => field.key)).toEqual(["outcome", "reason"]);
  const confirmation = {
    id: asked.question.id,
    values: { outcome: "succeeded", reason: "seen in the log by asha@example.org" },
  };
  const settled = await here.runs.settle(asking({ confirmation }), run.number, {});
  expect(settled).toMatchObject({
    kind: "done",
    value: { state: "succeeded", proved: false, because: expect.stringContaining("Asha Rao says so") },
  });
  expect(await here.runs.settle(asking({ confirmation }), run.number, {})).toMatchObject({
    value: { state: "succeeded" },
  });
  expect(await reread(here, run)).toMatchObject({
    proof: { kind: "person", text: "Asha Rao: seen in the log by [e-mail]" },
  });
  expect(await heldBy(here)).toBeNull();
  expect((await audits(here)).filter((row) => row.action === "run.settle").map((row) => row.outcome)).toEqual([
    "asked",
    "allowed",
  ]);
});

test.each(["failed", "aborted"] as const)("settled in words at once as %s", async (outcome) => {
  const { here, run } = await unknownRun();
  await here.runs.settle(asking(), run.number, { outcome, reason: "asked the team" });
  expect(await reread(here, run)).toMatchObject({ state: outcome, proved: false });
  expect((await history(here, run)).at(-1)).toBe(outcome);
});

test("what is known is not settled, and only who may settles", async () => {
  const here = await world();
  const run = await drive(here, await queue(here), { state: "running" });
  await expect(here.runs.settle(asking(), run.number, { outcome: "failed", reason: "x" })).rejects.toMatchObject({
    code: "nothing_to_settle",
  });
  await expect(here.runs.settle(asking({ actor: DEV }), run.number, {})).rejects.toMatchObject({
    message: "Dev Patel may not settle person-sync in prod.",
  });
  expect((await audits(here)).slice(-2).map((row) => row.outcome)).toEqual(["denied", "denied"]);
});

test("an incident's thread tells its runs, and a failing signal stays with the run and its incident", async () => {
  const here = await world();
  const at = here.clock.now();
  const incident = await here.store.db
    .insertInto("incidents")
    .values({
      number: 1,
      status: "open",
      severity: "sev2",
      title: "person sync failed",
      opened_by: "system",
      channel: "ops",
      opened_at: at,
      first_seen_at: at,
      last_seen_at: at,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  const outcome = await here.runs.request(asking({ incident: 1 }), { ...WANTED, reason: "mapping is fixed" });
  expect(outcome).toMatchObject({ value: { incident: 1 } });
  const run = await drive(here, await numbered(here, 1), { state: "running" });
  expect(await hear(here, "failed")).toEqual({ runId: run.id, incidentId: incident.id });
  const entries = await here.store.db.selectFrom("timeline_entries").selectAll().orderBy("id").execute();
  expect(entries.map((entry) => [entry.kind, entry.text])).toEqual([
    ["run", "run 1: person-sync in prod requested: Asha Rao asked for it: mapping is fixed"],
    ["run", "run 1: person-sync in prod running: sync-prod accepted the start"],
    ["run", expect.stringContaining("run 1: person-sync in prod failed: ")],
  ]);
  const work = await here.store.db
    .selectFrom("outbox")
    .select(["kind", "ref"])
    .where("kind", "=", "incident")
    .execute();
  expect(work).toEqual([{ kind: "incident", ref: incident.id }]);
});

test("reading a run needs the view grant", async () => {
  const here = await world();
  await queue(here, "nimdta");
  await queue(here, "prod");
  expect(await here.runs.get(asking({ actor: DEV }), 2)).toMatchObject({
    number: 2,
    because: `${ASHA.name} asked for it`,
  });
  await expect(here.runs.get(asking({ actor: DEV }), 1)).rejects.toMatchObject({
    message: "Dev Patel may not view person-sync in nimdta.",
  });
  expect(await here.runs.newest(asking(), "person-sync", "nimdta")).toMatchObject({ number: 1 });
  expect(await here.runs.newest(asking({ actor: DEV }), "person-sync", "nimdta")).toBeNull();
});
