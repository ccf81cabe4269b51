import { asks, defineCommand, type Surroundings } from "../../src/command/command.ts";
import type { Words } from "../../src/command/grammar.ts";
import { jobAndEnvironment, usage } from "../../src/command/names.ts";
import { letterAnswer, queuesAnswer, redriveAnswer } from "../../src/command/say-dead-letters.ts";
import { nearest } from "../../src/config/nearest.ts";
import type { Outcome } from "../../src/services/contract.ts";
import type {
  DeadLetterQueueView,
  DeadLettersOf,
  DeadLetterView,
  Redrive,
} from "../../src/services/fanouts-contract.ts";

type Wanted =
  | { readonly act: "list"; readonly of: DeadLettersOf }
  | { readonly act: "show"; readonly number: number }
  | {
      readonly act: "redrive";
      readonly of: DeadLettersOf;
      readonly numbers: readonly number[];
      readonly all: boolean;
      readonly rate: number;
      readonly dryRun: boolean;
    };
type Told =
  | { readonly act: "list"; readonly queues: readonly DeadLetterQueueView[] }
  | { readonly act: "show"; readonly letter: DeadLetterView }
  | { readonly act: "redrive"; readonly outcome: Outcome<Redrive> };

const ACTS = ["list", "show", "redrive"] as const;
const RATE = 5;
const MOST = 100;

export const dlq = defineCommand<Wanted, Told>({
  family: "sync",
  name: "dlq",
  summary: "Show dead letters, and send them back",
  usage: "dlq list [TARGET | JOB ENV] | show N | redrive [TARGET | JOB ENV] N… | --all [--rate=5] [--dry-run]",
  examples: [
    "sync dlq list",
    "sync dlq show 3",
    "sync dlq redrive 3 4 5",
    "sync dlq redrive placement-queue --all --rate=2 --dry-run",
  ],
  hint: "Nightdesk keeps a copy of each message before the queue forgets it. Messages go back at so many a second.",
  needs: "view",
  takes: { options: ["rate"], flags: ["all", "dry-run"] },
  parse: (words, at) => parsed(words, at),
  mayAsk: ({ words, flags }) => words[0]?.toLowerCase() === "redrive" && !flags.has("dry-run"),
  call: async (services, asking, wanted) => {
    switch (wanted.act) {
      case "list":
        return { act: "list", queues: await services.deadLetters.list(asking, wanted.of) };
      case "show":
        return { act: "show", letter: await services.deadLetters.show(asking, wanted.number) };
      case "redrive": {
        const { act, of, ...how } = wanted;
        return { act, outcome: await services.deadLetters.redrive(asking, { ...of, ...how }) };
      }
    }
  },
  say: (told, _, { now }) => {
    switch (told.act) {
      case "list":
        return queuesAnswer(told.queues, now);
      case "show":
        return letterAnswer(told.letter, now);
      case "redrive":
        return told.outcome.kind === "ask" ? asks(told.outcome.question) : redriveAnswer(told.outcome.value, now);
    }
  },
});

function parsed({ words, options, flags }: Words, at: Surroundings): Wanted {
  const [first = "list", ...rest] = words;
  const act = ACTS.find((one) => one === first.toLowerCase());
  if (act === undefined) {
    const near = nearest(first, ACTS);
    throw usage(
      `There is no \`dlq ${first}\`.`,
      near === null ? `There is ${ACTS.join(", ")}.` : `Did you mean ${near}?`,
    );
  }
  if (act === "list") return { act, of: placeOf(rest, at) };
  const numbers = rest.filter((word) => /^#?\d{1,9}$/.test(word)).map((word) => Number(word.replace("#", "")));
  const named = rest.filter((word) => !/^#?\d{1,9}$/.test(word));
  if (act === "show") {
    const [number] = numbers;
    if (number === undefined || rest.length > 1) throw usage("Which message?", "Write `dlq show 3`.");
    return { act, number };
  }
  const all = flags.has("all");
  if (all && numbers.length > 0) throw usage("All, or those?", "Give numbers or --all.");
  return { act, of: placeOf(named, at), numbers, all, rate: rateOf(options.get("rate")), dryRun: flags.has("dry-run") };
}

/** A target by its name in the catalogue, else a job and an environment; nothing: all of them. */
function placeOf(words: readonly string[], { catalogue }: Surroundings): DeadLettersOf {
  if (words.length === 0) return {};
  const [target = ""] = words;
  if (words.length > 1) return jobAndEnvironment(catalogue, words);
  const names = Object.keys(catalogue.targets);
  const found = names.find((name) => name.toLowerCase() === target.toLowerCase());
  if (found !== undefined) return { target: found };
  const near = nearest(target, names);
  throw usage(
    `There is no target ${target}.`,
    near === null ? `There is ${names.join(", ")}.` : `Did you mean ${near}?`,
  );
}

function rateOf(text: string | undefined): number {
  if (text === undefined) return RATE;
  const rate = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (rate > 0 && rate <= MOST) return rate;
  throw usage(`"${text}" is no rate.`, `Write how many a second: --rate=5, at most ${MOST}.`);
}
