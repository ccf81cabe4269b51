import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { createDeadLetterHandler, type DeadLettering, levelOf, nextLookMs } from "../../src/fanout/dead-letters.ts";
import { ConnectorError } from "../../src/jobs/connectors/contract.ts";
import { createDeadLetters } from "../../src/services/dead-letters.ts";
import { createAlertDeadLetters } from "../../src/services/dead-letters-alert.ts";
import { DEV } from "../guard/fixture.ts";
import { asking, fanoutWorld } from "./world.ts";

const DAY_MS = 86_400_000;

async function lettered() {
  const here = await fanoutWorld();
  const looking: DeadLettering = {
    ...here.fanning,
    redact: (text) => text.replaceAll("secret", "[redacted]"),
    alert: createAlertDeadLetters(here.catalogue),
  };
  here.slow.keptForMs = 4 * DAY_MS;
  const put = (...ids: readonly string[]) => {
    for (const id of ids) {
      here.slow.letters.push({
        id,
        body: `body of ${id}, secret`,
        sentAt: here.clock.now(),
        attributes: { why: "secret" },
      });
    }
  };
  const handler = createDeadLetterHandler(looking);
  const letters = createDeadLetters({ looking, authorise: here.ground.authorise });
  const incidents = () =>
    here.store.db.selectFrom("incidents").select(["number", "status", "title"]).orderBy("number").execute();
  const alerts = async () =>
    (await here.store.db.selectFrom("signals").select(["kind", "title"]).orderBy("id").execute()).map(
      ({ kind, title }) => `${kind}: ${title}`,
    );
  return { here, put, handler, letters, incidents, alerts };
}

test("copies what lies there, redacted, and tells people at the first, at half and at three quarters of the time", async () => {
  const { here, put, handler, incidents, alerts } = await lettered();
  expect(await handler(0)).toMatchObject({ done: false });
  expect(await alerts()).toEqual([]);
  put("m-1", "m-2");
  const outcome = await handler(0);
  expect(outcome).toEqual({ done: false, dueAt: here.clock.now().add({ minutes: 5 }) });
  await handler(0);
  here.clock.advance({ hours: 48 });
  await handler(0);
  here.clock.advance({ hours: 24 });
  await handler(0);
  await handler(0);
  expect(await alerts()).toEqual([
    "firing: 2 dead letters lie in slow-dlq",
    "firing: 2 dead letters lie in slow-dlq: half of the time is over for which the queue keeps the oldest",
    "firing: 2 dead letters lie in slow-dlq: three quarters of the time are over for which the queue keeps the oldest",
  ]);
  const kept = await here.store.db.selectFrom("dead_letters").select(["body", "attributes"]).orderBy("id").execute();
  expect(kept[0]).toEqual({ body: "body of m-1, [redacted]", attributes: { why: "[redacted]" } });
  expect(await incidents()).toHaveLength(1);
  const told = await here.store.db.selectFrom("timeline_entries").select("text").where("kind", "=", "signal").execute();
  expect(told.map(({ text }) => /half|three quarters/.exec(text)?.[0] ?? "first")).toEqual([
    "first",
    "half",
    "three quarters",
  ]);
  expect(await incidents()).toMatchObject([{ status: "open" }]);
});

test("keeps the copy when the queue has forgotten, and says what became of each", async () => {
  const { here, put, handler, letters, incidents } = await lettered();
  put("m-1", "m-2");
  await handler(0);
  here.slow.letters.splice(1, 1);
  await handler(0);
  here.clock.advance({ hours: 97 });
  here.slow.letters.splice(0);
  await handler(0);
  expect(await letters.show(asking(), 1)).toMatchObject({ state: "expired", fate: "the queue no longer keeps it" });
  expect(await letters.show(asking(), 2)).toMatchObject({ state: "gone", fate: "somebody else took it out" });
  expect(await incidents()).toMatchObject([{ status: "resolved" }]);
});

test("redrives what was shown, so many a second, on a person's word, and keeps each one's fate", async () => {
  const { here, put, handler, letters } = await lettered();
  put("m-1", "m-2", "m-3", "m-4", "m-5");
  const wanted = { target: "slow", numbers: [], all: true, rate: 2, dryRun: false } as const;
  const dry = await letters.redrive(asking(), { ...wanted, dryRun: true });
  expect(dry).toMatchObject({ kind: "done", value: { dryRun: true, letters: [{}, {}, {}, {}, {}] } });
  expect(here.slow.redriven).toEqual([]);

  const asked = await letters.redrive(asking(), wanted);
  if (asked.kind !== "ask") throw new Error("it has to be asked");
  put("m-6");
  here.slow.letters.splice(1, 1);
  const confirmation = { id: asked.question.id, values: {} };
  const answer = asking({ confirmation });
  await letters.redrive(answer, wanted);
  expect(await letters.redrive(asking({ confirmation }), wanted)).toMatchObject({ kind: "done" });
  for (let second = 0; second < 3; second += 1) {
    const outcome = await handler(1);
    expect(outcome).toMatchObject({ done: false });
    here.clock.advance({ seconds: 1 });
  }
  expect(await handler(1)).toEqual({ done: true });
  expect(here.slow.redriven).toEqual([["m-1", "m-2"], ["m-3", "m-4"], ["m-5"]]);
  const fates = await Promise.all([1, 2, 3, 4, 5].map(async (number) => (await letters.show(asking(), number)).state));
  expect(fates).toEqual(["redriven", "gone", "redriven", "redriven", "redriven"]);
  const audit = await here.store.db.selectFrom("audit").select(["action", "outcome"]).orderBy("id").execute();
  expect(audit).toEqual([
    { action: "dlq.redrive", outcome: "asked" },
    { action: "dlq.redrive", outcome: "allowed" },
  ]);
});

test("a redrive that cannot be carried out is tried again, then given up; the letters stay", async () => {
  const { here, put, handler, letters } = await lettered();
  put("m-1");
  const wanted = { numbers: [], all: true, target: "slow", rate: 5, dryRun: false } as const;
  const asked = await letters.redrive(asking(), wanted);
  if (asked.kind !== "ask") throw new Error("it has to be asked");
  await letters.redrive(asking({ confirmation: { id: asked.question.id, values: {} } }), wanted);
  here.slow.redriveTrouble = () => {
    throw new ConnectorError("unavailable", "the queue does not answer");
  };
  for (let attempt = 1; attempt < 5; attempt += 1) expect(await handler(1)).toMatchObject({ done: false });
  expect(await handler(1)).toEqual({ done: true });
  expect(await letters.show(asking(), 1)).toMatchObject({
    state: "failed",
    fate: "it did not go back: the queue does not answer",
  });
});

test("only whoever may resync every job of the queue sends anything back", async () => {
  const { here, put, letters } = await lettered();
  put("m-1");
  const dev = asking({ actor: DEV });
  expect(await letters.list(dev, {})).toMatchObject([{ target: "fast" }, { target: "slow", count: 1 }]);
  const wanted = { target: "slow", numbers: [1], all: false, rate: 5, dryRun: true } as const;
  await expect(letters.redrive(asking({ actor: DEV }), wanted)).rejects.toThrow("may not resync posts in preprod");
  expect(await here.store.db.selectFrom("audit").select(["action", "outcome"]).execute()).toEqual([
    { action: "dlq.redrive", outcome: "denied" },
  ]);
});

test("a queue that cannot be looked at is said, and the others are", async () => {
  const { here, letters } = await lettered();
  here.fast.lettersTrouble = () => {
    throw new ConnectorError("unavailable", "no answer");
  };
  expect(await letters.list(asking(), {})).toMatchObject([
    { target: "fast", trouble: "no answer" },
    { target: "slow", trouble: null },
  ]);
});

test("looks less often where nothing moves, and exactly when people have to be told", () => {
  const at = Temporal.Instant.from("2024-11-20T09:00:00Z");
  const look = (over: object, quietMs: number) =>
    nextLookMs({ count: 1, keptForMs: null, sentAt: null, at, ...over }, at.subtract({ milliseconds: quietMs })) /
    60_000;
  expect(look({}, 0)).toBe(5);
  expect(look({}, 2 * 3_600_000)).toBe(10);
  expect(look({}, DAY_MS)).toBe(30);
  const sentAt = at.subtract({ hours: 47, minutes: 57 });
  expect(look({ keptForMs: 4 * DAY_MS, sentAt }, DAY_MS)).toBe(3);
});

test.each([
  [0, 4 * DAY_MS, 1, 0],
  [3, null, 9 * DAY_MS, 1],
  [3, 4 * DAY_MS, 2 * DAY_MS - 1, 1],
  [3, 4 * DAY_MS, 2 * DAY_MS, 2],
  [3, 4 * DAY_MS, 3 * DAY_MS, 3],
])("%i letters, kept %s ms, the oldest %i ms old: level %i", (count, keptForMs, ageMs, level) => {
  const at = Temporal.Instant.from("2024-11-20T09:00:00Z");
  expect(levelOf({ count, keptForMs, at, sentAt: at.subtract({ milliseconds: ageMs }) })).toBe(level);
});
