import { readdirSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { corpusOf, FIXED_SEED } from "../../bench/folding/corpus.ts";
import { FIRST, KINDS } from "../../bench/folding/kinds/index.ts";
import { confusionsOf, type Judged, precisionOf, recallOf, scoreOf, sumOf } from "../../bench/folding/score.ts";
import type { Storm } from "../../bench/folding/storm.ts";
import { root } from "../helpers/source-code.ts";

const alert = (label: string, incident: number | null, title = label): Judged => ({ label, incident, title });

test("pairs are counted: together rightly, together wrongly, apart wrongly", () => {
  const score = scoreOf([
    alert("a", 1),
    alert("a", 1),
    alert("b", 1),
    alert("a", 2),
    alert("b", null),
    alert("b", null),
  ]);
  expect(score).toEqual({ joined: 1, wronglyJoined: 2, wronglySplit: 5 });
  expect([precisionOf(score), recallOf(score)]).toEqual([1 / 3, 1 / 6]);
  expect([precisionOf(sumOf([])), recallOf(sumOf([]))]).toEqual([1, 1]);
  const [worst] = confusionsOf([alert("a", 1, "x"), alert("b", 1, "y"), alert("b", 1, "y")], 1);
  expect(worst).toEqual({ what: "wrongly joined", pairs: 2, titles: ["x", "y"] });
});

test("one incident for each label is without fault; all in one is fully found; the order does not matter", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), { minLength: 2, maxLength: 20 }), (labels) => {
      const right = scoreOf(labels.map((label) => alert(String(label), label)));
      expect([precisionOf(right), recallOf(right)]).toEqual([1, 1]);
      const together = labels.map((label) => alert(String(label), 1));
      expect(recallOf(scoreOf(together))).toBe(1);
      expect(scoreOf([...together].reverse())).toEqual(scoreOf(together));
      const pairs = (labels.length * (labels.length - 1)) / 2;
      expect(scoreOf(together).joined + scoreOf(together).wronglyJoined).toBe(pairs);
    }),
  );
});

test("the corpus has every kind in the folder, half of them from before the rules, and is the same for a seed", () => {
  const files = readdirSync(`${root}bench/folding/kinds`).filter((name) => !["index.ts", "talk.ts"].includes(name));
  expect(KINDS.map(({ kind }) => `${kind}.ts`).sort()).toEqual(files.sort());
  expect(FIRST.length).toBeGreaterThanOrEqual(10);
  const corpus = corpusOf(FIXED_SEED, 3);
  expect(corpus.length).toBeGreaterThanOrEqual(50);
  for (const storm of corpus) {
    expect(new Set(storm.deliveries.flatMap(({ labels }) => labels)).size, storm.kind).toBeGreaterThan(1);
  }
  expect(written(corpusOf(FIXED_SEED, 3))).toBe(written(corpus));
  expect(written(corpusOf("another", 3))).not.toBe(written(corpus));
});

const written = (corpus: readonly Storm[]): string =>
  JSON.stringify(
    corpus.map((storm) => [
      storm,
      storm.deliveries.map(({ arriving }) =>
        "hook" in arriving ? arriving.request(0).body.toString() : "slack" in arriving ? arriving.slack(0) : null,
      ),
    ]),
  );
