import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import type { TimelineEntryId } from "../../src/base/ids.ts";
import { type TimelineChange, type TimelineEntry, viewOf } from "../../src/incidents/timeline.ts";

const START = Temporal.Instant.from("2021-03-16T23:58:00Z");

function entry(id: number, over: Partial<TimelineEntry> = {}): TimelineEntry {
  return {
    id: id as TimelineEntryId,
    kind: "message",
    at: START.add({ minutes: id }),
    learnedAt: START.add({ minutes: id }),
    actor: "slack:U1",
    actorKey: "asha",
    actorName: "Asha Rao",
    text: `line ${id}`,
    data: {},
    visible: true,
    blankedAt: null,
    ...over,
  };
}

const correction = (id: number, of: number, change: TimelineChange, text = "") =>
  entry(id, { corrects: of as TimelineEntryId, change, text });

test("lines stand in the order in which they happened, not in which they were learned", () => {
  const view = viewOf([entry(1), entry(2), entry(3, { at: START })]);
  expect(view.map((line) => line.text)).toEqual(["line 3", "line 1", "line 2"]);
  expect(view[0]?.learnedAt).toEqual(START.add({ minutes: 3 }));
});

test("the last edit counts, a deletion leaves a tombstone, corrections are no lines of their own", () => {
  const view = viewOf([
    correction(9, 1, "edit", "third"),
    entry(1),
    entry(2, { data: { secret: 1 } }),
    correction(3, 1, "edit", "second"),
    correction(4, 2, "edit", "more"),
    correction(5, 2, "delete"),
  ]);
  expect(view).toMatchObject([
    { text: "third", edited: true, deleted: false },
    { text: "", deleted: true, data: {} },
  ]);
});

test("a blanked line is a tombstone also where no correction says so", () => {
  expect(viewOf([entry(1, { text: "", blankedAt: START })])).toMatchObject([{ deleted: true, text: "" }]);
});

test("the latest mark says whether a line is key", () => {
  const marks = [entry(1), correction(2, 1, "key"), correction(3, 1, "unkey"), correction(4, 1, "key")];
  expect(marks.map((_, n) => viewOf(marks.slice(0, n + 1))[0]?.key)).toEqual([false, true, false, true]);
});
