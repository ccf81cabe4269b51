import { expect, test } from "vitest";
import type { ApiAnswer } from "../../../sandbox/drill/api.ts";
import { readItems } from "../../../sandbox/drill/read.ts";

const ITEMS = [
  { id: "7", state: "done", detail: null },
  { id: "8", state: "missing", detail: "the source no longer has it" },
];

function api(answer: ApiAnswer) {
  const asked: string[] = [];
  return {
    asked,
    get: async (path: string) => {
      asked.push(path);
      return answer;
    },
  };
}

test("the items of a run are asked for by state and told by id", async () => {
  const { get, asked } = api({ status: 200, text: "", json: { items: ITEMS } });
  expect(await readItems({ number: 4, state: "missing" }, get)).toEqual({ state: "missing", ids: ["8"] });
  expect(await readItems({ number: 4, state: null }, get)).toEqual({ ids: ["7", "8"] });
  expect(asked).toEqual(["/api/runs/4/items?limit=5000&state=missing", "/api/runs/4/items?limit=5000"]);
});

test("a run that is not there has no items, and an API that does not let us ask is told", async () => {
  expect(await readItems({ number: 4, state: null }, api({ status: 404, text: "", json: null }).get)).toBeUndefined();
  const closed = api({ status: 401, text: "Send Authorization", json: null });
  await expect(readItems({ number: 4, state: null }, closed.get)).rejects.toThrow(/answers 401/);
});
