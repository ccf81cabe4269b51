import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import type { IncidentId, SignalId } from "../../src/base/ids.ts";
import { absorb, openedBy, sentenceOf } from "../../src/incidents/absorb.ts";
import { foldingOf } from "../../src/incidents/folding.ts";
import { type Incident, withSeverity } from "../../src/incidents/incident.ts";
import type { SavedSignal } from "../../src/incidents/signal.ts";
import type { EntryDraft } from "../../src/incidents/timeline.ts";
import { estate } from "../helpers/hear.ts";
import { signalAt } from "./signals.ts";

const catalogue = estate();
const START = Temporal.Instant.from("2021-03-17T00:09:00Z");

const failure = {
  source: "jobs",
  kind: "failed",
  title: "Person search index failed",
  environment: "preprod",
  job: "person-sync",
  cause: "person-sync",
  error: "Unknown column\nat line 2",
} as const;

function signal(over: Partial<SavedSignal> = {}, minute = 0): SavedSignal {
  const { id = 1 as SignalId, ...rest } = over;
  return { id, ...signalAt(START.add({ minutes: minute }), { ...failure, ...rest }) };
}

function opened(first: SavedSignal): Incident {
  const folding = foldingOf(first, catalogue);
  const bare = { ...openedBy(first, { folding, catalogue, now: first.at }), id: 1 as IncidentId, number: 1 };
  return take(bare, first).incident;
}

function take(incident: Incident, one: SavedSignal, more: { reopens?: boolean; told?: boolean } = {}) {
  const folding = foldingOf(one, catalogue);
  const joinedBy = { rule: folding.rule.name, key: folding.key, why: "because" };
  return absorb(incident, one, { folding, catalogue, now: one.receivedAt, joinedBy, reopens: false, ...more });
}

const brief = (entries: readonly EntryDraft[]) =>
  entries.map((entry) => `${entry.visible ? "shown" : "quiet"} ${entry.kind}: ${entry.text}`);

test("the first signal is in the header; its repetitions are only counted", () => {
  const first = signal();
  const folding = foldingOf(first, catalogue);
  const bare = { ...openedBy(first, { folding, catalogue, now: first.at }), id: 1 as IncidentId, number: 1 };
  const changed = take(bare, first);
  expect(brief(changed.entries)).toEqual(["quiet signal: Person search index failed in preprod: Unknown column"]);
  expect(changed.entries[0]?.data).toMatchObject({
    first: true,
    signal: 1,
    job: "person-sync",
    error: "Unknown column\nat line 2",
    joinedBy: { rule: "default", key: "service=tis-sync; environment=preprod; cause=person-sync", why: "because" },
  });
  const again = take(changed.incident, signal({}, 1));
  expect(again.entries).toEqual([]);
  expect(again.incident).toMatchObject({ signalCount: 2, firingCount: 2, jobs: ["person-sync"] });
});

test("a job that goes on failing is shown again after ten minutes, not before", () => {
  let incident = opened(signal());
  const shown = [];
  for (const minute of [2, 9, 10, 11, 19, 20, 45]) {
    const changed = take(incident, signal({}, minute));
    incident = changed.incident;
    if (changed.entries.some((entry) => entry.visible)) shown.push(minute);
  }
  expect(shown).toEqual([10, 20, 45]);
});

test("a new cause and a new service are shown, but a fleet of them is not", () => {
  let incident = opened(signal({ kind: "firing", job: null }));
  let shown = 0;
  for (let n = 0; n < 600; n += 1) {
    const changed = take(
      incident,
      signal({ kind: "firing", job: null, condition: `c${n}`, service: n % 2 ? "a" : "b" }),
    );
    incident = changed.incident;
    shown += changed.entries.filter((entry) => entry.visible).length;
  }
  expect(shown).toBeGreaterThanOrEqual(3);
  expect(shown).toBeLessThanOrEqual(10);
  expect(incident).toMatchObject({ signalCount: 601, services: ["tis-sync", "b", "a"] });
  expect(Object.keys(incident.conditions).length).toBeLessThanOrEqual(501);
  // More than can be told apart: nothing but a person can say that all of it is over.
  for (const condition of Object.keys(incident.conditions)) {
    incident = take(incident, signal({ kind: "resolved", condition }, 1)).incident;
  }
  expect(incident.status).toBe("open");
});

test("another job's end is on the record and no more: no alert, no job of the incident, nothing that people wait for", () => {
  const first = signal();
  const incident = opened(first);
  const other = {
    kind: "finished",
    title: "Post index finished",
    job: "post-sync",
    cause: "post-sync",
    error: null,
  } as const;
  const after = take(incident, signal({ ...other, service: "else" }, 7));
  expect(brief(after.entries)).toEqual(["quiet signal: Post index finished in preprod"]);
  expect(after.incident).toMatchObject({
    jobs: ["person-sync"],
    services: ["tis-sync"],
    signalCount: 2,
    firingCount: 1,
  });
  expect([after.incident.rate, after.incident.lastSeenAt]).toEqual([incident.rate, incident.lastSeenAt]);
});

test("a start is quiet, progress is only counted, an end is shown and ends nothing", () => {
  const incident = opened(signal());
  expect(
    brief(take(incident, signal({ kind: "started", title: "Person search index started", error: null }, 1)).entries),
  ).toEqual(["quiet signal: Person search index started in preprod"]);
  expect(take(incident, signal({ kind: "progress" }, 1)).entries).toEqual([]);
  const ended = take(incident, signal({ kind: "finished", title: "Person search index finished", error: null }, 1));
  expect(brief(ended.entries)).toEqual(["shown signal: Person search index finished in preprod"]);
  expect(ended.incident.status).toBe("open");
  expect(brief(take(ended.incident, signal({}, 2)).entries)).toEqual([
    "shown signal: Person search index failed in preprod: Unknown column",
  ]);
});

test("what a run tells in the same thread is not told twice", () => {
  const incident = opened(signal({ kind: "firing", job: null, cause: "Other" }));
  const [entry] = take(incident, signal({}, 1), { told: true }).entries;
  expect(entry).toMatchObject({ visible: false, kind: "signal" });
});

test("the last resolution resolves and says so once; one before it says what is left", () => {
  let incident = opened(signal({ kind: "firing", condition: "a" }));
  incident = take(incident, signal({ kind: "firing", condition: "b" }, 1)).incident;
  const one = take(incident, signal({ kind: "resolved", condition: "a", title: "A is over", error: null }, 2));
  expect(brief(one.entries)).toEqual(["shown signal: A is over in preprod"]);
  expect(one.entries[0]?.data).toMatchObject({ left: 1 });
  expect(take(one.incident, signal({ kind: "resolved", condition: "a" }, 3)).entries).toEqual([]);
  const last = take(one.incident, signal({ kind: "resolved", condition: "b", title: "B is over", error: null }, 4));
  expect(brief(last.entries)).toEqual([
    "quiet signal: B is over in preprod",
    "shown status: Resolved: B is over in preprod",
  ]);
  expect(last.incident).toMatchObject({ status: "resolved", resolvedAt: START.add({ minutes: 4 }) });
});

test("a reopening is shown and mentions people; nobody has acknowledged the new episode", () => {
  const resolved: Incident = { ...opened(signal()), status: "resolved", resolvedAt: START, acknowledgedAt: START };
  const changed = take(resolved, signal({}, 5), { reopens: true });
  expect(brief(changed.entries)[0]).toBe(
    "shown status: Reopened: Person search index failed in preprod: Unknown column",
  );
  expect(changed.entries[0]?.data).toMatchObject({ mention: true, reopened: true });
  expect(changed.entries.slice(1).every((entry) => !entry.visible)).toBe(true);
  expect(changed.incident).toMatchObject({ status: "open", acknowledgedAt: null, resolvedAt: null, reopenedCount: 1 });
});

test("a rise in severity is shown and mentions people, a fall is not made, and a person's word stands", () => {
  const incident = opened(signal({ kind: "firing" }));
  expect(incident.severity).toBe("sev3");
  const worse = signal({ environment: "prod" }, 1);
  const raised = take(incident, worse);
  expect(raised.incident.severity).toBe("sev2");
  expect(raised.entries.find((entry) => entry.kind === "severity")).toMatchObject({
    visible: true,
    text: "Severity raised from sev3 to sev2: Person search index failed in prod: Unknown column",
    data: { mention: true },
  });
  expect(take(raised.incident, signal({}, 2)).incident.severity).toBe("sev2");
  const asha = { kind: "person", slack: "U1", name: "Asha Rao", key: "asha" } as const;
  const byHand = withSeverity(raised.incident, "sev4", { by: asha, at: START, visible: true });
  if (byHand === null) throw new Error("unchanged");
  expect(take(byHand.incident, worse).incident.severity).toBe("sev4");
});

test.each([
  [
    { environment: null, environments: ["prod", "nimdta"] },
    "Person search index failed in prod or nimdta: Unknown column",
  ],
  [{ environment: null }, "Person search index failed: Unknown column"],
  [{ title: "Unknown column in preprod", job: null }, "Unknown column in preprod (tis-sync)"],
  [{ title: "tis-sync: Unknown column", job: null, error: null }, "tis-sync: Unknown column in preprod"],
])("a signal in one sentence: %j", (over, sentence) => {
  expect(sentenceOf(signal(over))).toBe(sentence);
});
