import { asks, defineCommand } from "../../src/command/command.ts";
import { runData } from "../../src/command/data.ts";
import { jobAndEnvironment } from "../../src/command/names.ts";
import { runButtons, runDetails, runLine } from "../../src/command/say.ts";
import type { Outcome, RunView } from "../../src/services/contract.ts";

export const orphans = defineCommand<{ job: string; environment: string }, Outcome<RunView>>({
  family: "sync",
  name: "orphans",
  summary: "Compare the ids of both sides of a job",
  usage: "orphans JOB ENV",
  examples: ["sync orphans placement-sync prod"],
  hint: "It only reads. What only one side has is kept with the run; `repair` deletes or resyncs it on your word.",
  needs: "resync",
  parse: ({ words }, { catalogue }) => jobAndEnvironment(catalogue, words),
  call: (services, asking, wanted) => services.fanouts.orphans(asking, wanted),
  say: (outcome, _, { catalogue, now }) => {
    if (outcome.kind === "ask") return asks(outcome.question);
    return {
      tone: "info",
      text: runLine(catalogue, outcome.value, now),
      sections: [{ lines: [...runDetails(outcome.value), "What it finds is told in its thread; nothing is changed."] }],
      buttons: runButtons(catalogue, outcome.value),
      data: { run: runData(outcome.value) },
    };
  },
});
