import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { refusal } from "../../src/guard/authorise.ts";
import { CHECKS, decide, decideWho, type Others, type RunInput } from "../../src/guard/decide.ts";
import { freezesOf } from "../../src/guard/freezes.ts";
import { needPlaced } from "../../src/guard/names.ts";
import { ASHA, BEN, CARLA, catalogueOf, DEV, IMPOSTOR } from "./fixture.ts";

const FREE: Others = { active: null, conflicts: [], beside: [], observed: [], target: { kind: "free" } };
const NIGHT = Temporal.Instant.from("2021-03-17T00:09:00Z");

function input(more: Partial<RunInput> & { environment?: string } = {}): RunInput {
  const catalogue = more.catalogue ?? catalogueOf();
  return {
    catalogue,
    groups: new Map(),
    actor: ASHA,
    action: "run",
    reads: false,
    freezes: freezesOf(catalogue),
    override: false,
    placed: needPlaced(catalogue, { job: "person-sync", environment: more.environment ?? "preprod" }),
    now: NIGHT,
    from: { channel: "C1", channelName: "ops" },
    confirmed: false,
    others: FREE,
    ...more,
  };
}

test("a grant lets it start, and is named", () => {
  expect(decide(input())).toEqual({ kind: "allow", because: "role operator: view, run in prod, preprod" });
  expect(decide(input({ actor: BEN }))).toMatchObject({
    because: "role operator (as member of on-call): view, run in prod, preprod",
  });
});

test("without a grant the refusal has its fixed form and names who may", () => {
  const decision = decide(input({ actor: DEV, environment: "nimdta" }));
  expect(decision).toMatchObject({
    kind: "deny",
    check: "who",
    reason: "Dev Patel may not run person-sync in nimdta",
    wayOut: "Ask Carla Diaz, who may.",
  });
  if (decision.kind !== "deny") throw new Error("not denied");
  expect(refusal(decision)).toMatchObject({ kind: "denied", message: "Dev Patel may not run person-sync in nimdta." });
});

test("nobody may: the way out is the catalogue", () => {
  const catalogue = catalogueOf({ roles: {} });
  expect(decide(input({ catalogue }))).toMatchObject({ code: "no_grant", wayOut: expect.stringContaining("roles:") });
});

test("a name chosen in Slack grants nothing; an e-mail of the catalogue does, in any case", () => {
  expect(decide(input({ actor: IMPOSTOR })).kind).toBe("deny");
  expect(decide(input({ actor: CARLA, environment: "nimdta", confirmed: true })).kind).toBe("allow");
});

test.each(["guest", "foreign"] as const)("a %s is refused whatever the grants say", (outsider) => {
  expect(decide(input({ actor: { ...ASHA, outsider } }))).toMatchObject({
    kind: "deny",
    check: "who",
    code: "outsider",
  });
});

test("a Slack group that cannot be asked grants nothing, and that is said", () => {
  const about = {
    catalogue: catalogueOf(),
    actor: DEV,
    wanted: { action: "abort", job: "person-sync", environment: "prod" },
  } as const;
  expect(decideWho({ ...about, groups: new Map([["leads", ["U_DEV"]]]) }).kind).toBe("allow");
  expect(decideWho({ ...about, groups: new Map([["leads", []]]) })).toMatchObject({ code: "no_grant" });
  expect(decideWho({ ...about, groups: new Map([["leads", null]]) })).toMatchObject({
    code: "group_not_known",
    wayOut: expect.stringContaining("leads"),
  });
});

test("an act on incidents asks for the action and the environment, not for a job", () => {
  const catalogue = catalogueOf();
  const wanted = { action: "incident", job: null, environment: "nimdta" } as const;
  expect(decideWho({ catalogue, groups: new Map(), actor: CARLA, wanted }).kind).toBe("allow");
  expect(decideWho({ catalogue, groups: new Map(), actor: DEV, wanted })).toMatchObject({
    reason: "Dev Patel may not change incidents in nimdta",
  });
});

test("a protected environment asks for exactly its name and the job's", () => {
  expect(decide(input({ environment: "prod" }))).toMatchObject({ kind: "ask", expected: "prod person-sync" });
  expect(decide(input({ environment: "prod", confirmed: true })).kind).toBe("allow");
});

test("a job that belongs to a channel is refused elsewhere, also outside Slack", () => {
  const jobs = { "person-sync": { environments: { preprod: { target: "nothing", fromChannel: "#ops" } } } };
  const catalogue = catalogueOf({ jobs });
  expect(decide(input({ catalogue })).kind).toBe("allow");
  for (const from of [
    { channel: "C2", channelName: "random" },
    { channel: null, channelName: null },
  ]) {
    expect(decide(input({ catalogue, from }))).toMatchObject({
      check: "where",
      wayOut: expect.stringContaining("#ops"),
    });
  }
});

test("a freeze holds inside its window and not outside", () => {
  const freezes = [
    {
      name: "auto-start",
      deny: { jobs: ["person-*"], environments: ["preprod"] },
      cron: "0 0 * * *",
      for: "5h",
      zone: "Europe/London",
      because: "a start before 05:00 runs every job",
    },
  ];
  const catalogue = catalogueOf({ freezes });
  const at = (now: string) => decide(input({ catalogue, now: Temporal.Instant.from(now) }));
  expect(at("2021-03-17T00:00:00Z")).toMatchObject({
    check: "when",
    reason: expect.stringContaining("runs every job"),
  });
  expect(at("2021-03-17T04:59:59Z").kind).toBe("deny");
  expect(at("2021-03-17T05:00:00Z").kind).toBe("allow");
  // Summer time: 05:00 in London is 04:00 in UTC.
  expect(at("2021-07-17T03:59:00Z").kind).toBe("deny");
  expect(at("2021-07-17T04:01:00Z").kind).toBe("allow");
});

test("a freeze from a date to a date is read in its zone; one that cannot be read holds", () => {
  const frozen = (window: Record<string, string>) =>
    decide(
      input({
        catalogue: catalogueOf({ freezes: [{ name: "x", because: "release", zone: "Europe/London", ...window }] }),
      }),
    ).kind;
  expect(frozen({ from: "2021-03-16T00:00", to: "2021-03-18T00:00" })).toBe("deny");
  expect(frozen({ from: "2021-03-18T00:00" })).toBe("allow");
  expect(frozen({ to: "2021-03-17T00:08:00Z" })).toBe("allow");
  expect(frozen({ from: "next week" })).toBe("deny");
});

test("a freeze that defers lets it be asked for, and says until when", () => {
  const freezes = [{ name: "night", deny: {}, cron: "0 0 * * *", for: "5h", then: "defer", because: "restart" }];
  expect(decide(input({ catalogue: catalogueOf({ freezes }) }))).toMatchObject({
    kind: "allow",
    hold: { freeze: { name: "night", until: Temporal.Instant.from("2021-03-17T05:00:00Z"), because: "restart" } },
  });
});

test("a freeze is overridden by whoever may freeze there, and by nobody else", () => {
  const roles = {
    operator: { members: ["asha", "ben"], allow: [{ actions: ["run"] }] },
    keeper: { members: ["ben"], allow: [{ actions: ["freeze"], environments: ["preprod"] }] },
  };
  const freezes = [{ name: "night", deny: {}, because: "release" }];
  const catalogue = catalogueOf({ freezes, roles });
  expect(decide(input({ catalogue }))).toMatchObject({
    code: "frozen",
    reason: "person-sync in preprod is frozen by night until somebody ends it: release",
    wayOut: expect.stringContaining("Ben Okoro may override it"),
  });
  expect(decide(input({ catalogue, override: true }))).toMatchObject({
    check: "when",
    code: "no_grant",
    reason: "Asha Rao may not override night, which holds person-sync in preprod",
    wayOut: "Ask Ben Okoro, who may.",
  });
  expect(decide(input({ catalogue, override: true, actor: BEN }))).toMatchObject({
    kind: "allow",
    hold: { overridden: { freeze: "night", grant: expect.stringContaining("keeper") } },
  });
});

test("approvals are asked of the others of the role, and where there are too few of them nobody types in vain", () => {
  const needing = (count: number) => {
    const place = { target: "nothing", approvals: { count, role: "operator" } };
    return catalogueOf({ jobs: { "person-sync": { environments: { preprod: place } } } });
  };
  expect(decide(input({ catalogue: needing(1) }))).toMatchObject({
    kind: "allow",
    hold: { approvals: { count: 1, role: "operator", expiresMs: 1_800_000, may: ["Ben Okoro"] } },
  });
  expect(decide(input({ catalogue: needing(2) }))).toMatchObject({
    check: "who_else",
    code: "approvals_impossible",
    reason: "person-sync in preprod needs 2 approvals by operator, and only Ben Okoro has that role beside you",
  });
});

test("what only reads is held by no freeze, no approval and no typing, but by its grant and its channel", () => {
  const place = { target: "nothing", fromChannel: "ops", approvals: { count: 1, role: "operator" } };
  const catalogue = catalogueOf({
    jobs: { "person-sync": { environments: { prod: place } } },
    freezes: [{ name: "night", deny: {}, because: "release" }],
  });
  const about = { catalogue, environment: "prod", reads: true };
  expect(decide(input(about))).toMatchObject({ kind: "allow" });
  expect(decide(input(about))).not.toHaveProperty("hold");
  expect(decide(input({ ...about, actor: DEV }))).toMatchObject({ check: "who" });
  expect(decide(input({ ...about, from: { channel: "C2", channelName: "x" } }))).toMatchObject({ check: "where" });
});

test.each([
  [
    { active: { number: 7, state: "running", stoppable: true } },
    "already_active",
    "or stop it with `/sync abort run 7`",
  ],
  [{ active: { number: 7, state: "running", stoppable: false } }, "already_active", "it cannot be stopped from here"],
  [{ active: { number: 7, state: "awaiting_approval", stoppable: false } }, "already_active", "/sync withdraw run 7"],
  [{ active: { number: 7, state: "queued", stoppable: true } }, "already_active", "/sync withdraw run 7"],
  [{ active: { number: 7, state: "restoring", stoppable: true } }, "already_active", "is not interrupted"],
  [{ active: { number: 7, state: "restore_failed", stoppable: true } }, "already_active", "/sync restore run 7"],
  [{ active: { number: 7, state: "unknown", stoppable: true } }, "already_active", "/sync settle run 7"],
  [
    { conflicts: [{ number: 8, job: "person-rebuild", state: "running", stoppable: true }] },
    "conflict",
    "/sync abort run 8",
  ],
  [
    { beside: [{ job: "person-rebuild", evidence: "it says so" }] },
    "conflict_at_target",
    "/sync status person-rebuild",
  ],
  [{ target: { kind: "running", evidence: "it says so", lastFailed: false } }, "target_running", "Wait"],
  [{ target: { kind: "running", evidence: "it says so", lastFailed: true } }, "target_stuck", "restarted"],
  [{ observed: [{ job: "person-sync", environments: ["prod", "nimdta"] }] }, "seen_running", "end message"],
] as const)("what else goes on is a conflict with a way out: %j", (others, code, wayOut) => {
  const decision = decide(input({ others: { ...FREE, ...others } }));
  expect(decision).toMatchObject({ kind: "deny", check: "what_else", code, wayOut: expect.stringContaining(wayOut) });
  if (decision.kind === "deny") expect(refusal(decision).kind).toBe("conflict");
});

test("a target that cannot be asked does not block by itself", () => {
  expect(decide(input({ others: { ...FREE, target: { kind: "not_known", why: "no answer" } } })).kind).toBe("allow");
});

test("whatever comes together: no grant is no start, the first check answers, and nobody types in vain", () => {
  const freezes = [{ name: "now", deny: { jobs: ["*"] }, because: "release" }];
  const bools = fc.record({
    granted: fc.boolean(),
    here: fc.boolean(),
    frozen: fc.boolean(),
    busy: fc.boolean(),
    approvals: fc.boolean(),
    confirmed: fc.boolean(),
    isProtected: fc.boolean(),
  });
  fc.assert(
    fc.property(bools, (is) => {
      const place = {
        target: "nothing",
        fromChannel: "ops",
        ...(is.approvals ? { approvals: { count: 2, role: "operator" } } : {}),
      };
      const environment = is.isProtected ? "prod" : "preprod";
      const catalogue = catalogueOf({
        jobs: { "person-sync": { environments: { [environment]: place } } },
        freezes: is.frozen ? freezes : [],
      });
      const decision = decide(
        input({
          catalogue,
          environment,
          actor: is.granted ? ASHA : DEV,
          from: { channel: "C", channelName: is.here ? "ops" : "random" },
          confirmed: is.confirmed,
          others: is.busy ? { ...FREE, active: { number: 1, state: "running", stoppable: true } } : FREE,
        }),
      );
      const noes = [!is.granted, !is.here, is.frozen, is.busy, is.approvals];
      const first = noes.indexOf(true);
      if (first >= 0) expect(decision).toMatchObject({ kind: "deny", check: CHECKS[first] });
      else expect(decision.kind).toBe(is.isProtected && !is.confirmed ? "ask" : "allow");
    }),
  );
});
