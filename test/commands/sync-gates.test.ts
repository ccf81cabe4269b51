import { expect, test } from "vitest";
import { gate3 } from "../helpers/gate.ts";
import { at, desk } from "./desk.ts";

test("gates lists what waits, with what is missing and whose word counts", async () => {
  const { type } = desk();
  expect(await type("sync gates")).toMatchObject({
    sections: [
      {
        lines: [
          expect.stringContaining("gate 3: *ndw-etl 12* to *prod*, held until"),
          ":x: tcs &gt;= 6.2 in prod: tcs 6.1 is deployed in prod since 2021-03-16 14:30 (UTC)",
          "by Asha Rao  ·  <https://ci.example/runs/1|pipeline>",
          "Ben Okafor may open it (role release). Without a word it is refused.",
        ],
      },
    ],
    buttons: [
      { label: "Approve", command: "sync gate approve 3" },
      { label: "Reject", command: "sync gate reject 3" },
    ],
  });
  expect(await desk({ gates: { list: async () => [] } }).type("sync gates")).toMatchObject({
    text: "No deploy waits.",
  });
});

test("a word on a gate is a verb, its number and a reason", async () => {
  const { type, calls } = desk();
  await type("sync gate 3");
  await type("sync gate approve 3");
  await type("sync gate reject 3 its source is not deployed");
  await type('sync gate approve #3 reason="the column is there"');
  expect(calls).toEqual([
    ["gates.get", 3],
    ["gates.approve", 3, ""],
    ["gates.reject", 3, "its source is not deployed"],
    ["gates.approve", 3, "the column is there"],
  ]);
  await expect(type("sync gate approve")).resolves.toMatchObject({
    tone: "problem",
    text: expect.stringContaining("Which gate?"),
  });
});

test("what became of it is told by its reason", async () => {
  const over = { ...gate3, state: "refused", code: "timeout", because: "nobody opened it in time" } as const;
  const { type } = desk({ gates: { get: async () => ({ ...over, decidedAt: at("2021-03-17T06:00:00Z") }) } });
  expect(await type("sync gate 3")).toMatchObject({
    text: "Refused: gate 3: *ndw-etl 12* to *prod*: nobody opened it in time",
    buttons: [],
  });
});
