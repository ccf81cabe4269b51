import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { startPostgres } from "../sandbox/postgres.ts";
import { openStore } from "../src/store/store.ts";
import { administer, databaseUrl, prepareTemplate } from "../test/helpers/template.ts";
import { corpusOf, FIXED_SEED } from "./folding/corpus.ts";
import { play } from "./folding/play.ts";
import {
  type Confusion,
  confusionsOf,
  type Judged,
  precisionOf,
  recallOf,
  type Score,
  scoreOf,
  sumOf,
} from "./folding/score.ts";
import type { Storm } from "./folding/storm.ts";
import { progress, report } from "./report.ts";

const STORMS_OF_A_KIND = 3;
const LEAST = 0.95;
const CONFUSIONS_SHOWN = 6;

/**
 * `folding`: of all pairs of alerts that were put in one incident, the share that has one cause (precision); of all that
 * have one cause, the share that was put together (recall). `--seed=NAME` for the fresh nights (else a new one each
 * time), `--each=N` storms of a kind, `--kind=NAME` only that one, `--verbose` tells the confusions.
 */
export async function folding(words: readonly string[] = []): Promise<void> {
  const { values: options } = parseArgs({
    args: [...words],
    options: {
      seed: { type: "string", default: randomBytes(4).toString("hex") },
      each: { type: "string", default: String(STORMS_OF_A_KIND) },
      kind: { type: "string" },
      verbose: { type: "boolean", default: false },
    },
  });
  const postgres = await startPostgres();
  try {
    const server = { url: postgres.url, template: await prepareTemplate(postgres.url) };
    const table = async (seed: string, suffix: string) => {
      const storms = corpusOf(seed, Number(options.each)).filter(({ kind }) => (options.kind ?? kind) === kind);
      progress(`folding: ${storms.length} storms of seed ${seed}`);
      const played: Played[] = [];
      for (const storm of storms) played.push({ storm, alerts: await playApart(server, storm) });
      const ofKinds = tellKinds(played, options.verbose);
      progress(
        `  ${"mean of the kinds".padEnd(26)} precision ${meanOf(ofKinds.map(precisionOf))} recall ${meanOf(ofKinds.map(recallOf))}`,
      );
      const score = sumOf(played.map(({ alerts }) => scoreOf(alerts)));
      const limit = { name: "least", value: LEAST };
      report({ bench: "folding", metric: `precision${suffix}`, value: precisionOf(score), unit: "share", limit });
      report({ bench: "folding", metric: `recall${suffix}`, value: recallOf(score), unit: "share", limit });
    };
    await table(FIXED_SEED, "");
    await table(options.seed, "_fresh");
  } finally {
    await postgres.close();
  }
}

interface Played {
  readonly storm: Storm;
  readonly alerts: readonly Judged[];
}

/** Every storm in a database of its own. */
async function playApart({ url, template }: { url: string; template: string }, storm: Storm): Promise<Judged[]> {
  const name = `storm_${randomBytes(6).toString("hex")}`;
  await administer(url, async (client) => {
    await client.query(`create database "${name}" template "${template}" strategy file_copy`);
  });
  const store = openStore({ url: databaseUrl(url, name), connections: 5, application: "folding" });
  try {
    return await play(storm, store);
  } finally {
    await store.close();
    await administer(url, async (client) => {
      await client.query(`drop database "${name}" with (force)`);
    });
  }
}

/** Kinds with many alerts have most of the pairs: the mean of the kinds shows what those with few of them do. */
function tellKinds(played: readonly Played[], verbose: boolean): Score[] {
  const scores: Score[] = [];
  for (const kind of new Set(played.map(({ storm }) => storm.kind))) {
    const mine = played.filter(({ storm }) => storm.kind === kind);
    const score = sumOf(mine.map(({ alerts }) => scoreOf(alerts)));
    scores.push(score);
    progress(`  ${kind.padEnd(26)} ${inWords(score)}`);
    if (!verbose) continue;
    for (const { storm, alerts } of mine) {
      const confusions = confusionsOf(alerts, CONFUSIONS_SHOWN);
      if (confusions.length > 0) progress(`    seed ${storm.seed}: ${inWords(scoreOf(alerts))}`);
      for (const confusion of confusions) progress(`      ${tell(confusion)}`);
    }
  }
  return scores;
}

const meanOf = (values: readonly number[]): string =>
  (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(3);

const inWords = (score: Score): string =>
  `precision ${precisionOf(score).toFixed(3)} recall ${recallOf(score).toFixed(3)} (${score.joined} pairs joined, ${score.wronglyJoined} wrongly, ${score.wronglySplit} wrongly split)`;

const tell = ({ what, pairs, titles }: Confusion): string => `${what} ${pairs} x\n        ${titles.join("\n        ")}`;
