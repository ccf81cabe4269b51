import { asks, defineCommand } from "../../src/command/command.ts";
import { runData } from "../../src/command/data.ts";
import { isProtected, jobAndEnvironment } from "../../src/command/names.ts";
import { runButtons, runDetails, runLine } from "../../src/command/say.ts";
import type { Outcome, RunView } from "../../src/services/contract.ts";

interface Wanted {
  readonly job: string;
  readonly environment: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly reason?: string;
}

export const run = defineCommand<Wanted, Outcome<RunView>>({
  family: "sync",
  name: "run",
  summary: "Start a job",
  usage: "run JOB ENV [name=value …] [--reason=…]",
  examples: ["sync run person-sync prod", "sync run person-sync preprod dateOverride=ANY"],
  hint: "A protected environment asks you to type its name and the job's before anything starts.",
  needs: "run",
  also: "the button Rerun of a run that is over",
  takes: { options: ["reason"], parameters: true },
  parse: ({ words, options, parameters }, { catalogue }) => {
    const reason = options.get("reason");
    return {
      ...jobAndEnvironment(catalogue, words),
      parameters,
      ...(reason === undefined ? {} : { reason }),
    };
  },
  mayAsk: ({ words }, _, catalogue) => isProtected(catalogue, jobAndEnvironment(catalogue, words).environment),
  call: (services, asking, wanted) => services.runs.request(asking, wanted),
  say: (outcome, _, { catalogue, now }) => {
    if (outcome.kind === "ask") return asks(outcome.question);
    return {
      // Asked for is not done: the mark of the line says how far it is.
      tone: "info",
      text: runLine(catalogue, outcome.value, now),
      sections: [{ lines: [...runDetails(outcome.value), "What comes of it is told in its thread."] }],
      buttons: runButtons(catalogue, outcome.value),
      data: { run: runData(outcome.value) },
    };
  },
});
