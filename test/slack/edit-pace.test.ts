import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { nextEditAt } from "../../src/slack/edit-pace.ts";

const at = (seconds: number) => Temporal.Instant.fromEpochMilliseconds(seconds * 1_000);
const seconds = fc.nat({ max: 7_200 });

test("an edit is never sooner than 3 s after the last, and what only counts is not put off beyond 12 s", () => {
  fc.assert(
    fc.property(seconds, seconds, seconds, fc.option(seconds), (sent, after, later, settles) => {
      const known = { sentAt: at(sent), editedAt: at(sent + after), gistHash: "a" };
      const storm = settles === null ? undefined : { settlesAt: at(sent + settles) };
      const last = (sent + after) * 1_000;
      const due = nextEditAt(known, { gistHash: "a", storm }, at(sent + after + later)).epochMilliseconds;
      expect(due).toBeGreaterThanOrEqual(last + 3_000);
      expect(due).toBeLessThanOrEqual(last + 12_000);
    }),
  );
});

test("what matters is edited 3 s after the last edit, storm or not; a storm that is over is made right at once", () => {
  const known = { sentAt: at(0), editedAt: at(60), gistHash: "a" };
  const storm = { settlesAt: at(64) };
  expect(nextEditAt(known, { gistHash: "b", storm }, at(61))).toEqual(at(63));
  expect(nextEditAt(known, { gistHash: "a", storm }, at(61))).toEqual(at(64));
  expect(nextEditAt(known, { gistHash: "a", storm: { settlesAt: at(90) } }, at(61))).toEqual(at(72));
});
