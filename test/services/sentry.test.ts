import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { http } from "../../src/base/http.ts";
import { silentLogger } from "../../src/base/log.ts";
import { createAuthorise } from "../../src/guard/authorise.ts";
import { setStatus } from "../../src/incidents/changes.ts";
import { incidentByNumber, listIncidents } from "../../src/incidents/incidents.store.ts";
import { timelineOf } from "../../src/incidents/timeline.store.ts";
import { createInboxProcessor } from "../../src/intake/process.ts";
import { createReceiver } from "../../src/intake/receive.ts";
import { HOOK_SOURCES } from "../../src/intake/sources/index.ts";
import { createSentry } from "../../src/services/sentry.ts";
import { createSentryCarry } from "../../src/services/sentry-carry.ts";
import { createSentryCatchUp } from "../../src/services/sentry-catch-up.ts";
import { noteSentryIssues } from "../../src/services/sentry-issues.store.ts";
import { beginLooks } from "../../src/services/sentry-looks.store.ts";
import { testDatabase } from "../helpers/database.ts";
import { catalogueOf, ESTATE, sentryRequest } from "../helpers/hear.ts";
import { fakeSentry } from "../helpers/sentry.ts";
import { asha, asking, ben } from "./desk.ts";

const START = "2021-03-16T14:42:00Z";
/** Seconds after the start. */
const at = (seconds: number) => new Date(Date.parse(START) + seconds * 1_000).toISOString();

/** Nightdesk's hearing and the Sentry it asks: one process, real Postgres, a loopback Sentry. */
async function world(api: Record<string, unknown> = {}, crons: Record<string, string> = {}) {
  const { store } = await testDatabase();
  const clock = manualClock(START);
  const sentry = await fakeSentry({ page: 20 });
  const settings = { url: sentry.url, organization: "acme", token: sentry.token, ...api };
  const catalogue = catalogueOf({
    ...ESTATE,
    sources: { sentry: { kind: "sentry", secret: "sentry-secret", api: settings, crons } },
    people: {
      asha: { name: "Asha Rao", slack: "U012", email: "asha@example.org" },
      ben: { name: "Ben Okafor", slack: "U034" },
    },
    roles: { operator: { members: ["asha"], allow: [{ actions: ["incident"] }] } },
  });
  const shared = { store, catalogue, sources: HOOK_SOURCES, clock, log: silentLogger };
  const receiver = createReceiver(shared);
  const processor = createInboxProcessor({
    ...shared,
    ports: {
      linkSignal: async () => null,
      signalsJoined: (tx, joinings) => noteSentryIssues(tx, joinings),
      captureSlackEvent: async () => {},
      channelName: async () => null,
      self: () => ({}),
    },
  });
  await beginLooks(store, ["sentry"], clock.now());
  const parts = { store, clock, catalogue, http, log: silentLogger };
  const look = createSentryCatchUp(parts);
  const carry = createSentryCarry(parts);
  const authorise = createAuthorise({ store, clock, catalogue, groupMembers: async () => [] });
  const services = createSentry({ store, clock, catalogue, authorise });
  const need = async (number = 1) => {
    const incident = await incidentByNumber(store.db, number);
    if (incident === null) throw new Error(`there is no INC-${number}`);
    return incident;
  };
  return {
    ...{ store, clock, sentry, catalogue, services, need },
    hears: async (body: unknown, resource: string) => {
      const { status } = await receiver.receive("sentry", sentryRequest(body, { resource }));
      expect(status).toBe(202);
    },
    process: () => processor.process(),
    /** A look, and what it put into the inbox. */
    look: async () => {
      const outcome = await look(1);
      await processor.process();
      return outcome;
    },
    onlyLook: () => look(1),
    carry: (id = 1) => carry(id),
    incidents: () =>
      listIncidents(store.db, { statuses: ["open", "acknowledged", "mitigated", "resolved"], limit: 50 }),
    texts: async (number = 1) => (await timelineOf(store.db, (await need(number)).id)).map(({ text }) => text),
    audit: () => store.db.selectFrom("audit").select(["action", "outcome", "actor_key"]).orderBy("id").execute(),
    seen: () => store.db.selectFrom("sentry_looks").select(["failures", "trouble"]).executeTakeFirstOrThrow(),
  };
}

test("what a lost webhook would have told is caught up, once: with where, when, how often, and that it was learned late", async () => {
  const { sentry, clock, look, incidents, store, need } = await world();
  const { issue } = sentry.happens({ at: at(3), environment: "production", tags: { traineeId: "90211" } });
  for (let n = 1; n < 50; n += 1) sentry.happens({ issue, at: at(3 + n / 10), environment: "production" });
  clock.advance({ seconds: 30 });
  expect(await look()).toMatchObject({ done: false, dueAt: clock.now().add({ seconds: 30 }) });
  clock.advance({ seconds: 30 });
  await look();
  expect(await incidents()).toHaveLength(1);
  expect(await need()).toMatchObject({ environment: "prod", services: ["esr-generator"], firingCount: 1 });
  const [line] = await timelineOf(store.db, (await need()).id);
  expect(line?.text).toContain("seen 50 times");
  expect([line?.at.toString(), line?.learnedAt.toString()]).toEqual(["2021-03-16T14:42:03Z", "2021-03-16T14:42:30Z"]);
  expect(sentry.wrong).toEqual([]);
});

test("webhook and look race: whichever comes first is the one, and the other is known", async () => {
  const { sentry, clock, hears, look, onlyLook, process, need, incidents } = await world();
  const first = sentry.happens({ at: at(1), type: "Early" });
  clock.advance({ seconds: 40 });
  await look();
  expect((await need()).firingCount).toBe(1);
  // Late after all: the making of the issue and the rule's word about its event.
  await hears(sentry.hook(first.issue, "created"), "issue");
  await hears(sentry.alert(first.issue, first.event), "event_alert");
  await process();
  expect(await need()).toMatchObject({ firingCount: 1, signalCount: 1 });

  // The other way round, and the webhook is kept but not yet processed when the look comes.
  const second = sentry.happens({ at: at(41), type: "Late" });
  clock.advance({ seconds: 40 });
  await hears(sentry.alert(second.issue, second.event), "event_alert");
  await onlyLook();
  await process();
  await look();
  expect((await incidents()).map(({ firingCount }) => firingCount)).toEqual([1, 1]);
});

test("webhooks and looks at the same moment: each issue is told once, however they meet", async () => {
  const { sentry, clock, hears, onlyLook, process, store } = await world();
  const happened = Array.from({ length: 6 }, (_, n) => sentry.happens({ at: at(n), type: `Cause${n}` }));
  clock.advance({ seconds: 40 });
  const webhooks = happened.map(async ({ issue, event }, n) => {
    await new Promise((done) => setTimeout(done, n * 15));
    await hears(sentry.alert(issue, event), "event_alert");
  });
  await Promise.all([onlyLook(), onlyLook(), process(), ...webhooks]);
  await process();
  await onlyLook();
  await process();
  const signals = await store.db.selectFrom("signals").select("tags").execute();
  const issues = signals.map(({ tags }) => JSON.stringify(tags).match(/"sentry.issue":"(\d+)"/)?.[1] ?? "");
  expect(issues.sort()).toEqual(happened.map(({ issue }) => issue).sort());
});

test("history is not imported: neither what goes on since before the start, nor what came back before it", async () => {
  const { sentry, clock, look, incidents } = await world();
  const old = sentry.happens({ at: at(-9_000), type: "Ongoing" });
  const back = sentry.happens({ at: at(-9_000), type: "CameBack" });
  sentry.change(back.issue, { status: "resolved", at: at(-8_000) });
  sentry.happens({ issue: back.issue, at: at(-7_000), type: "CameBack" });
  for (const n of [1, 2, 3]) {
    sentry.happens({ issue: old.issue, at: at(n * 30 - 15) });
    sentry.happens({ issue: back.issue, at: at(n * 30 - 15) });
    clock.advance({ seconds: 30 });
    await look();
  }
  expect(await incidents()).toEqual([]);
  expect(sentry.calls.filter((call) => call === `GET /issues/${back.issue}/`)).toHaveLength(1);
});

test("a webhook is given ten seconds to come by itself", async () => {
  const { sentry, clock, look, incidents } = await world();
  clock.advance({ seconds: 30 });
  sentry.happens({ at: at(25) });
  await look();
  expect(await incidents()).toEqual([]);
  clock.advance({ seconds: 30 });
  await look();
  expect(await incidents()).toHaveLength(1);
});

test("an issue that came back without a webhook fires again, also one of which nothing was ever heard", async () => {
  const { sentry, clock, hears, look, process, need, incidents } = await world();
  const known = sentry.happens({ at: at(-100), type: "Known" });
  const stranger = sentry.happens({ at: at(-90_000), type: "Stranger" });
  sentry.change(stranger.issue, { status: "resolved", at: at(-80_000) });
  await hears(sentry.alert(known.issue, known.event), "event_alert");
  sentry.change(known.issue, { status: "resolved", at: at(1) });
  clock.advance({ seconds: 2 });
  await hears(sentry.hook(known.issue, "resolved"), "issue");
  await process();
  expect((await need()).status).toBe("resolved");
  sentry.happens({ issue: known.issue, at: at(20) });
  sentry.happens({ issue: stranger.issue, at: at(21) });
  clock.advance({ seconds: 40 });
  await look();
  expect(await need()).toMatchObject({ status: "open", reopenedCount: 1 });
  expect((await incidents()).map(({ title }) => title.split(":")[0]).sort()).toEqual(["Known", "Stranger"]);
  // The webhook is late: it speaks of the same event.
  await hears(sentry.hook(known.issue, "unresolved"), "issue");
  await process();
  expect((await need()).firingCount).toBe(2);
});

test("what was resolved or archived in Sentry without a webhook is over here", async () => {
  const { sentry, clock, hears, look, process, incidents, texts, need } = await world();
  const one = sentry.happens({ at: at(-5), type: "One" });
  const two = sentry.happens({ at: at(-5), type: "Two", environment: "stage" });
  for (const { issue, event } of [one, two]) await hears(sentry.alert(issue, event), "event_alert");
  await process();
  await look();
  expect((await incidents()).map(({ status }) => status)).toEqual(["open", "open"]);
  sentry.change(one.issue, { status: "resolved", at: at(10) });
  sentry.change(two.issue, { status: "ignored", at: at(12) });
  clock.advance({ seconds: 30 });
  await look();
  expect((await incidents()).map(({ status }) => status)).toEqual(["resolved", "resolved"]);
  expect((await need(1)).resolvedAt?.toString()).toBe("2021-03-16T14:42:10Z");
  expect((await texts(2)).at(-1)).toContain("archived in Sentry until it escalates");
  const calls = sentry.calls.length;
  clock.advance({ seconds: 30 });
  await look();
  // Over is over: only the list is asked for.
  expect(sentry.calls.slice(calls)).toEqual(["GET /issues/"]);
});

test("a token that is refused, a limit and an outage make it wait, and lose nothing", async () => {
  const { sentry, clock, look, incidents, seen } = await world();
  sentry.happens({ at: at(5) });
  clock.advance({ seconds: 30 });
  sentry.answerNext({ status: 429, headers: { "retry-after": "77" } });
  expect(await look()).toMatchObject({ notBefore: clock.machineNow().add({ seconds: 77 }) });
  sentry.answerNext({ status: 429, headers: { "x-sentry-rate-limit-reset": String(Date.parse(at(530)) / 1_000) } });
  expect(await look()).toMatchObject({ notBefore: clock.machineNow().add({ seconds: 500 }) });
  sentry.answerNext({ status: 503 });
  expect(await look()).toMatchObject({ notBefore: clock.machineNow().add({ seconds: 120 }) });
  sentry.allow(null);
  expect(await look()).toMatchObject({ notBefore: clock.machineNow().add({ minutes: 5 }) });
  expect(await seen()).toEqual({ failures: 4, trouble: "Sentry answers 401: Invalid token" });
  sentry.allow(["event:read"]);
  clock.advance({ hours: 3 });
  await look();
  expect(await incidents()).toHaveLength(1);
  expect(await seen()).toEqual({ failures: 0, trouble: null });
});

test("more than a page, and more than one look delivers: all come, none twice, also by two who look at once", async () => {
  const { sentry, clock, onlyLook, process, store } = await world();
  for (let n = 0; n < 33; n += 1) sentry.happens({ at: at(n / 10), type: `Cause${n}` });
  clock.advance({ seconds: 40 });
  for (let n = 0; n < 3; n += 1) {
    await Promise.all([onlyLook(), onlyLook()]);
    await process();
  }
  const signals = await store.db.selectFrom("signals").select("tags").execute();
  const issues = signals.map(({ tags }) => JSON.stringify(tags).match(/"sentry.issue":"(\d+)"/)?.[1]);
  expect([issues.length, new Set(issues).size]).toEqual([33, 33]);
});

test("the catalogue says which are caught up, or none; those that are known end all the same", async () => {
  for (const catchUp of [{ query: "project:tis-sync" }, false]) {
    const { sentry, clock, hears, process, look, incidents, need } = await world({ catchUp });
    const known = sentry.happens({ at: at(-5) });
    await hears(sentry.alert(known.issue, known.event), "event_alert");
    await process();
    sentry.happens({ at: at(1), type: "Other" });
    sentry.change(known.issue, { status: "resolved", at: at(2) });
    clock.advance({ seconds: 30 });
    await look();
    expect(await incidents()).toHaveLength(1);
    expect((await need()).status).toBe("resolved");
    expect(sentry.wrong).toEqual([]);
  }
});

test("a failing monitor of which no webhook told names its job and where it failed", async () => {
  const { sentry, clock, look, need, store } = await world();
  const cron = {
    title: "Monitor failure: Nightly people",
    value: "A missed check-in was detected",
    project: "batch",
    cron: true,
  };
  sentry.happens({ at: at(1), ...cron, environment: "nimdta", tags: { "monitor.slug": "person-sync" } });
  clock.advance({ seconds: 30 });
  await look();
  expect(await need()).toMatchObject({
    title: "Sentry cron Nightly people missed its check-in",
    ...{ environment: "nimdta", jobs: ["person-sync"], services: ["tis-sync"] },
  });
  expect(await store.db.selectFrom("signals").select(["kind", "cause"]).execute()).toEqual([
    { kind: "firing", cause: "person-sync" },
  ]);
});

async function withIssue() {
  const here = await world();
  const { issue, event } = here.sentry.happens({ at: at(-5) });
  await here.hears(here.sentry.alert(issue, event), "event_alert");
  await here.process();
  return { ...here, issue };
}

test("Resolve goes to Sentry through the guard, is told when Sentry's answer shows it, and ends it here", async () => {
  const { sentry, services, carry, look, process, hears, texts, audit, need, issue, clock } = await withIssue();
  await expect(services.change(asking({ actor: ben }), 1, { action: "resolve" })).rejects.toMatchObject({
    kind: "denied",
  });
  const request = asking();
  const said = await services.change(request, 1, { action: "resolve" });
  expect(said).toEqual({ incident: 1, action: "resolve", issues: [`issue ${issue}`], to: null });
  expect(await services.change(request, 1, { action: "resolve" })).toEqual(said);
  expect(sentry.status(issue)).toBe("unresolved");
  expect(await texts()).toHaveLength(1);
  expect(await carry()).toEqual({ done: true });
  expect(await carry()).toEqual({ done: true });
  expect(sentry.calls.filter((call) => call.startsWith("PUT"))).toEqual([`PUT /issues/${issue}/`]);
  expect(sentry.status(issue)).toBe("resolved");
  expect((await texts()).slice(1)).toEqual([`Asha Rao resolved issue ${issue} in Sentry`]);

  clock.advance({ seconds: 1 });
  await look();
  // Sentry tells of it too, as the act of an integration: nobody else did it, and it is no second end.
  await hears(sentry.hook(issue, "resolved", { type: "application", id: "a1", name: "desk" }), "issue");
  await process();
  expect((await need()).status).toBe("resolved");
  const after = (await texts()).slice(2);
  expect(after.filter((text) => text.startsWith("Resolved: "))).toHaveLength(1);
  expect(after.join("\n")).not.toContain(" by ");
  expect((await audit()).map((row) => Object.values(row).join(" "))).toEqual([
    "sentry.resolve denied ben",
    "sentry.resolve allowed asha",
  ]);
});

test("ignore archives until it escalates; assign takes the person's e-mail address", async () => {
  const { sentry, services, carry, texts, issue } = await withIssue();
  await services.change(asking(), 1, { action: "assign", person: "asha" });
  await services.change(asking(), 1, { action: "ignore", issues: [issue] });
  await carry(1);
  await carry(2);
  expect([sentry.status(issue), sentry.assignee(issue)]).toEqual(["ignored", "asha@example.org"]);
  expect((await texts()).slice(1)).toEqual([
    `Asha Rao assigned issue ${issue} in Sentry to Asha Rao`,
    `Asha Rao archived issue ${issue} in Sentry until it escalates`,
  ]);
  const unknown = services.change(asking(), 1, { action: "assign", person: "ben" });
  await expect(unknown).rejects.toMatchObject({ code: "no_email" });
});

test.each([
  ["the scope", (fake: Fake) => fake.allow(["event:read"]), "lacks the scope event:write"],
  ["the token", (fake: Fake) => fake.allow(null), "does not accept the token of the source sentry"],
  ["the issue", (fake: Fake, issue: string) => fake.remove(issue), "deleted, or merged"],
])("without %s it is told in the thread with the way out, and nothing is claimed", async (_, take, why) => {
  const { sentry, services, carry, texts, issue } = await withIssue();
  take(sentry, issue);
  await services.change(asking(), 1, { action: "resolve" });
  await carry();
  const [, told, ...more] = await texts();
  expect(told).toContain(`Sentry did not resolve issue ${issue}, as Asha Rao asked: `);
  expect(told).toContain(why);
  expect(more).toEqual([]);
});

type Fake = Awaited<ReturnType<typeof fakeSentry>>;

test("an outage of Sentry is waited out, with its Retry-After, and given up on with what is not known", async () => {
  const { sentry, services, carry, texts, clock } = await withIssue();
  await services.change(asking(), 1, { action: "resolve" });
  sentry.answerNext({ status: 429, headers: { "retry-after": "30" } });
  expect(await carry()).toMatchObject({ done: false, notBefore: clock.machineNow().add({ seconds: 30 }) });
  clock.advance({ minutes: 11 });
  sentry.answerNext({ status: 502 });
  expect(await carry()).toEqual({ done: true });
  expect((await texts()).at(-1)).toContain("Whether it was done is not known");
});

test("what cannot be asked is said before Sentry is: no issue, one that is over, one without an API", async () => {
  const { services, sentry, hears, process, issue, store, clock, catalogue, need } = await withIssue();
  await store.tx((tx) =>
    setStatus(tx, catalogue, { by: asha, now: clock.now(), visible: true, incident: 1 as never, status: "resolved" }),
  );
  expect((await need()).status).toBe("resolved");
  // Closed here by a person's word: in Sentry it is open still, and can be resolved there.
  expect(await services.issues(asking(), 1)).toMatchObject([{ name: `issue ${issue}`, open: true, reachable: true }]);
  await hears(sentry.hook(issue, "resolved"), "issue");
  await process();
  await expect(services.change(asking(), 1, { action: "resolve" })).rejects.toMatchObject({ code: "sentry_over" });
  const other = services.change(asking(), 1, { action: "resolve", issues: ["ESR-9"] });
  await expect(other).rejects.toMatchObject({ code: "no_such_issue" });
});
