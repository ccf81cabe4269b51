import fc from "fast-check";
import { expect, test } from "vitest";
import { disorder, merge, ONLY_IN_SOURCE, ONLY_IN_TARGET } from "../../src/fanout/merge.ts";
import { ConnectorError } from "../../src/jobs/connectors/contract.ts";
import { DEV } from "../guard/fixture.ts";
import { asking, fanoutWorld, handed, items, numbers, questioned, work } from "./world.ts";

const preprod = { job: "placements", environment: "preprod" };

async function compared(source: readonly string[], target: readonly string[], page = 2) {
  const here = await fanoutWorld();
  here.fast.page = page;
  for (const id of source) here.fast.source.add(id);
  for (const id of target) here.fast.target.add(id);
  const outcome = await here.fanouts.orphans(asking(), preprod);
  if (outcome.kind !== "done") throw new Error("a comparison asks nothing");
  const run = outcome.value.number;
  return { here, run, view: () => here.runs.get(asking(), run) };
}

test("finds what only one side has, and changes nothing", async () => {
  const { here, run, view } = await compared(["a", "b", "d", "f"], ["b", "c", "d", "e", "g"]);
  await work(here);
  const ended = await view();
  expect(ended).toMatchObject({ state: "succeeded", proved: true });
  expect(ended.because).toContain("4 ids in the source, 5 in the target: 3 only in the target, 2 only in the source");
  expect(ended.because).toContain(". Only in the target: c, e, g. Only in the source: a, f");
  expect(ended.found).toEqual({ orphans: 3, lost: 2 });
  expect(await items(here, run)).toEqual({
    a: `done: ${ONLY_IN_SOURCE}`,
    c: `done: ${ONLY_IN_TARGET}`,
    e: `done: ${ONLY_IN_TARGET}`,
    f: `done: ${ONLY_IN_SOURCE}`,
    g: `done: ${ONLY_IN_TARGET}`,
  });
  expect(here.fast.calls).toEqual([]);
});

test("names the first ten of a side, fewer where they are long, and says how many more there are", async () => {
  const { here, view } = await compared([], numbers(14));
  await work(here);
  expect((await view()).because).toContain(`. Only in the target: ${numbers(10).join(", ")} and 4 more`);

  const long = numbers(3).map((id) => id.padEnd(150, "x"));
  const wide = await compared(long, []);
  await work(wide.here);
  expect((await wide.view()).because).toContain(`. Only in the source: ${long[0]} and 2 more`);
});

test("a comparison that found nothing offers nothing", async () => {
  const { here, view } = await compared(["a"], ["a"]);
  await work(here);
  expect(await view()).toMatchObject({ found: { orphans: 0, lost: 0 } });
  expect((await view()).because).toMatch(/: the same on both sides$/);
});

test("mends on a person's word: deletes what the source no longer has, leaves what it has again", async () => {
  const { here, run } = await compared(["a", "f"], ["a", "c", "e"]);
  await work(here);
  const ask = (over: object) => here.fanouts.repair(asking(over), { run, by: "delete" });
  const question = await questioned(ask);
  expect(question.lines.join("\n")).toContain("*2 ids* (only in the target by run 1)");
  expect(question.submit).toBe("Delete them");
  here.fast.source.add("e");
  const repair = await handed(ask);
  await work(here);
  expect(await items(here, repair.number)).toEqual({ c: "done", e: "skipped: the source has it again" });
  expect([...here.fast.target].sort()).toEqual(["a", "e"]);
  expect(await here.runs.get(asking(), repair.number)).toMatchObject({
    state: "succeeded",
    because: "1 done, 1 skipped",
  });

  const lost = await handed((over) => here.fanouts.repair(asking(over), { run, by: "resync" }));
  await work(here);
  expect(await items(here, lost.number)).toEqual({ f: "done" });
  expect(lost.parent).toBe(run);
  expect(await here.runs.get(asking(), run)).toMatchObject({
    mended: { restored: null, deleted: repair.number, resynced: lost.number, failed: [], skipped: [] },
  });
});

test("a dry repair shows which ids and every check, and mends nothing", async () => {
  const { here, run } = await compared(["a", "f"], ["a", "c", "e"]);
  await work(here);
  const rows = async () => {
    const count = async (table: "runs" | "run_events" | "outbox" | "confirmations" | "fanouts") =>
      (await here.store.db.selectFrom(table).selectAll().execute()).length;
    return [await count("runs"), await count("run_events"), await count("outbox"), await count("confirmations")];
  };
  const before = await rows();
  const dry = await here.fanouts.dryRepair(asking(), { run, by: "delete" });
  expect(dry.plan).toMatch(/\*2 ids\* \(only in the target by run 1\) .*to be \*deleted\*.*`c`, `e`/);
  expect(dry).toMatchObject({ job: "placements", blocked: false });
  expect(dry.checks.map(({ check }) => check)).toEqual(["who", "where", "when", "what_else", "who_else"]);
  expect(dry.findings).toContainEqual({ check: "stopping", level: "info", text: "it can be paused and aborted" });
  expect((await here.fanouts.dryRepair(asking(), { run, by: "resync" })).plan).toMatch(/\*1 id\* .*`f`/);
  await expect(here.fanouts.dryRepair(asking({ actor: DEV }), { run, by: "delete" })).rejects.toThrow(
    "may not resync placements",
  );
  await work(here);
  expect(await rows()).toEqual(before);
  expect([...here.fast.target].sort()).toEqual(["a", "c", "e"]);
  expect(here.fast.calls).toEqual([]);
});

test("goes on after a crash where it was: at most the two pages at hand are read again", async () => {
  const { here, view } = await compared(numbers(40), numbers(40, 11), 4);
  here.fast.pageTrouble = () => {
    if (here.fast.pages === 9) throw new ConnectorError("unavailable", "gone for a moment");
  };
  await work(here);
  expect((await view()).because).toContain("10 only in the target, 10 only in the source");
  expect(here.fast.pages).toBeLessThanOrEqual(10 + 10 + 3);
});

test("pages that cannot be read are asked for again, then it says that it is no result", async () => {
  const { here, view } = await compared(["a"], ["b"]);
  here.fast.pageTrouble = () => {
    throw new ConnectorError("unavailable", "the source is down");
  };
  await work(here);
  expect(await view()).toMatchObject({ state: "failed" });
  expect((await view()).because).toContain("could not be read to their end: the source is down");
  await expect(here.fanouts.repair(asking(), { run: 1, by: "delete" })).rejects.toThrow("did not compare to the end");
});

test("a side that is not in order is no result", async () => {
  const { here, view } = await compared(["a", "b"], ["b"]);
  here.fast.reversed = true;
  await work(here);
  expect((await view()).because).toContain("not in ascending order: a comes after b");
});

test("merging page by page is the difference of both sets, whatever the pages", () => {
  const side = fc.uniqueArray(fc.string({ maxLength: 3 }), { maxLength: 40 });
  fc.assert(
    fc.property(side, side, fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }), (a, b, sizeA, sizeB) => {
      const source = [...a].sort();
      const target = [...b].sort();
      const found = inPages(source, target, { source: sizeA, target: sizeB });
      expect(found.filter((one) => one.where === ONLY_IN_SOURCE).map((one) => one.id)).toEqual(
        source.filter((id) => !target.includes(id)),
      );
      expect(found.filter((one) => one.where === ONLY_IN_TARGET).map((one) => one.id)).toEqual(
        target.filter((id) => !source.includes(id)),
      );
      expect(disorder(source, null)).toBeNull();
    }),
  );
});

function inPages(source: readonly string[], target: readonly string[], size: { source: number; target: number }) {
  const at = { source: 0, target: 0 };
  const found: ReturnType<typeof merge>["found"][number][] = [];
  while (at.source < source.length || at.target < target.length) {
    const left = source.slice(at.source, at.source + size.source);
    const right = target.slice(at.target, at.target + size.target);
    const merged = merge(
      { ids: left, more: at.source + left.length < source.length },
      { ids: right, more: at.target + right.length < target.length },
    );
    found.push(...merged.found);
    at.source += merged.used.source;
    at.target += merged.used.target;
    if (merged.used.source + merged.used.target === 0) throw new Error("it stands still");
  }
  return found;
}
