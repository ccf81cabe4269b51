import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import type { Http } from "../../src/base/http.ts";
import { HttpFailure } from "../../src/base/http.ts";
import { keepDeploys } from "../../src/changes/suspects.ts";
import type { PersonActor } from "../../src/config/actor.ts";
import { createAuthorise } from "../../src/guard/authorise.ts";
import { saveSignals } from "../../src/incidents/signals.store.ts";
import { createGates } from "../../src/services/gates.ts";
import { createAdvanceGate, wakeGates } from "../../src/services/gates-advance.ts";
import { createAskGate, gateAsked } from "../../src/services/gates-ask.ts";
import { testDatabase } from "../helpers/database.ts";
import { catalogueOf } from "../helpers/hear.ts";

const person = (key: string, name: string, slack: string): PersonActor => ({ kind: "person", key, name, slack });
const ASHA = person("asha", "Asha Rao", "U012");
const BEN = person("ben", "Ben Okafor", "U034");
const DEV = person("dev", "Dev Lin", "U056");

const catalogue = catalogueOf({
  environments: { prod: { protected: true, look: "red" } },
  people: {
    asha: { name: "Asha Rao", slack: "U012", email: "asha@example.org", logins: ["asha-on-the-forge"] },
    ben: { name: "Ben Okafor", slack: "U034" },
    dev: { name: "Dev Lin", slack: "U056" },
  },
  roles: {
    release: { members: ["asha", "ben"], allow: [{ actions: ["gate"], environments: ["prod"] }] },
    everyone: { members: ["dev"], allow: [{ actions: ["gate"] }] },
  },
  gates: {
    rules: [
      { match: { service: "lookup" }, auto: true },
      { match: { service: "pay" }, author: "required" },
      { match: { service: "vault" }, author: "known" },
      { role: "release", timeout: "30m" },
    ],
    probes: { ready: { url: "https://tcs.example/ready", timeout: "1s" } },
  },
  routes: [{ channel: "ops" }],
});

async function world() {
  const { store } = await testDatabase();
  const clock = manualClock("2024-01-08T01:00:00Z");
  let answer: () => ReturnType<Http> = async () => ({ status: 200, headers: new Headers(), body: "" });
  const groupMembers = async () => [];
  const parts = { store, clock, catalogue, groupMembers, http: (() => answer()) as Http };
  const gates = createGates({ ...parts, authorise: createAuthorise(parts) });
  const ask = createAskGate(parts);
  const advance = createAdvanceGate(parts);
  let requests = 0;
  const asking = (actor: PersonActor) => ({
    ...{ actor, surface: "slash" as const, requestKey: `request-${++requests}` },
    ...{ channel: null, channelName: null, incident: null, run: null },
  });
  return {
    store,
    clock,
    gates,
    advance,
    asking,
    probe: (next: typeof answer) => {
      answer = next;
    },
    ask: (over: Record<string, unknown> = {}) =>
      ask(
        gateAsked.parse({
          service: "ndw-etl",
          version: "12",
          environment: "prod",
          author: "asha-on-the-forge",
          ...over,
        }),
      ),
    deployed: (service: string, version: string) =>
      store.tx(async (tx) => {
        const now = clock.now();
        const [signal] = await saveSignals(tx, [
          {
            ...{
              inboxId: null,
              ordinal: 0,
              source: "deploys",
              kind: "deployed",
              title: `${service} ${version}`,
              service,
            },
            ...{ environment: "prod", environments: [], job: null, cause: null, severity: null, rid: null },
            ...{
              tags: { "deploy.version": version },
              counts: null,
              error: null,
              url: null,
              at: now,
              receivedAt: now,
              condition: "",
            },
          },
        ]);
        if (signal === undefined) throw new Error("no signal");
        const joinings = [{ signal, incident: null, joinedBy: { rule: "", key: "", why: "" }, run: null }];
        await keepDeploys(tx, joinings, now);
        await wakeGates(tx, joinings, now);
      }),
    audit: async () =>
      (await store.db.selectFrom("audit").select(["action", "outcome", "actor_key"]).orderBy("id").execute()).map(
        ({ action, outcome, actor_key }) => `${actor_key} ${action} ${outcome}`,
      ),
  };
}

test("held by default, the same question is one gate, and another of the role opens it", async () => {
  const here = await world();
  const first = await here.ask();
  expect(first).toMatchObject({
    isNew: true,
    gate: { number: 1, state: "held", may: ["Ben Okafor"], authorKey: "asha" },
  });
  expect(await here.ask()).toMatchObject({ isNew: false, gate: { number: 1 } });
  expect(await here.gates.approve(here.asking(BEN), 1, "")).toMatchObject({
    value: { state: "approved", because: "Ben Okafor approved it" },
  });
  expect((await here.ask()).gate.state).toBe("approved");
  await expect(here.gates.reject(here.asking(BEN), 1, "too late")).rejects.toMatchObject({ code: "gate_decided" });
  expect(await here.audit()).toEqual(["gates gate.ask asked", "ben gate.decide allowed", "ben gate.decide denied"]);
});

test("never by the author, never by another role, never without a grant", async () => {
  const here = await world();
  await here.ask();
  await expect(here.gates.approve(here.asking(ASHA), 1, "")).rejects.toMatchObject({
    code: "own_deploy",
    message: "Asha Rao may not gate ndw-etl in prod.",
    wayOut: "Nobody opens the gate for a deploy of their own. Ask Ben Okafor, who may.",
  });
  await expect(here.gates.approve(here.asking(DEV), 1, "")).rejects.toMatchObject({ code: "not_in_role" });
  const stranger = person("eve", "Eve Stone", "U099");
  await expect(here.gates.reject(here.asking(stranger), 1, "no")).rejects.toMatchObject({
    code: "no_grant",
    wayOut: "Ask Ben Okafor, who may.",
  });
  expect((await here.ask()).gate.state).toBe("held");
  expect(await here.audit()).toHaveLength(4);
});

test.each([
  ["asha@example.org", "asha"],
  ["asha@home.example.org", null],
])("an author who is told by e-mail may not open it either, but take it back: %s", async (author, authorKey) => {
  const here = await world();
  const { gate } = await here.ask({ author });
  expect(gate).toMatchObject({ authorKey, author: "[e-mail]" });
  const asha = { ...ASHA, email: author };
  await expect(here.gates.approve(here.asking(asha), 1, "")).rejects.toMatchObject({ code: "own_deploy" });
  expect(JSON.stringify(await here.store.db.selectFrom("audit").selectAll().execute())).not.toContain("@example.org");
  expect(await here.gates.reject(here.asking(asha), 1, "wrong branch")).toMatchObject({
    value: { state: "refused", code: "withdrawn", because: "Asha Rao took it back: wrong branch" },
  });
});

test("where its rule demands the author, a question without one opens no gate", async () => {
  const here = await world();
  await expect(here.ask({ service: "pay", author: undefined })).rejects.toMatchObject({
    kind: "invalid",
    code: "author_required",
    message: "author: the gate of pay in prod has to know who deploys, so that somebody else opens it.",
  });
  await expect(here.ask({ service: "vault", author: undefined })).rejects.toMatchObject({ code: "author_required" });
  await expect(here.ask({ service: "vault", author: "bot@example.org" })).rejects.toMatchObject({
    code: "author_not_known",
    message: expect.stringContaining('nobody in the catalogue is called "[e-mail]"'),
  });
  expect(await here.audit()).toEqual([]);
  expect((await here.ask({ service: "pay", author: "a-bot" })).gate).toMatchObject({ number: 1, authorKey: null });
  expect((await here.ask({ service: "vault" })).gate).toMatchObject({ number: 2, authorKey: "asha" });
});

test.each([
  ["asha-on-the-forge", ["Ben Okafor", "Dev Lin"]],
  ["U034", ["Asha Rao", "Dev Lin"]],
  ["nobody-we-know", ["Asha Rao", "Ben Okafor", "Dev Lin"]],
])("whoever is asked to open it is not its author: %s", async (author, may) => {
  const here = await world();
  expect((await here.ask({ service: "pay", author })).gate.may).toEqual(may);
});

test("where its source is not deployed, the word needs a reason, and the record says in spite of what", async () => {
  const here = await world();
  await here.deployed("tcs", "6.1");
  const { gate } = await here.ask({ requirements: ["tcs >= 6.2"] });
  expect(gate.findings).toEqual([
    { wanted: "tcs >= 6.2 in prod", met: false, why: "tcs 6.1 is deployed in prod since 2024-01-08 01:00 (UTC)" },
  ]);
  expect(await here.gates.approve(here.asking(BEN), 1, "")).toMatchObject({
    kind: "ask",
    question: { id: "approve-gate", lines: [expect.anything(), expect.stringContaining("tcs 6.1 is deployed")] },
  });
  expect(await here.gates.approve(here.asking(BEN), 1, "the column is there")).toMatchObject({
    value: { state: "approved", because: "Ben Okafor approved it in spite of tcs >= 6.2 in prod: the column is there" },
  });
});

test("refused at its time, at the latest; the catalogue bounds what a pipeline may ask", async () => {
  const here = await world();
  const { gate } = await here.ask({ timeout: "9h" });
  expect(gate.expiresAt.toString()).toBe("2024-01-08T01:30:00Z");
  expect(await here.advance(1)).toEqual({ done: false, dueAt: gate.expiresAt });
  here.clock.advance({ minutes: 30 });
  await expect(here.gates.approve(here.asking(BEN), 1, "")).rejects.toMatchObject({ code: "gate_decided" });
  expect(await here.advance(1)).toEqual({ done: true });
  expect((await here.ask()).gate).toMatchObject({ state: "refused", code: "timeout" });
});

test("what is asked for later takes the place of what waits", async () => {
  const here = await world();
  await here.ask({ id: "run-1" });
  await here.ask({ id: "run-2", version: "13" });
  expect((await here.ask({ id: "run-1" })).gate).toMatchObject({
    ...{ number: 1, state: "refused", code: "superseded", supersededBy: 2 },
    because: "gate 2 asks for ndw-etl 13 in its place",
  });
  expect((await here.gates.list(here.asking(BEN), { all: false })).map(({ number }) => number)).toEqual([2]);
});

test("one that opens by itself opens when all is proved to be there, and not before", async () => {
  const here = await world();
  here.probe(() => Promise.reject(new HttpFailure("away", { sent: false, timedOut: false, cause: null })));
  await here.ask({ service: "lookup", requirements: ["tcs >= 6.2", "probe ready"] });
  await here.advance(1);
  await here.deployed("tcs", "6.2");
  await here.advance(1);
  expect((await here.ask({ service: "lookup" })).gate).toMatchObject({
    state: "held",
    findings: [{ met: true }, { met: false, why: "it cannot be reached" }],
  });
  here.probe(async () => ({ status: 200, headers: new Headers(), body: "" }));
  expect(await here.advance(1)).toEqual({ done: true });
  expect((await here.ask({ service: "lookup" })).gate).toMatchObject({ state: "approved", code: "met" });
});

test("a question that cannot be understood is answered with what to mend", async () => {
  const here = await world();
  await expect(here.ask({ environment: "prdo" })).rejects.toMatchObject({ code: "unknown_environment" });
  await expect(here.ask({ requirements: ["probe http://10.0.0.1"] })).rejects.toMatchObject({ code: "requirement" });
  expect(gateAsked.safeParse({ service: "a", version: "1", environment: "prod", serivce: "b" }).success).toBe(false);
});
