import { asks, defineCommand } from "../../src/command/command.ts";
import { runData } from "../../src/command/data.ts";
import { isProtected } from "../../src/command/names.ts";
import { meantRun, type RunReference, runReference } from "../../src/command/references.ts";
import { runButtons, runDetails, runLine } from "../../src/command/say.ts";
import type { Outcome, RunView } from "../../src/services/contract.ts";

interface Wanted {
  readonly reference: RunReference;
  readonly reason: string | null;
}

export const restore = defineCommand<Wanted, Outcome<RunView>>({
  family: "sync",
  name: "restore",
  summary: "Bring back the snapshot that was taken before a run",
  usage: "restore [run N | JOB ENV] [--reason=…]",
  examples: ["sync restore run 7", 'sync restore run 7 --reason="the list is empty"'],
  hint: "A restore is a run of its own with the checks of any start; an abort with a snapshot restores by itself. It is not interrupted.",
  needs: "run",
  also: "the button Restore",
  takes: { options: ["reason"] },
  mayAsk: ({ words }, place, catalogue) => {
    const { reference } = runReference(words, place, catalogue);
    const environments = "run" in reference ? Object.keys(catalogue.environments) : [reference.environment];
    return environments.some((environment) => isProtected(catalogue, environment));
  },
  parse: ({ words, options }, { asking, catalogue }) => {
    const { reference, rest } = runReference(words, asking, catalogue);
    const reason = options.get("reason") ?? rest.join(" ");
    return { reference, reason: reason === "" ? null : reason };
  },
  call: async (services, asking, { reference, reason }) =>
    services.runs.restore(asking, await meantRun(services, asking, reference), reason),
  say: (outcome, _, { catalogue, now }) => {
    if (outcome.kind === "ask") return asks(outcome.question);
    return {
      // Asked for is not restored: the mark of the line says how far it is.
      tone: "info",
      text: runLine(catalogue, outcome.value, now),
      sections: [{ lines: runDetails(outcome.value) }],
      buttons: runButtons(catalogue, outcome.value),
      data: { run: runData(outcome.value) },
    };
  },
});
