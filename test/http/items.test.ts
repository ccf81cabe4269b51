import { expect, test } from "vitest";
import { createApi } from "../../src/http/api.ts";
import { asking, fanoutWorld, handed, work } from "../fanout/world.ts";
import { serve } from "./serve.ts";

test("what became of each id of a fan-out, by its state, at most so many", async () => {
  const here = await fanoutWorld();
  const { url } = await serve({ api: createApi({ ...here.ground, exporters: [], token: "a-token" }) });
  const get = async (path: string) => {
    const answer = await fetch(url + path, { headers: { authorization: "Bearer a-token" } });
    return { status: answer.status, json: (await answer.json()) as unknown };
  };
  for (const id of ["a", "b"]) here.fast.source.add(id);
  await handed((over) =>
    here.fanouts.resync(asking(over), { job: "placements", environment: "preprod", ids: "a,b,gone" }),
  );
  await work(here);
  const counts = { pending: 0, done: 2, failed: 0, missing: 1, superseded: 0, skipped: 0 };
  expect((await get("/api/runs/1")).json).toMatchObject({ kind: "fanout", items: counts });
  expect((await get("/api/runs/1/items")).json).toEqual({
    items: [
      { id: "a", state: "done", detail: null },
      { id: "b", state: "done", detail: null },
      { id: "gone", state: "missing", detail: null },
    ],
  });
  expect((await get("/api/runs/1/items?state=missing")).json).toMatchObject({ items: [{ id: "gone" }] });
  expect((await get("/api/runs/1/items?limit=1")).json).toMatchObject({ items: [{ id: "a" }] });
  expect(await get("/api/runs/1/items?state=lost")).toMatchObject({ status: 400, json: { error: { code: "state" } } });
});
