import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { receiveCommand } from "../../src/services/command-requests.ts";
import { createPressKeys, type Press } from "../../src/slack/surfaces/presses.ts";
import { testDatabase } from "../helpers/database.ts";

async function presses() {
  const { store } = await testDatabase();
  const clock = manualClock("2024-01-08T02:00:00Z");
  const once = createPressKeys<{ id: number; isNew: boolean }>(store.db);
  let saves = 0;
  const press = (more: Partial<Press> & { actionTs: string }) =>
    once({ user: "U1", place: "C1:100.1", value: "sync rerun run 4", ...more }, (key) => {
      saves += 1;
      return receiveCommand(store, clock, {
        key,
        surface: "button",
        actorSlackId: "U1",
        text: "sync rerun run 4",
        context: {},
      });
    }).then(({ value, joined }) => ({ ...value, isNew: value.isNew && !joined }));
  return { press, saves: () => saves };
}

test("presses within three seconds are one request, also when they come at the same moment", async () => {
  const { press } = await presses();
  const all = await Promise.all(["1000.1", "1000.4", "1002.0"].map((actionTs) => press({ actionTs })));
  expect(all.map(({ isNew }) => isNew)).toEqual([true, false, false]);
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
});

test("a hundred presses at once are saved once", async () => {
  const { press, saves } = await presses();
  const all = await Promise.all(Array.from({ length: 100 }, (_, n) => press({ actionTs: `1000.${n + 100}` })));
  expect(all.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  expect(saves()).toBe(1);
});

test("presses that come together but were made four seconds apart are two requests", async () => {
  const { press } = await presses();
  const all = await Promise.all(["1000.0", "1004.0", "1000.5", "1004.5"].map((actionTs) => press({ actionTs })));
  expect(all.map(({ isNew }) => isNew)).toEqual([true, true, false, false]);
  expect(new Set(all.map(({ id }) => id)).size).toBe(2);
});

test("a press that could not be kept keeps nobody from pressing again", async () => {
  const { store } = await testDatabase();
  const once = createPressKeys<string>(store.db);
  const press = { user: "U1", place: "C1:100.1", value: "x", actionTs: "1000.1" };
  const fails = () => Promise.reject(new Error("connection refused"));
  const both = await Promise.allSettled([once(press, fails), once(press, fails)]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await once(press, async () => "kept")).toEqual({ value: "kept", joined: false });
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
