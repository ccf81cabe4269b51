import { asks, defineCommand } from "../../src/command/command.ts";
import { runData } from "../../src/command/data.ts";
import { usage } from "../../src/command/names.ts";
import { meantRun, type RunReference, runReference } from "../../src/command/references.ts";
import { runButtons, runLine } from "../../src/command/say.ts";
import { nearest } from "../../src/config/nearest.ts";
import type { Outcome, RunView } from "../../src/services/contract.ts";

const OUTCOMES = ["succeeded", "failed", "aborted"] as const;
type SettledAs = (typeof OUTCOMES)[number];

interface Word {
  readonly reference: RunReference;
  readonly outcome?: SettledAs;
  readonly reason?: string;
}

export const settle = defineCommand<Word, Outcome<RunView>>({
  family: "sync",
  name: "settle",
  summary: "Say how a run ended when nothing else can",
  usage: "settle [run N | JOB ENV] [succeeded | failed | aborted] [--reason=…]",
  examples: ['sync settle run 7 failed --reason="seen in the target\'s log"'],
  hint: "It is recorded as your word and never shown as proved. It frees the job for the next run.",
  needs: "settle",
  also: "the button Settle",
  takes: { options: ["reason"] },
  mayAsk: ({ words, options }) => {
    const place = outcomeAt(words);
    return place === -1 || (!options.has("reason") && place === words.length - 1);
  },
  parse: ({ words, options }, { asking, catalogue }) => {
    const place = outcomeAt(words);
    const named = place === -1 ? words : words.slice(0, place);
    const { reference, rest } = runReference(named, asking, catalogue);
    if (rest[0] !== undefined) throw notAnOutcome(rest[0]);
    const outcome = OUTCOMES.find((one) => one === words[place]?.toLowerCase());
    const reason = options.get("reason") ?? (place === -1 ? "" : words.slice(place + 1).join(" "));
    return {
      reference,
      ...(outcome === undefined ? {} : { outcome }),
      ...(reason === "" ? {} : { reason }),
    };
  },
  call: async (services, asking, { reference, ...word }) =>
    services.runs.settle(asking, await meantRun(services, asking, reference), word),
  say: (outcome, _, { catalogue, now }) => {
    if (outcome.kind === "ask") return asks(outcome.question);
    return {
      tone: "done",
      text: `Settled by your word: ${runLine(catalogue, outcome.value, now)}`,
      buttons: runButtons(catalogue, outcome.value),
      data: { run: runData(outcome.value) },
    };
  },
});

const outcomeAt = (words: readonly string[]): number =>
  words.findIndex((word) => OUTCOMES.some((outcome) => outcome === word.toLowerCase()));

function notAnOutcome(word: string) {
  const near = nearest(word, OUTCOMES);
  return usage(`"${word}" is no outcome.`, near === null ? `Say ${OUTCOMES.join(", ")}.` : `Did you mean ${near}?`);
}
