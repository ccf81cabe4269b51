import { expect, test } from "vitest";
import { asking, fanoutWorld, handed, items, numbers, questioned, work } from "./world.ts";

const preprod = { job: "placements", environment: "preprod" };

test("hands ids over in chunks, each read again at its turn, and says what became of each", async () => {
  const here = await fanoutWorld();
  for (const id of numbers(24)) here.fast.source.add(id);
  const ids = [...numbers(24), "gone"].join(",");
  const run = await handed((over) => here.fanouts.resync(asking(over), { ...preprod, ids }));
  expect(run).toMatchObject({ state: "queued", items: { pending: 25, done: 0 } });
  expect(here.fast.calls).toEqual([]);

  await work(here);
  const ended = await here.runs.get(asking(), run.number);
  expect(ended).toMatchObject({
    state: "succeeded",
    proved: true,
    items: { pending: 0, done: 24, failed: 0, missing: 1, superseded: 0, skipped: 0 },
  });
  expect(here.fast.calls.map((call) => call.ids.length)).toEqual([10, 10, 5]);
  expect(await items(here, run.number)).toMatchObject({ "000001": "done", gone: "missing" });
});

test("shows what it is before anything is sent, and sends what was shown", async () => {
  const here = await fanoutWorld();
  const ask = (over: object) =>
    here.fanouts.resync(asking(over), { job: "placements", environment: "prod", ids: "b, a ,b,,c" });
  const question = await questioned(ask);
  expect(question.title).toBe("PROD: resync 3 ids of placements?");
  expect(question.lines.join("\n")).toContain("1 named more than once are left out");
  expect(question.lines.join("\n")).toContain("`b`, `a`, `c`");
  expect(question.fields[0]?.expected).toBe("prod placements");
  expect(await here.store.db.selectFrom("runs").selectAll().execute()).toEqual([]);
  expect(await here.store.db.selectFrom("id_list_items").select(["seq", "ref"]).orderBy("seq").execute()).toEqual([
    { seq: 1, ref: "b" },
    { seq: 2, ref: "a" },
    { seq: 3, ref: "c" },
  ]);
});
