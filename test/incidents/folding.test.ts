import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import type { IncidentId, SignalId } from "../../src/base/ids.ts";
import { absorb, openedBy } from "../../src/incidents/absorb.ts";
import { alsoResolved, decide, effectiveAt, foldingOf } from "../../src/incidents/folding.ts";
import { type Incident, withStatus } from "../../src/incidents/incident.ts";
import type { SavedSignal } from "../../src/incidents/signal.ts";
import { catalogueOf, estate } from "../helpers/hear.ts";
import { signalAt } from "./signals.ts";

const START = Temporal.Instant.from("2021-03-16T14:42:00Z");
const minutes = (n: number) => START.add({ seconds: Math.round(n * 60) });
const WINDOW_MIN = 240;
const REOPEN_MIN = 30;

/** A signal that happened `at` minutes after the start, delivered then or `late` minutes later. */
function signal(over: Partial<SavedSignal> & { minute: number; late?: number }): SavedSignal {
  const { minute, late = 0, id = 1 as SignalId, ...rest } = over;
  return { id, ...signalAt(minutes(minute), { receivedAt: minutes(minute + late), ...rest }) };
}

/** What `foldSignals` does, without a database: one signal after the other, in the order given. */
const ONE_ESTATE = estate();
function desk(catalogue = ONE_ESTATE) {
  const incidents: Incident[] = [];
  const joined: (number | null)[] = [];
  let id = 0;
  const put = (incident: Incident) => {
    incidents[incident.number - 1] = incident;
  };
  const take = (raw: SavedSignal) => {
    id += 1;
    const one = { ...raw, id: id as SignalId };
    const folding = foldingOf(one, catalogue);
    const now = one.receivedAt;
    const others = alsoResolved(one, incidents);
    const decision = decide(folding, one, incidents);
    const joinedBy = { rule: folding.rule.name, key: folding.key, why: decision.why };
    if (decision.kind === "open") {
      const number = incidents.length + 1;
      put({ ...openedBy(one, { folding, catalogue, now }), id: number as IncidentId, number });
    }
    const incident =
      decision.kind === "leave" ? undefined : decision.kind === "open" ? incidents.at(-1) : decision.incident;
    const reopens = decision.kind === "reopen";
    if (incident !== undefined) put(absorb(incident, one, { folding, catalogue, now, joinedBy, reopens }).incident);
    for (const other of others.filter((candidate) => candidate.number !== incident?.number)) {
      put(absorb(other, one, { folding, catalogue, now, joinedBy, reopens: false }).incident);
    }
    joined.push(incident?.number ?? null);
    return decision;
  };
  return { incidents, joined, take };
}

test("the first rule that holds gives the key; without one the default does", () => {
  const esr = foldingOf(signal({ minute: 0, service: "esr-generator" }), estate());
  expect([esr.rule.name, esr.key]).toEqual(["esr", "environment=prod; cause=SqlException"]);
  const other = foldingOf(signal({ minute: 0 }), estate());
  expect([other.rule.name, other.key]).toEqual(["default", "service=tis-sync; environment=prod; cause=SqlException"]);
  const byTag = catalogueOf({
    folding: [{ name: "q", match: { tags: { queue: "out*" } }, key: ["tags.queue", "title"] }],
  });
  const tagged = foldingOf(signal({ minute: 0, tags: { queue: "out; title=x" } }), byTag);
  expect([tagged.rule.name, tagged.key]).toEqual(["q", "tags.queue=out%3B title%3Dx; title=Unknown column"]);
});

test("what folds opens, appends, is counted late, reopens, or opens anew", () => {
  const { take, incidents } = desk();
  expect(take(signal({ minute: 0 })).kind).toBe("open");
  expect(take(signal({ minute: 10 })).kind).toBe("append");
  expect(take(signal({ minute: 20, kind: "resolved" })).kind).toBe("append");
  expect(incidents[0]?.status).toBe("resolved");
  expect(take(signal({ minute: 15, late: 8 }))).toMatchObject({ kind: "append", why: expect.stringContaining("late") });
  expect(incidents[0]?.status).toBe("resolved");
  expect(take(signal({ minute: 20 + REOPEN_MIN })).kind).toBe("reopen");
  expect(take(signal({ minute: 60, kind: "resolved" })).kind).toBe("append");
  expect(take(signal({ minute: 61 + REOPEN_MIN })).kind).toBe("open");
  expect(incidents.map((incident) => incident.status)).toEqual(["resolved", "open"]);
});

test("the window is measured from the last signal", () => {
  const { take } = desk();
  take(signal({ minute: 0 }));
  expect(take(signal({ minute: WINDOW_MIN })).kind).toBe("append");
  expect(take(signal({ minute: 2 * WINDOW_MIN })).kind).toBe("append");
  expect(take(signal({ minute: 3 * WINDOW_MIN + 1 })).kind).toBe("open");
});

test("an end joins the open incident however long ago its last signal was", () => {
  const { take, incidents } = desk();
  take(signal({ minute: 0 }));
  expect(take(signal({ minute: 3 * WINDOW_MIN, kind: "resolved" })).kind).toBe("append");
  expect(incidents[0]?.status).toBe("resolved");
});

test("what opens nothing is left by itself without an open incident", () => {
  const { take, incidents } = desk();
  for (const kind of ["started", "progress", "finished", "deployed", "noted", "resolved"] as const) {
    expect(take(signal({ minute: 0, kind })).kind).toBe("leave");
  }
  expect(incidents).toEqual([]);
});

test("who names no environment joins any; who names one gives it to an incident without", () => {
  const { take, incidents } = desk();
  take(signal({ minute: 0, environment: null }));
  expect(take(signal({ minute: 1, environment: "prod" })).kind).toBe("append");
  expect(incidents[0]).toMatchObject({
    environment: "prod",
    foldingKey: "service=tis-sync; environment=prod; cause=SqlException",
  });
  expect(take(signal({ minute: 2, environment: "preprod" })).kind).toBe("open");
  expect(take(signal({ minute: 3, environment: null })).kind).toBe("append");
});

test("a resolution without environment ends the same issue everywhere", () => {
  const { take, incidents } = desk();
  const condition = "issue";
  take(signal({ minute: 0, environment: "prod", condition }));
  take(signal({ minute: 1, environment: "preprod", condition }));
  take(signal({ minute: 2, environment: "prod", cause: "Other", condition: "other" }));
  take(signal({ minute: 3, environment: null, kind: "resolved", condition }));
  expect(incidents.map((incident) => incident.status)).toEqual(["resolved", "resolved", "open"]);
});

test("an end by its condition finds the incident that another rule opened", () => {
  const catalogue = catalogueOf({ folding: [{ name: "loud", match: { title: "Critical*" }, key: ["title"] }] });
  const { take, incidents } = desk(catalogue);
  take(signal({ minute: 0, title: "Critical: errors", condition: "alert 4" }));
  take(signal({ minute: 5, title: "Resolved: errors", kind: "resolved", condition: "alert 4" }));
  expect(incidents.map((incident) => incident.status)).toEqual(["resolved"]);
});

test("an incident is resolved when the last of its conditions is, not before", () => {
  const { take, incidents } = desk();
  for (const [n, condition] of ["a", "b", "c"].entries()) take(signal({ minute: n, condition }));
  take(signal({ minute: 5, kind: "resolved", condition: "a" }));
  take(signal({ minute: 6, kind: "resolved", condition: "b" }));
  expect(incidents[0]?.status).toBe("open");
  take(signal({ minute: 7, condition: "a" }));
  take(signal({ minute: 8, kind: "resolved", condition: "c" }));
  expect(incidents[0]?.status).toBe("open");
  take(signal({ minute: 9, kind: "resolved", condition: "a" }));
  expect(incidents[0]).toMatchObject({ status: "resolved", resolvedAt: minutes(9) });
});

test("a wrong clock hides nothing: a stated time counts at most an hour before its delivery", () => {
  const { take, incidents } = desk();
  take(signal({ minute: 0 }));
  take(signal({ minute: 1, kind: "resolved" }));
  expect(take(signal({ minute: -600, late: 680 })).kind).toBe("reopen");
  expect(incidents).toHaveLength(1);
  expect(effectiveAt(signal({ minute: 9, late: -5 }))).toEqual(minutes(4));
});

const environments = fc.constantFrom("prod", "preprod", "nimdta");
const someSignal = fc.record({
  minute: fc.integer({ min: 0, max: 900 }),
  late: fc.integer({ min: 0, max: 59 }),
  kind: fc.constantFrom("firing", "failed", "resolved", "finished", "started", "progress", "deployed", "noted"),
  environment: fc.option(environments),
  service: fc.constantFrom("tis-sync", "esr-generator", "esr-notifier"),
  cause: fc.constantFrom("A", "B"),
  condition: fc.constantFrom("c1", "c2", "c3"),
});
const someSignals = fc.array(someSignal, { minLength: 1, maxLength: 40 });

test("property: every signal that opens is in exactly one incident, and counts add up", () => {
  fc.assert(
    fc.property(someSignals, (many) => {
      const { take, incidents, joined } = desk();
      for (const one of many) take(signal(one as Parameters<typeof signal>[0]));
      const opening = many.filter((one) => one.kind === "firing" || one.kind === "failed").length;
      expect(incidents.reduce((sum, incident) => sum + incident.firingCount, 0)).toBe(opening);
      for (const [n, one] of many.entries()) {
        if (one.kind === "firing" || one.kind === "failed") expect(joined[n]).not.toBeNull();
      }
      for (const incident of incidents) {
        expect(incident.firingCount).toBeGreaterThan(0);
        expect(incident.resolvedAt === null).toBe(incident.status !== "resolved");
        expect(incident.firstSeenAt.epochMilliseconds).toBeLessThanOrEqual(incident.lastSeenAt.epochMilliseconds);
      }
    }),
  );
});

test("property: environments that alerts name never meet in one incident", () => {
  fc.assert(
    fc.property(someSignals, (many) => {
      const { take, joined } = desk();
      for (const one of many) take(signal(one as Parameters<typeof signal>[0]));
      const seen = new Map<number, Set<string>>();
      for (const [n, one] of many.entries()) {
        const number = joined[n] ?? null;
        if (number === null || one.environment === null || !["firing", "failed"].includes(one.kind)) continue;
        seen.set(number, (seen.get(number) ?? new Set()).add(one.environment));
      }
      for (const named of seen.values()) expect(named.size).toBe(1);
    }),
  );
});

test("what is no alert gives an incident without an environment none", () => {
  const { take, incidents } = desk();
  take(signal({ minute: 0, environment: null }));
  take(signal({ minute: 1, environment: "preprod", kind: "finished" }));
  expect(incidents).toMatchObject([{ environment: null, signalCount: 2 }]);
  take(signal({ minute: 2, environment: "prod" }));
  expect(incidents).toMatchObject([{ environment: "prod" }]);
});

test("property: a burst within the window is one incident, in whatever order it arrives", () => {
  const burst = fc.array(fc.integer({ min: 0, max: 55 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(burst, fc.infiniteStream(fc.nat()), (happened, order) => {
      const shuffled = happened.map((minute) => ({ minute, at: order.next().value ?? 0 })).sort((a, b) => a.at - b.at);
      const { take, incidents } = desk();
      for (const { minute } of shuffled) take(signal({ minute, late: 55 - minute }));
      expect(incidents).toHaveLength(1);
      expect(incidents[0]).toMatchObject({
        signalCount: happened.length,
        firstSeenAt: minutes(Math.min(...happened)),
        lastSeenAt: minutes(Math.max(...happened)),
      });
    }),
  );
});

test("property: after a resolution, exactly what happens within reopenWithin reopens", () => {
  fc.assert(
    fc.property(fc.integer({ min: -20, max: 200 }), (after) => {
      const { take, incidents } = desk();
      take(signal({ minute: 0 }));
      take(signal({ minute: 30, kind: "resolved" }));
      const decision = take(signal({ minute: 30 + after, late: after < 0 ? 25 : 0 }));
      const expected = after <= 0 ? "append" : after <= REOPEN_MIN ? "reopen" : "open";
      expect(decision.kind).toBe(expected);
      expect(incidents).toHaveLength(expected === "open" ? 2 : 1);
      expect(incidents[0]?.status).toBe(expected === "reopen" ? "open" : "resolved");
    }),
  );
});

test("property: an incident is decided on by its own rule and key, or by its condition", () => {
  fc.assert(
    fc.property(someSignals, (many) => {
      const { take, incidents } = desk();
      for (const one of many) {
        const made = signal(one as Parameters<typeof signal>[0]);
        const folding = foldingOf(made, ONE_ESTATE);
        const before = [...incidents];
        const decision = take(made);
        if (decision.kind === "open" || decision.kind === "leave") continue;
        const then = before[decision.incident.number - 1];
        const byKey = then?.foldingRule === folding.rule.name && folding.keys.includes(then.foldingKey ?? "");
        expect(byKey || then?.conditions[made.condition] !== undefined).toBe(true);
        expect(decision.kind === "reopen").toBe(
          then?.status === "resolved" && incidents[then.number - 1]?.status === "open",
        );
      }
    }),
  );
});

test("what a person resolved is over: after a reopening only what fires since then keeps it open", () => {
  const { take, incidents } = desk();
  take(signal({ minute: 0, condition: "a" }));
  take(signal({ minute: 1, condition: "b" }));
  const [open] = incidents;
  const by = { by: { kind: "system" }, at: minutes(10), visible: true } as const;
  const resolved = open === undefined ? null : withStatus(open, "resolved", by);
  if (resolved === null) throw new Error("not resolved");
  incidents[0] = resolved.incident;
  expect(take(signal({ minute: 12, condition: "b" })).kind).toBe("reopen");
  take(signal({ minute: 20, condition: "b", kind: "resolved" }));
  expect(incidents[0]).toMatchObject({ status: "resolved", resolvedAt: minutes(20) });
});
