import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { createBatcher, Overloaded } from "../../src/intake/batch.ts";

const limits = {
  clock: systemClock,
  sizeOf: (item: string) => item.length,
  mostItems: 3,
  mostBytes: 10,
  mostWaitingBytes: 40,
};

test("items that come while a batch is saved share the next one, in order, within count and size", async () => {
  const batches: string[][] = [];
  let open = 0;
  const batcher = createBatcher<string>({
    ...limits,
    save: async (items) => {
      open += 1;
      expect(open).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 2));
      batches.push([...items]);
      open -= 1;
    },
  });
  await Promise.all(["a", "b", "c", "d", "eeeeeeee", "fffffffffffffff", "g"].map((item) => batcher.add(item)));
  expect(batches).toEqual([["a", "b", "c"], ["d", "eeeeeeee"], ["fffffffffffffff"], ["g"]]);
  await batcher.idle();
});

test("a failure is told to those of its batch only; what may be one item's fault is told to that one", async () => {
  const batcher = createBatcher<string>({
    ...limits,
    save: async (items) => {
      if (items.includes("bad")) throw new Error("bad item");
      if (items.includes("x")) throw new Error("away");
    },
    isolate: (error) => error instanceof Error && error.message === "bad item",
  });
  const told = await Promise.allSettled(["a", "bad", "b", "x", "y", "z", "c"].map((item) => batcher.add(item)));
  expect(told.map((one) => one.status === "fulfilled")).toEqual([true, false, true, false, false, false, true]);
});

test("more than may wait is turned away at once, and room comes back", async () => {
  const batcher = createBatcher<string>({ ...limits, save: async () => {} });
  const first = batcher.add("x".repeat(40));
  await expect(batcher.add("y")).rejects.toThrow(Overloaded);
  await first;
  await batcher.add("y");
});

test("while items keep coming, those of a moment share a commit; one that comes alone waits for nobody", async () => {
  const batches: number[] = [];
  const batcher = createBatcher<string>({
    ...limits,
    mostItems: 100,
    save: async (items) => void batches.push(items.length),
  });
  await batcher.add("alone");
  expect(batches).toEqual([1]);
  const added = [batcher.add("a"), batcher.add("b")];
  while (batches.length < 2) await new Promise((done) => setImmediate(done));
  for (const item of ["c", "d", "e"]) {
    added.push(batcher.add(item));
    await new Promise((done) => setImmediate(done));
  }
  await Promise.all(added);
  expect(batches).toEqual([1, 2, 3]);
});
