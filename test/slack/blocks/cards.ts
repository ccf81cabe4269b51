import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { RUN_STATES } from "../../../src/services/contract.ts";
import type { RunCard } from "../../../src/slack/blocks/run-card.ts";

/** Cards for tests: any that there could be, and one that a test changes. */

export const at = (text: string) => Temporal.Instant.from(text);

export const instant = fc
  .integer({ min: 0, max: 4_000_000_000 })
  .map((second) => Temporal.Instant.fromEpochMilliseconds(second * 1_000));

/** What senders write: short, very long, full of Slack's own characters, emoji, newlines, nothing. */
export const words = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.constantFrom(
      "",
      " ",
      "<!channel>",
      "<@U012>",
      "<!subteam^S1|@all>",
      "@channel & <b>",
      "\u0000",
      "a\n\nb",
      "<!date^1^{date}|x",
    ),
    fc
      .tuple(fc.constantFrom("&", "<", "😀", "x", "\n", "<!here> "), fc.integer({ min: 100, max: 5_000 }))
      .map(([piece, times]) => piece.repeat(times)),
  )
  .map((text) => text.toWellFormed());

export const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
export const place = fc.record({
  name: words,
  look: fc.constantFrom("green", "amber", "red"),
  protected: fc.boolean(),
});

const number = fc.integer({ min: 1, max: 100_000 });
const names = fc.array(words, { maxLength: 12 });
const pin = fc.record({
  job: words,
  environment: words,
  version: words,
  was: maybe(words),
  state: fc.constantFrom("setting", "set", "clearing", "cleared", "failed"),
  to: maybe(words),
  by: words,
  byName: words,
  since: instant,
  because: maybe(words),
  detail: maybe(words),
});

export const card: fc.Arbitrary<RunCard> = fc.record({
  number,
  kind: fc.constantFrom("run", "restore", "fanout", "compare"),
  job: words,
  title: maybe(words),
  place,
  state: fc.constantFrom(...RUN_STATES),
  stateSince: instant,
  byName: words,
  requestedAt: instant,
  startedAt: maybe(instant),
  finishedAt: maybe(instant),
  parameters: fc.dictionary(words, fc.oneof(words, fc.integer(), fc.boolean()), { maxKeys: 8 }),
  version: maybe(words),
  because: maybe(words),
  settledBy: maybe(words),
  proved: fc.boolean(),
  restored: fc.boolean(),
  attempt: fc.nat({ max: 20 }),
  progress: maybe(
    fc.record(
      { stage: fc.nat(), stages: fc.nat(), done: fc.nat(), total: fc.nat(), unit: words },
      { requiredKeys: [] },
    ),
  ),
  left: maybe(fc.constant("about 12 min to go (usually 18 min)")),
  expectedEndAt: maybe(instant),
  usual: maybe(fc.constant("usually 18 min")),
  items: maybe(fc.dictionary(fc.constantFrom("done", "failed", "missing", "pending"), fc.nat())),
  found: maybe(fc.record({ orphans: fc.nat(), lost: fc.nat() })),
  mended: fc.record({
    ...{ restored: maybe(number), deleted: maybe(number), resynced: maybe(number) },
    ...{ failed: fc.array(number, { maxLength: 3 }), skipped: fc.array(number, { maxLength: 3 }) },
  }),
  error: maybe(words),
  retry: maybe(fc.record({ number: fc.nat(), of: fc.nat(), at: instant, own: fc.boolean() })),
  approvals: maybe(fc.record({ needed: fc.nat(), role: words, given: names, may: names, expiresAt: maybe(instant) })),
  deferred: maybe(fc.record({ by: maybe(words), until: maybe(instant) })),
  stopping: maybe(
    fc.record({
      byName: words,
      at: instant,
      sent: maybe(fc.constantFrom("soft" as const, "hard" as const)),
      deadlineAt: maybe(instant),
    }),
  ),
  snapshotAt: maybe(instant),
  chain: maybe(
    fc.record({
      position: fc.nat({ max: 12 }),
      jobs: names,
      state: fc.constantFrom("running", "done", "stopped"),
      said: maybe(words),
      next: maybe(number),
    }),
  ),
  then: names,
  pin: maybe(pin),
  can: fc.record({ abort: fc.boolean(), pause: fc.boolean(), resumeFailed: fc.boolean(), restore: fc.boolean() }),
  lost: maybe(words),
  noRerun: maybe(words),
  logUrl: maybe(fc.oneof(words, fc.webUrl())),
  cannotStop: fc.boolean(),
  parent: maybe(number),
  incident: maybe(number),
  displaced: maybe(words),
});

/** Run 4 of the person search index, half-way in prod, after run 3. */
export const aRun: RunCard = {
  number: 4,
  kind: "run",
  job: "person-sync",
  title: "Person search index",
  place: { name: "prod", look: "red", protected: true },
  state: "running",
  stateSince: at("2021-03-17T10:45:00Z"),
  byName: "Asha Rao",
  requestedAt: at("2021-03-17T10:44:00Z"),
  startedAt: at("2021-03-17T10:45:00Z"),
  finishedAt: null,
  parameters: {},
  version: null,
  because: "the target says it runs",
  settledBy: null,
  proved: false,
  restored: false,
  attempt: 1,
  progress: { stage: 2, stages: 4, done: 1_200, total: 5_000 },
  left: null,
  expectedEndAt: null,
  usual: null,
  items: null,
  found: null,
  error: null,
  retry: null,
  approvals: null,
  deferred: null,
  stopping: null,
  snapshotAt: null,
  chain: null,
  then: [],
  pin: null,
  can: { abort: true, pause: false, resumeFailed: false, restore: false },
  mended: { restored: null, deleted: null, resynced: null, failed: [], skipped: [] },
  lost: null,
  noRerun: null,
  logUrl: null,
  cannotStop: false,
  parent: 3,
  incident: null,
  displaced: null,
};
