import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openAgenda } from "../../../sandbox/estate/agenda.ts";

test("what is due waits while the clock moves, also when somebody asks for it, and is done after", async () => {
  const world = { time: 0, moves: true };
  const agenda = openAgenda({ now: () => world.time, moving: () => world.moves });
  const done: string[] = [];
  agenda.at(100, () => void done.push("second"));
  agenda.at(50, () => void done.push("first"));
  world.time = 100;
  await agenda.tick();
  await sleep(60);
  expect(done).toEqual([]);
  world.moves = false;
  await expect.poll(() => done).toEqual(["first", "second"]);
  agenda.close();
});

test("the clock that moves on in the middle holds back only what comes after", async () => {
  const world = { time: 10, moves: false };
  const agenda = openAgenda({ now: () => world.time, moving: () => world.moves });
  const done: string[] = [];
  agenda.at(10, () => {
    done.push("now");
    Object.assign(world, { time: 20, moves: true });
  });
  agenda.at(20, () => void done.push("later"));
  await agenda.tick();
  expect(done).toEqual(["now"]);
  world.moves = false;
  await agenda.tick();
  expect(done).toEqual(["now", "later"]);
  agenda.close();
});
