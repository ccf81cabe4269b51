import { expect, inject, test } from "vitest";
import { storm } from "./storm.ts";

/** The short form of `npm run -s chaos -- storm`. */
test("kills at random under concurrent runs start nothing twice, leak no lease and leave no end unproved", {
  timeout: 150_000,
}, async () => {
  const server = inject("postgresUrl");
  const postgres = { url: server, port: Number(new URL(server).port), close: async () => {} };
  const { kills, runs, states, problems } = await storm({ postgres, forMs: 15_000, jobs: 12 });
  expect(problems).toEqual([]);
  expect(kills).toBeGreaterThanOrEqual(2);
  expect(runs).toBeGreaterThanOrEqual(12);
  expect(states["succeeded"]).toBeGreaterThan(0);
});
