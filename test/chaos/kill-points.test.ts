import { expect, inject, test } from "vitest";
import { playAll, playWithKill } from "./kill.ts";
import { SCENARIOS } from "./scenarios.ts";

/** Where a kill hurts most: an effect outside was had, or is about to be, and only one side knows. */
const DELICATE: Readonly<Record<string, readonly string[]>> = {
  alert: ["after commit", "POST /api/chat.postMessage", "after POST /api/chat.postMessage"],
  run: [
    "after commit",
    "POST /api/chat.postMessage",
    "after POST /api/chat.postMessage",
    "PUT /sync/api/job/personRecordStatusJob",
    "after PUT /sync/api/job/personRecordStatusJob",
  ],
};
const SPREAD = 4;
/** Most of a play is waiting until a dead process's claims have run out. */
const LANES = 6;

test.for(SCENARIOS)(
  "a kill anywhere in one $name loses nothing and doubles nothing",
  {
    timeout: 120_000,
  },
  async (scenario) => {
    const where = { server: inject("postgresUrl"), template: inject("template") };
    const census = await playWithKill(scenario, { ...where, at: 0 });
    expect(census.problems).toEqual([]);
    const delicate = DELICATE[scenario.name] ?? [];
    expect(census.points).toEqual(expect.arrayContaining([...delicate]));

    const step = census.points.length / SPREAD;
    const spread = Array.from({ length: SPREAD }, (_, index) => Math.max(1, Math.round(step * (index + 0.5))));
    const wrong: string[] = [];
    let killed = 0;
    await playAll([...delicate, ...spread], LANES, async (at) => {
      const outcome = await playWithKill(scenario, { ...where, at });
      if (outcome.killed) killed++;
      for (const problem of outcome.problems) wrong.push(`${at} (${outcome.points.at(-1)}): ${problem}`);
    });
    expect(wrong).toEqual([]);
    expect(killed).toBeGreaterThanOrEqual(delicate.length + SPREAD - 2);
  },
);
