import { expect, test } from "vitest";
import { ASHA, BEN, CARLA, DEV } from "../guard/fixture.ts";
import { asking, history, numbered, partsOf } from "../jobs/world.ts";
import { ask, audit, guarded, settleDown, state } from "./guarded.ts";

const ONE = { count: 1, role: "operator" };
const by = (actor = BEN) => asking({ actor });

test("a run that needs approvals waits, names who may give them, and starts nothing", async () => {
  const here = await guarded({ approvals: ONE });
  const run = await ask(here);
  expect(run).toMatchObject({
    state: "awaiting_approval",
    because: "Asha Rao asked for it. It needs 1 approval by operator: Ben Okoro may give it",
    approvedBy: [],
  });
  await settleDown(here, 1);
  expect(await state(here, 1)).toBe("awaiting_approval");
  expect(here.servers.prod.calls.filter((call) => call.method === "PUT")).toEqual([]);
});

test("somebody else of the role says yes, and it goes on; the yes is in the record", async () => {
  const here = await guarded({ approvals: ONE });
  await ask(here);
  expect(await here.runs.approve(by(), 1)).toMatchObject({
    state: "queued",
    approvedBy: ["ben"],
    because: "Ben Okoro approved it",
  });
  await settleDown(here, 1);
  expect(await history(here, await numbered(here, 1))).toEqual(["awaiting_approval", "queued", "preparing"]);
  expect(await audit(here)).toEqual(["asha run.request allowed", "ben run.approve allowed"]);
});

test.each([
  ["whoever asked", ASHA, "own_request", "Asha Rao may not approve person-sync in prod.", "Ben Okoro"],
  ["another role, whatever it grants", CARLA, "not_in_role", "Carla Diaz may not approve person-sync in prod.", "Ben"],
  ["nobody in particular", DEV, "not_in_role", "Dev Patel may not approve person-sync in prod.", "Ask Ben Okoro"],
] as const)("never by %s", async (_, actor, code, message, wayOut) => {
  const here = await guarded({ approvals: ONE });
  await ask(here);
  const refused = { code, message, wayOut: expect.stringContaining(wayOut) };
  await expect(here.runs.approve(by(actor), 1)).rejects.toMatchObject(refused);
  await expect(here.runs.reject(by(actor), 1, "no")).rejects.toMatchObject(refused);
  // Nobody is asked for a reason in vain.
  await expect(here.runs.reject(by(actor), 1, "")).rejects.toMatchObject(refused);
  expect(await state(here, 1)).toBe("awaiting_approval");
  const denied = ["approve", "reject", "reject"].map((verb) => `${actor.key} run.${verb} denied`);
  expect((await audit(here)).slice(1)).toEqual(denied);
});

test("two of three: the same person twice is one", async () => {
  const roles = {
    operator: { members: ["asha", "ben", "dev"], allow: [{ actions: ["run", "view"] }] },
  };
  const here = await guarded({ approvals: { count: 2, role: "operator" }, catalogue: { roles } });
  await ask(here);
  expect(await here.runs.approve(by(), 1)).toMatchObject({
    state: "awaiting_approval",
    because: "Ben Okoro approved it: 1 of 2",
  });
  expect(await here.runs.approve(by(), 1)).toMatchObject({ state: "awaiting_approval", approvedBy: ["ben"] });
  expect(await here.runs.approve(by(DEV), 1)).toMatchObject({ state: "queued", approvedBy: ["ben", "dev"] });
});

test("both at once are two, and it is queued once", async () => {
  const roles = { operator: { members: ["asha", "ben", "dev"], allow: [{ actions: ["run", "view"] }] } };
  const here = await guarded({ approvals: { count: 2, role: "operator" }, catalogue: { roles } });
  await ask(here);
  await Promise.all([here.runs.approve(by(), 1), here.runs.approve(by(DEV), 1)]);
  expect(await history(here, await numbered(here, 1))).toEqual(["awaiting_approval", "awaiting_approval", "queued"]);
});

test("one no ends it, and says why", async () => {
  const here = await guarded({ approvals: ONE });
  await ask(here);
  expect(await here.runs.reject(by(), 1, " ")).toMatchObject({
    kind: "ask",
    question: { title: "Reject run 1", look: "red", fields: [{ key: "reason" }] },
  });
  expect(await state(here, 1)).toBe("awaiting_approval");
  expect(await here.runs.reject(by(), 1, "wait for 05:00, says asha@example.org")).toMatchObject({
    kind: "done",
    value: {
      state: "rejected",
      because: "Ben Okoro rejected it: wait for 05:00, says [e-mail]. Nothing was started",
      approvedBy: [],
    },
  });
  await expect(here.runs.approve(by(), 1)).rejects.toMatchObject({ code: "nothing_to_approve" });
});

test("without an answer in time it expires", async () => {
  const here = await guarded({ approvals: { ...ONE, expires: "20m" } });
  const run = await numbered(here, (await ask(here)).number);
  expect(await here.advance(run.id)).toMatchObject({ done: false, dueAt: run.approvalsExpireAt });
  here.clock.advance({ minutes: 20 });
  await settleDown(here, 1);
  expect(await state(here, 1)).toBe("expired");
  await expect(here.runs.approve(by(), 1)).rejects.toMatchObject({ message: "Run 1 is expired." });
});

test("a catalogue that has changed meanwhile voids what would be approved", async () => {
  const here = await guarded({ approvals: ONE });
  await ask(here);
  const jobs = structuredClone({ ...here.catalogue.jobs });
  const place = jobs["person-sync"]?.environments["prod"];
  if (place === undefined) throw new Error("the job is not there");
  place.name = "another job";
  const after = partsOf({ store: here.store, clock: here.clock, catalogue: { ...here.catalogue, jobs } });
  await expect(after.runs.approve(by(), 1)).rejects.toMatchObject({
    code: "approval_void",
    message: expect.stringContaining("the catalogue has changed"),
  });
  expect(await state(here, 1)).toBe("withdrawn");
});

test("what was approved and is not what would be started any more is not started", async () => {
  const here = await guarded({ approvals: ONE });
  await ask(here);
  await here.runs.approve(by(), 1);
  const jobs = structuredClone({ ...here.catalogue.jobs });
  const place = jobs["person-sync"]?.environments["prod"];
  if (place === undefined) throw new Error("the job is not there");
  place.approvals = { count: 2, role: "operator", expiresMs: 60_000 };
  const after = partsOf({ store: here.store, clock: here.clock, catalogue: { ...here.catalogue, jobs } });
  await after.advance((await numbered(here, 1)).id);
  expect(await here.runs.get(asking(), 1)).toMatchObject({
    state: "withdrawn",
    because: expect.stringContaining("the approval is void"),
  });
});

test("it is taken back by whoever asked, without a grant to abort, and by whoever may abort it", async () => {
  const here = await guarded({ approvals: ONE });
  await ask(here, { actor: DEV });
  await expect(here.runs.abort(by(DEV), 1, null)).rejects.toMatchObject({
    message: "Dev Patel may not abort person-sync in prod.",
    wayOut: expect.stringMatching(/^It is your own request.*`\/sync withdraw run 1` takes it back\. Ask Asha/),
  });
  expect(await here.runs.withdraw(by(DEV), 1, "not needed")).toMatchObject({
    state: "withdrawn",
    because: "Dev Patel withdrew it: not needed. Nothing was started",
  });
  await ask(here);
  await expect(here.runs.withdraw(by(DEV), 2, null)).rejects.toMatchObject({
    code: "no_grant",
    wayOut: expect.stringMatching(/^Asha Rao asked for run 2 and may withdraw it\. Ask Asha/),
  });
  expect(await here.runs.withdraw(by(BEN), 2, null)).toMatchObject({ state: "withdrawn" });
  expect(await audit(here, "run.withdraw")).toEqual([
    "dev run.withdraw allowed",
    "dev run.withdraw denied",
    "ben run.withdraw allowed",
  ]);
});

test("what has begun is not withdrawn", async () => {
  const here = await guarded({});
  await ask(here);
  await settleDown(here, 1);
  await expect(here.runs.withdraw(by(ASHA), 1, null)).rejects.toMatchObject({
    code: "nothing_to_withdraw",
    wayOut: expect.stringContaining("/sync abort run 1"),
  });
});

test("a freeze that begins while people are asked holds it after their yes", async () => {
  const freezes = [{ name: "noon", deny: {}, cron: "30 5 * * *", for: "1h", zone: "UTC", because: "release" }];
  const here = await guarded({ approvals: ONE, freezes });
  await ask(here);
  here.clock.advance({ minutes: 15 });
  expect(await here.runs.approve(by(), 1)).toMatchObject({
    state: "deferred",
    because: "Ben Okoro approved it. noon holds it back until 2021-03-17 06:30 (Europe/London): release",
  });
  here.clock.advance({ hours: 1 });
  await settleDown(here, 1);
  expect(await history(here, await numbered(here, 1))).toEqual([
    ...["awaiting_approval", "deferred", "queued", "preparing"],
  ]);
});

test("an abort of what waits is a withdrawal, whatever else is asked of it", async () => {
  const here = await guarded({ approvals: ONE });
  await ask(here);
  expect((await here.runs.abort(by(), 1, null)).run).toMatchObject({ state: "withdrawn" });
});
