import fc from "fast-check";
import { expect, test } from "vitest";
import { counted, countsOf, ITEM_STATES, showsMore, verdict } from "../../src/fanout/counts.ts";
import { planOf, shareOf } from "../../src/fanout/plan.ts";
import { asking, fanoutWorld, handed, numbers, waiting, work } from "./world.ts";

test("64,000 ids to a slow target never keep another fan-out's first id waiting for more than two seconds", {
  timeout: 60_000,
}, async () => {
  const here = await fanoutWorld();
  const served: { first: string; at: number; count: number }[] = [];
  here.slow.before = (call) => {
    served.push({ first: call.ids[0] ?? "", at: here.clock.now().epochMilliseconds, count: call.ids.length });
  };
  const many = numbers(64_000).join(",");
  await handed((over) => here.fanouts.resync(asking(over), { job: "posts", environment: "preprod", ids: many }));
  await work(here, () => served.length >= 5);
  const askedAt = here.clock.now().epochMilliseconds;
  const small = numbers(50, 900_001).join(",");
  const run = await handed((over) =>
    here.fanouts.resync(asking(over), { job: "sites", environment: "preprod", ids: small }),
  );
  await work(here, async () => (await here.runs.get(asking(), run.number)).finishedAt !== null);

  const mine = served.filter((call) => call.first.startsWith("9"));
  expect((mine[0]?.at ?? 0) - askedAt).toBeLessThanOrEqual(2_000);
  // They take turns, and together they keep to the target's ten a second.
  const others = served.filter((call) => call.at >= (mine[0]?.at ?? 0) && !call.first.startsWith("9"));
  expect(Math.abs(others.length - mine.length)).toBeLessThanOrEqual(1);
  const spanMs = (served.at(-1)?.at ?? 0) - (served[0]?.at ?? 0);
  const before = served.slice(0, -1).reduce((sum, call) => sum + call.count, 0);
  expect(before / (spanMs / 1_000)).toBeLessThanOrEqual(10.01);
});

test("only as many chunks as the target takes at a time are in the queue", async () => {
  const here = await fanoutWorld();
  const seen: number[] = [];
  here.fast.before = async () => {
    seen.push((await waiting(here.store)).filter((due) => due.kind === "chunk").length);
  };
  const ids = numbers(500).join(",");
  await handed((over) => here.fanouts.resync(asking(over), { job: "placements", environment: "preprod", ids }));
  await work(here);
  expect(seen).toHaveLength(50);
  expect(Math.max(...seen)).toBe(2);
});

test("a call is never more than the target takes, nor more than a second of its rate", () => {
  const settings = fc.record({
    batch: fc.integer({ min: 1, max: 10_000 }),
    rate: fc.option(fc.double({ min: 0.1, max: 1e6, noNaN: true }), { nil: undefined }),
    parallel: fc.integer({ min: 1, max: 32 }),
  });
  fc.assert(
    fc.property(settings, fc.integer({ min: 1, max: 1_000 }), (given, most) => {
      const { batch } = planOf(given, most);
      expect(batch).toBeGreaterThanOrEqual(1);
      expect(batch).toBeLessThanOrEqual(Math.min(given.batch, most));
      if (given.rate !== undefined) expect(batch).toBeLessThanOrEqual(Math.max(1, given.rate));
    }),
  );
});

test("however many fan-outs run, each has a call, and new ones find room", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 32 }), fc.integer({ min: 0, max: 500 }), (parallel, running) => {
      const share = shareOf(parallel, running);
      expect(share).toBeGreaterThanOrEqual(1);
      expect(share).toBeLessThanOrEqual(parallel);
      if (running <= 64) expect(share * running).toBeLessThanOrEqual(64);
    }),
  );
});

test("counts always add up, and a run succeeds exactly when no id failed", () => {
  const ended = ITEM_STATES.filter((state) => state !== "pending");
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...ended), { maxLength: 60 }), fc.nat(20), (states, left) => {
      const total = states.length + left;
      const counts = counted(countsOf({}, total), states);
      expect(ITEM_STATES.reduce((sum, state) => sum + counts[state], 0)).toBe(total);
      expect(counts.pending).toBe(left);
      expect(verdict(counts) === "fail").toBe(states.includes("failed"));
    }),
  );
});

test("progress is shown at most two hundred times, and the end always", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 1_000 }), (total, batch) => {
      let shown = 0;
      for (let done = 0; done < total; done += batch)
        shown += showsMore(done, Math.min(done + batch, total), total) ? 1 : 0;
      expect(shown).toBeLessThanOrEqual(201);
      expect(showsMore(total - 1, total, total)).toBe(true);
    }),
    { numRuns: 50 },
  );
});
