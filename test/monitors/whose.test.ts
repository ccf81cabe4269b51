import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { type Execution, isSuccess } from "../../src/monitors/judge.ts";
import { heardThere, proofsOf } from "../../src/monitors/whose.ts";

const ZERO = Temporal.Instant.from("2024-01-16T00:00Z");
const minute = (minutes: number) => ZERO.add({ seconds: Math.round(minutes * 60) });
const PLACES = ["prod", "nimdta", "qa"];

/** What one run of an environment does: begins and ends so many minutes after its slot, if at all; and what it says of itself. */
interface Course {
  readonly begins: number | null;
  readonly lasts: number | null;
  readonly tells: boolean;
  readonly names: boolean;
}

/** Messages in their order become executions as they are kept: an end closes the first that is open of its kind. */
function kept(nights: readonly { environment: string; slot: number; course: Course }[]): Map<string, Execution[]> {
  const messages = nights.flatMap(({ environment, slot, course }) => {
    const { begins, lasts, tells, names } = course;
    if (begins === null) return [];
    const among = names ? [environment] : PLACES;
    const start = { at: slot + begins, among, end: false };
    const end = lasts === null ? [] : [{ at: slot + begins + lasts, among, end: true }];
    return [...(tells ? [start] : []), ...end];
  });
  const rows: (Execution & { readonly among: readonly string[] })[] = [];
  for (const { at, among, end } of [...messages].sort((a, b) => a.at - b.at)) {
    const open = rows.findIndex((row) => end && row.outcome === "running" && `${row.among}` === `${among}`);
    const known = rows[open];
    const row = {
      ...{ key: `x${rows.length}`, rid: null, run: null, startedAt: end ? null : minute(at), rows: null, among },
      ...(among.length < 2 ? {} : { unsure: { among, start: false, end: false } }),
      ...known,
      ...(end
        ? { endedAt: minute(at), outcome: "succeeded" as const }
        : { endedAt: null, outcome: "running" as const }),
    };
    if (known === undefined) rows.push(row);
    else rows[open] = row;
  }
  return new Map(PLACES.map((place) => [place, rows.filter(({ among }) => among.includes(place))]));
}

const course = fc.record<Course>({
  begins: fc.option(fc.integer({ min: 0, max: 100 }), { freq: 4 }),
  lasts: fc.option(fc.integer({ min: 1, max: 300 }), { freq: 3 }),
  tells: fc.boolean(),
  names: fc.boolean(),
});
const night = fc.record({
  slots: fc.constantFrom([120, 120, 120], [120, 180, 240], [120, 120, 300]),
  courses: fc.tuple(course, course, course),
});

function provedOf({ slots, courses }: { slots: readonly number[]; courses: readonly Course[] }) {
  const nights = PLACES.map((environment, index) => {
    const one = courses[index];
    if (one === undefined) throw new Error("a course for each");
    return { environment, slot: slots[index] ?? 0, course: one };
  });
  const executions = kept(nights);
  const places = nights.map(({ environment, slot }) => {
    return { environment, slots: [{ at: minute(slot) }], executions: executions.get(environment) ?? [] };
  });
  const proofs = proofsOf(places);
  return nights.map((one, index) => {
    const place = places[index];
    const there = place === undefined ? [] : heardThere(place, proofs);
    return { ...one, proved: there.some(isSuccess), ended: one.course.begins !== null && one.course.lasts !== null };
  });
}

test("no environment is said to have finished that has not, whatever is said by whom and when", () => {
  fc.assert(
    fc.property(night, (drawn) => {
      for (const { proved, ended } of provedOf(drawn)) expect(proved && !ended).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});

test("when as many ends came as were waited for, all of them have finished", () => {
  const all = course.map((one) => ({ ...one, begins: one.begins ?? 1, lasts: one.lasts ?? 1, names: false }));
  fc.assert(
    fc.property(fc.tuple(all, all, all), fc.constantFrom([120, 120, 120], [120, 121, 122]), (courses, slots) => {
      // Of each the slot has come before the first end: all wait.
      const later = courses.map((one) => ({ ...one, begins: 10 + one.begins }));
      expect(provedOf({ slots, courses: later }).map(({ proved }) => proved)).toEqual([true, true, true]);
    }),
    { numRuns: 300 },
  );
});

test("what comes while one alone waits is that one's; while several wait it is nobody's until all are there", () => {
  const none: Course = { begins: null, lasts: null, tells: false, names: false };
  const one: Course = { begins: 1, lasts: 20, tells: true, names: false };
  const proved = (slots: readonly number[], courses: readonly Course[]) =>
    provedOf({ slots, courses }).map((place) => place.proved);
  expect(proved([120, 300, 300], [one, none, none])).toEqual([true, false, false]);
  expect(proved([120, 120, 300], [one, none, none])).toEqual([false, false, false]);
  expect(proved([120, 120, 300], [one, one, none])).toEqual([true, true, false]);
  // One that says where it ran waits no longer, and what comes after it is the other's.
  const named = { ...one, begins: 0, lasts: 5, names: true };
  expect(proved([120, 120, 300], [named, one, none])).toEqual([true, true, false]);
});
