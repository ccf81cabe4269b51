import { expect, test } from "vitest";
import { DEV } from "../guard/fixture.ts";
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

test("a dry resync shows which ids and every check, and hands nothing over", async () => {
  const here = await fanoutWorld();
  const wanted = { job: "placements", environment: "prod", ids: "a,b,b" };
  const dry = await here.fanouts.dryResync(asking(), wanted);
  expect(dry.plan).toMatch(/\*2 ids\* .*to be \*resynced\*.*`a`, `b`.*1 named more than once/);
  expect(dry).toMatchObject({ blocked: false, next: expect.stringContaining('type "prod placements"') });
  expect(dry.checks.map(({ check }) => check)).toEqual(["who", "where", "when", "what_else", "who_else"]);
  const shown = await here.fanouts.dryResync(asking(), { ...wanted, environment: "preprod" });
  expect(shown.next).toBe("Asked for now: you are shown this and asked to say yes, then it starts.");
  await expect(here.fanouts.dryResync(asking({ actor: DEV }), wanted)).rejects.toThrow(
    "may not resync placements in prod",
  );
  const rows = async (table: "runs" | "confirmations" | "outbox") =>
    (await here.store.db.selectFrom(table).selectAll().execute()).length;
  expect([await rows("runs"), await rows("confirmations"), await rows("outbox")]).toEqual([0, 0, 0]);
});
