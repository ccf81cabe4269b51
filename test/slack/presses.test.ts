import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { receiveCommand } from "../../src/services/command-requests.ts";
import { createPressKeys, type Press } from "../../src/slack/surfaces/presses.ts";
import { testDatabase } from "../helpers/database.ts";

async function presses() {
  const { store } = await testDatabase();
  const clock = manualClock("2024-01-08T02:00:00Z");
  const once = createPressKeys(store.db);
  const press = (more: Partial<Press> & { actionTs: string }) =>
    once({ user: "U1", place: "C1:100.1", value: "sync rerun run 4", ...more }, (key) =>
      receiveCommand(store, clock, {
        key,
        surface: "button",
        actorSlackId: "U1",
        text: "sync rerun run 4",
        context: {},
      }),
    );
  return { press };
}

test("presses within three seconds are one request, also when they come at the same moment", async () => {
  const { press } = await presses();
  const all = await Promise.all(["1000.1", "1000.4", "1002.0"].map((actionTs) => press({ actionTs })));
  expect(all.map(({ isNew }) => isNew)).toEqual([true, false, false]);
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
});

test("a later press, another person's, another button's and another message's are requests of their own", async () => {
  const { press } = await presses();
  const all = [
    await press({ actionTs: "1000.1" }),
    await press({ actionTs: "1004.0" }),
    await press({ actionTs: "1004.1", user: "U2" }),
    await press({ actionTs: "1004.2", value: "sync abort run 4" }),
    await press({ actionTs: "1004.3", place: "C1:200.1" }),
  ];
  expect(all.map(({ isNew }) => isNew)).toEqual([true, true, true, true, true]);
});
