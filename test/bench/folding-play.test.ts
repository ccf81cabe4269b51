import { expect, test } from "vitest";
import { corpusOf, FIXED_SEED } from "../../bench/folding/corpus.ts";
import { play } from "../../bench/folding/play.ts";
import { confusionsOf, precisionOf, recallOf, scoreOf, sumOf } from "../../bench/folding/score.ts";
import type { Storm } from "../../bench/folding/storm.ts";
import { testDatabase } from "../helpers/database.ts";

const AT_ONCE = 4;

test("of one night of every kind, 95 % of the pairs that were joined are right, and of those that belong together joined", async () => {
  const waiting: Storm[] = corpusOf(FIXED_SEED, 1);
  const played: { kind: string; score: ReturnType<typeof scoreOf>; confusions: ReturnType<typeof confusionsOf> }[] = [];
  const lane = async () => {
    for (let storm = waiting.shift(); storm !== undefined; storm = waiting.shift()) {
      const { store } = await testDatabase();
      const alerts = await play(storm, store);
      played.push({ kind: storm.kind, score: scoreOf(alerts), confusions: confusionsOf(alerts, 3) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const score = sumOf(played.map((one) => one.score));
  const confused = JSON.stringify(played.filter(({ confusions }) => confusions.length > 0));
  expect(precisionOf(score), confused).toBeGreaterThanOrEqual(0.95);
  expect(recallOf(score), confused).toBeGreaterThanOrEqual(0.95);
}, 120_000);
