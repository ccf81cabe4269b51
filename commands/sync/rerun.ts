import { asks, defineCommand } from "../../src/command/command.ts";
import { runData } from "../../src/command/data.ts";
import { isProtected } from "../../src/command/names.ts";
import { meantRun, type RunReference, runReference } from "../../src/command/references.ts";
import { runButtons, runDetails, runLine } from "../../src/command/say.ts";
import type { Outcome, RunView } from "../../src/services/contract.ts";

export const rerun = defineCommand<{ reference: RunReference }, Outcome<RunView>>({
  family: "sync",
  name: "rerun",
  summary: "Start a run again with what it was started with",
  usage: "rerun [run N | JOB ENV]",
  examples: ["sync rerun run 7", "sync rerun person-sync prod"],
  hint: "A rerun is a new run with its own number; the checks are those of any start.",
  needs: "run",
  also: "the button Rerun",
  parse: ({ words }, { asking, catalogue }) => ({ reference: runReference(words, asking, catalogue).reference }),
  mayAsk: ({ words }, place, catalogue) => {
    const { reference } = runReference(words, place, catalogue);
    const environments = "run" in reference ? Object.keys(catalogue.environments) : [reference.environment];
    return environments.some((environment) => isProtected(catalogue, environment));
  },
  call: async (services, asking, { reference }) =>
    services.runs.rerun(asking, await meantRun(services, asking, reference)),
  say: (outcome, _, { catalogue, now }) => {
    if (outcome.kind === "ask") return asks(outcome.question);
    return {
      // Asked for is not done: the mark of the line says how far it is.
      tone: "info",
      text: runLine(catalogue, outcome.value, now),
      sections: [{ lines: runDetails(outcome.value) }],
      buttons: runButtons(catalogue, outcome.value),
      data: { run: runData(outcome.value) },
    };
  },
});
